"""Threats 5 and 12: whatever stands in the fields that speak to us, or that we make lines of, it stays a value, and ends here.

What goes on to the provider and what comes back is read by h11: a value that became a line, or a message, would show there.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import example, given, settings, strategies as st

from sidecar.proxy.admission import MAX_CALLER_NAME, MAX_LABEL
from tests.proxy.messages import PROMPT, UNARY
from tests.proxy.playing import Play, StandingRoad, exchanged, standing_road
from tests.proxy.readings import Broken, Got

OURS_TO_CALLERS: Final = {
    b"content-type", b"content-length", b"x-sidecar-error", b"x-should-retry", b"retry-after", b"connection", b"via",
}  # fmt: skip
OURS_TO_PROVIDERS: Final = {b"host", b"via", b"x-server-timeout", b"transfer-encoding"}
NAMES: Final = [
    b"X-Sidecar-Caller", b"X-Sidecar-Label-Team", b"X-Sidecar-Label-Other", b"X-Sidecar-Lease", b"X-Sidecar-Detach",
    b"X-Sidecar-On-Departure", b"X-Sidecar-Rescue", b"X-Sidecar-Error", b"X-Sidecar-Rescued", b"X-Sidecar-Call",
    b"X-Sidecar-", b"x-SIDECAR-operation", b"X-Stainless-Timeout", b"X-Stainless-Read-Timeout", b"Traceparent",
    b"Tracestate", b"Upgrade", b"Via", b"X-Request-Id", b"User-Agent", b"X-Goog-Api-Client",
]  # fmt: skip
HOSTILE: Final = [
    b"a\tContent-Length: 5", b"%0d%0aX: y", b"\\r\\nX: y", b"\xe5\x98\x8a\xe5\x98\x8dX: y", b"\x85X: y", b'"}\t{"a":"b',
    b"a, b", b"true, false", b"1e9999", b"9" * 400, b"-1", b"nan", b"0x10", b"1_0", b"\xd9\xa3", b"auto;x", b"\xff" * 50,
    b"a" * 8_000, b"", b"true", b"off", b"cut", b"60", b"https://evil.example/", b"../../etc", b"${jndi:ldap://x}", b"{{7*7}}",
]  # fmt: skip
IS_NUMBER = re.compile(rb"[0-9]{1,10}").fullmatch

values = st.one_of(
    st.sampled_from(HOSTILE),
    st.binary(max_size=40).map(lambda raw: bytes(byte for byte in raw if byte == 9 or (byte > 31 and byte != 127))),
)
lines = st.lists(st.tuples(st.sampled_from(NAMES), values), min_size=1, max_size=5)
targets = st.sampled_from(
    [UNARY.encode(), b"/gemini/v1beta/models", b"/gemini/<script>", b'/gemini/"\\{%s}', b"/nowhere", b"/%0d%0a"]
)


@pytest.fixture(scope="module")
def standing() -> Iterator[StandingRoad]:
    with standing_road(label_names=("team",), sends_server_timeout=True) as standing:
        standing.road.context.via = "sidecar"
        yield standing


def sent(target: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    told = b"".join(b"%b: %b\r\n" % line for line in fields)
    return b"POST %b HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n%b" % (target, told, len(PROMPT), PROMPT)


def answer_to(standing: StandingRoad, raw: bytes) -> Got | Broken:
    standing.provider.now_play(Play())
    (got,) = standing.run(exchanged(standing.road, [raw], [b"POST"]))
    return got


@settings(max_examples=250)
@given(targets, lines)
@example(b"/gemini/v1beta/models", [(b"X-Sidecar-Lease", b"99999999999999999999s")])
@example(UNARY.encode(), [(b"X-Stainless-Timeout", b"1" * 400)])
@example(UNARY.encode(), [(b"X-Sidecar-Caller", b"a"), (b"X-Sidecar-Caller", b"b" * 60_000)])
@example(b"/gemini/v1beta/models", [(b"Connection", b"upgrade"), (b"Upgrade", b'"\xff{"')])
def test_values_stay_values__both_ways(
    standing: StandingRoad, target: bytes, fields: list[tuple[bytes, bytes]]
) -> None:
    got = answer_to(standing, sent(target, fields))
    assert isinstance(got, Got)
    assert standing.provider.faults == []
    if got.is_ours:
        assert {name for name, _ in got.fields} <= OURS_TO_CALLERS
        assert "inference-sidecar" in json.dumps(json.loads(got.body))
        assert 400 <= got.status < 502
        assert standing.provider.heard == []
        return
    (heard,) = standing.provider.heard
    names = {name for name, _ in heard.fields}
    assert names <= {name.lower() for name, _ in fields} | OURS_TO_PROVIDERS | {b"content-length"}
    assert not [name for name in names if name.startswith(b"x-sidecar")]
    assert heard.body == PROMPT
    told = [value for name, value in heard.fields if name == b"x-server-timeout"]
    assert all(map(IS_NUMBER, told))


@settings(max_examples=60)
@given(st.binary(min_size=1, max_size=300), st.binary(max_size=300))
def test_name_and_label_are_kept_short_and_of_their_own_call_alone(
    standing: StandingRoad, name: bytes, label: bytes
) -> None:
    name, label = (bytes(byte for byte in raw if byte > 32 and byte != 127) for raw in (name, label))
    records = standing.road.log.records
    records.clear()
    raw = sent(
        UNARY.encode(), [(b"X-Sidecar-Caller", name), (b"X-Sidecar-Label-Team", label), (b"X-Sidecar-Label-B", b"c")]
    )
    for asked in (raw, sent(UNARY.encode(), [])):
        assert isinstance(answer_to(standing, asked), Got)
    standing.run(asyncio.wait_for(standing.road.settled(2), 10))
    forged, other = records
    assert forged.caller == (name.decode("latin-1")[:MAX_CALLER_NAME] or None)
    assert forged.labels == ({"team": label.decode("latin-1")[:MAX_LABEL]} if label else {})
    assert (other.caller, other.labels) == (None, {})
