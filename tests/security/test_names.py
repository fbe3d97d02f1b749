"""Threat 8, in a whole sidecar: names that its callers make up fill neither its page of figures nor its memory.

What the page may hold, with ten thousand names and whatever is in them, is tested in tests/telemetry/test_hostile_labels.py.
"""

import http.client
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.security.bombs import MIB
from tests.security.listening import Listening

ANSWER: Final = b'{"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":3,"totalTokenCount":10}}'
HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
REPLY: Final = HEAD % len(ANSWER) + ANSWER
FIRST, MORE = 1_200, 2_400
"""More than any memory of the last thousand holds, and as many again, twice."""
MOST_BYTES: Final = 16 * MIB
MOST_SERIES: Final = 6_000
"""A hundred models (labels.max_models) of 45 series each, and what hangs on no model."""
ODD: Final = [
    '"} 1\n',
    "\\",
    "\n# HELP x",
    '{le="+Inf"}',
    "\u202e",
    "\u2028",
    "\x00",
    "\udcff",
    "x" * 3_000,
    ',a="b',
    "é" * 60,
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with Listening(REPLY) as provider:
        directory, url = tmp_path_factory.mktemp("names"), f"http://127.0.0.1:{provider.port}"
        with running_sidecar(directory, url, {"LABELS__ALLOW": '["team"]'}) as sidecar:
            yield sidecar


def call_by_many_names(sidecar: RunningSidecar, numbers: range) -> None:
    connection = http.client.HTTPConnection(urlsplit(sidecar.proxy).netloc, timeout=30)
    for number in numbers:
        odd = ODD[number % len(ODD)].encode("utf-8", "surrogateescape")
        name = quote(b"m-%d-" % number + odd, safe="")
        field = bytes(byte for byte in odd if byte > 31 and byte != 127)[:200]
        headers: dict[str, str | bytes] = {
            "X-Sidecar-Caller": b"c-%d " % number + field, "X-Sidecar-Label-Team": b"t-%d " % number + field,
            "X-Request-Id": str(number),
        }  # fmt: skip
        connection.request("POST", f"/gemini/v1beta/models/{name}:generateContent", b"{}", headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, ANSWER)
    connection.close()


def test_names_without_end__page_and_memory_stay_as_they_are(running: RunningSidecar) -> None:
    call_by_many_names(running, range(FIRST))
    before = running.resident_bytes()
    series = len(running.metrics())
    call_by_many_names(running, range(FIRST, FIRST + MORE))
    page = running.metrics()
    assert running.peak_resident_bytes() - before < MOST_BYTES
    assert len(page) <= series + 50 < MOST_SERIES
    assert running.total("calls_settled_total", model="other") > MORE - 100
    labels = {value for _, held in page for _, value in held}
    assert not [value for value in labels if value.startswith(("c-", "t-"))]
    assert max(map(len, labels)) <= 200
