import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.observing import (
    closed_up,
    either_observed,
    id_of,
    joined,
    moment_of,
    stream_observed,
    whole_observed,
    word_of,
)
from sidecar.providers.operation import Observed, Progress
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.operation_wire import FAILED, RUNNING, SUCCEEDED, told
from tests.providers.wire import JSON, SSE, sse

USED = Reported(Usage(input=3))
DOCUMENT = {
    "id": "op-1",
    "model": "m",
    "state": "done",
    "made": 1700000000,
    "used": {"n": [1, 2, {"x": "y, }"}]},
    "end": "z",
}
BODY = json.dumps(DOCUMENT).encode()
WHOLE = Observed(SUCCEEDED, "op-1", "m", USED, 9, created_at=1_700_000_000_000_000)


def extract(document: bytes) -> Observed | None:
    """A dialect of this test's own."""
    try:
        fields = json.loads(document)
    except (ValueError, RecursionError):
        raise Unreadable from None
    if not isinstance(fields, dict):
        raise Unreadable
    if "id" not in fields:
        return None
    is_done = fields.get("state") == "done"
    return Observed(
        SUCCEEDED if is_done else RUNNING,
        id_of(fields["id"]),
        fields.get("model", ""),
        USED if is_done else None,
        9 if is_done else None,
        created_at=moment_of(fields.get("made")),
    )


def seen(*pieces: bytes, head: ReplyHead = JSON) -> Observed | None:
    return told(whole_observed(extract)(head, NO_FACTS), *pieces)


def streamed(*pieces: bytes, head: ReplyHead = SSE) -> Observed | None:
    return told(stream_observed(extract, b'"id"')(head, NO_FACTS), *pieces)


# === documents ===


def test_a_document_is_read_at_every_cut():
    assert all(seen(*pieces) == WHOLE for pieces in in_two(BODY))


@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
def test_a_coded_document_is_read_at_every_cut(coding):
    assert all(seen(*pieces, head=ReplyHead(200, "", coding)) == WHOLE for pieces in in_two(zipped(BODY)))


def test_nothing_is_said_before_the_end():
    reader = whole_observed(extract)(JSON, NO_FACTS)
    reader.feed(BODY)
    assert reader.observed() is None


def test_a_document_that_broke_off_tells_its_name_and_never_an_end():
    known_from = BODY.index(b'"op-1"') + len(b'"op-1"')
    for at in range(len(BODY)):
        cut = seen(BODY[:at])
        if at < known_from:
            assert cut is None
        else:
            assert cut is not None
            assert (cut.progress, cut.provider_id, cut.reported, cut.ended_at) == (RUNNING, "op-1", None, None)


def test_a_coded_document_that_broke_off_is_read_as_far_as_it_came():
    coded = zipped(json.dumps(DOCUMENT | {"bulk": list(range(5000))}).encode())
    assert seen(coded[: len(coded) // 2], head=ReplyHead(200, "", "gzip")) == Observed(
        RUNNING, "op-1", "m", created_at=WHOLE.created_at
    )


@pytest.mark.parametrize("status", [400, 404, 429, 499, 500, 503])
def test_an_error_is_about_no_operation(status):
    assert seen(BODY, head=ReplyHead(status, "application/json")) is None
    assert streamed(sse([DOCUMENT]), head=ReplyHead(status, "text/event-stream")) is None


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{}", b"{", b"\xff", b"nonsense", b"[" * 9000, b'"op-1"'])
def test_what_is_no_operation_says_nothing(body):
    assert seen(body) is None


def test_megabytes_of_results_are_passed_over():
    body = json.dumps(
        {"id": "op-1", "model": "m", "result": ["x" * 1000] * 8000, "state": "done", "made": 1700000000}
    ).encode()
    assert seen(*(body[at : at + 65_536] for at in range(0, len(body), 65_536))) == WHOLE


@given(st.binary(max_size=300), st.sampled_from(["", "gzip", "br", "deflate", "zstd", "nonsense"]))
def test_no_body_raises(body, coding):
    seen(body, head=ReplyHead(200, "", coding))
    streamed(body, head=ReplyHead(200, "text/event-stream", coding))


# === events ===

CREATED = {"id": "op-1", "model": "m", "made": 1700000000}
ENDED = {"id": "op-1", "state": "done"}


def test_a_stream_is_read_at_every_cut():
    body = sse([CREATED, {"delta": "text"}, ENDED])
    assert all(streamed(*pieces) == WHOLE for pieces in in_two(body))
    assert streamed(*bytewise(body)) == WHOLE


def test_a_stream_tells_its_operation_from_the_first_event_on():
    reader = stream_observed(extract)(SSE, NO_FACTS)
    reader.feed(sse([CREATED]))
    assert reader.observed() == Observed(RUNNING, "op-1", "m", created_at=WHOLE.created_at)


def test_a_stream_that_broke_off_has_not_ended():
    assert streamed(sse([CREATED]) + b'data: {"id": "op-1", "state": "do') == Observed(
        RUNNING, "op-1", "m", created_at=WHOLE.created_at
    )


def test_events_without_the_hint_are_not_decoded():
    looked_at: list[bytes] = []
    reader = stream_observed(lambda event: looked_at.append(event), b'"id"')(SSE, NO_FACTS)
    told(reader, sse([CREATED, {"delta": "x"}, ["id"]]))
    assert len(looked_at) == 2


@pytest.mark.parametrize(("head", "body"), [(JSON, BODY), (SSE, sse([CREATED, ENDED]))])
def test_a_reply_is_read_as_its_head_says(head, body):
    assert told(either_observed(extract, extract)(head, NO_FACTS), body) == WHOLE


def test_what_ended_does_not_run_again():
    assert joined(WHOLE, Observed(RUNNING, "op-1", "other")) == WHOLE
    assert joined(Observed(FAILED, "a"), Observed(SUCCEEDED, "a")).progress is SUCCEEDED


# === what broke off, closed ===


@pytest.mark.parametrize(
    ("cut", "closed"),
    [
        (b"", b""),
        (b"{", b"{}"),
        (b'{"a', b"{}"),
        (b'{"a"', b"{}"),
        (b'{"a":', b"{}"),
        (b'{"a":1', b"{}"),
        (b'{"a":1,', b'{"a":1}'),
        (b'{"a":"x', b"{}"),
        (b'{"a":"x, y}', b"{}"),
        (b'{"a":"x"', b'{"a":"x"}'),
        (b'{"a":"\\"x"', b'{"a":"\\"x"}'),
        (b'{"a":"x","b', b'{"a":"x"}'),
        (b'{"a":{"b":[1,"c"', b'{"a":{"b":[1,"c"]}}'),
        (b'{"a":{"b":[1,"c"],"d"', b'{"a":{"b":[1,"c"]}}'),
        (b'["a","b', b'["a"]'),
        (b'["a",{', b'["a",{}]'),
    ],
)
def test_a_cut_is_closed_after_its_last_whole_value(cut, closed):
    assert closed_up(cut) == closed


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=4), st.data())
def test_every_cut_of_every_document_can_be_closed(document, data):
    body = json.dumps(document, ensure_ascii=data.draw(st.booleans())).encode()
    at = data.draw(st.integers(1, len(body)))
    fields = json.loads(closed_up(body[:at]))
    assert all(name in document for name in fields)


@given(st.binary(max_size=200))
def test_what_is_no_json_can_be_closed_without_an_error(body):
    closed_up(body)


# === values ===


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("batches/b1", "batches/b1"), ("arn:aws:bedrock:us-east-1:1:job/x", "arn:aws:bedrock:us-east-1:1:job/x"), ("", ""),
        (7, ""), (None, ""), ("a b", ""), ("a\r\nHost: x", ""), ("é", ""), ("x" * 1024, "x" * 1024), ("x" * 1025, ""),
        ("a\n", ""),
    ],
)  # fmt: skip
def test_a_name_can_stand_in_a_request(value, name):
    assert id_of(value) == name


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000), ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456),
        (1_700_000_000, 1_700_000_000_000_000), (1_700_000_000.5, 1_700_000_000_500_000), ("0001-01-01T00:00:00Z", None),
        ("soon", None), ("", None), (None, None), (True, None), (0, None), (-1, None), (1e30, None), (float("nan"), None),
        ([], None),
    ],
)  # fmt: skip
def test_a_moment_is_text_or_seconds(value, moment):
    assert moment_of(value) == moment


@given(st.none() | st.text() | st.integers() | st.floats() | st.lists(st.integers()))
def test_no_value_raises(value):
    id_of(value)
    moment_of(value)
    assert word_of(value, {"done": SUCCEEDED}) in Progress
