"""Which requests are calls, and what the others are answered."""

import http.client
import tracemalloc

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import FLASH, UNARY, VERTEX, ask, question


def test_models__listed_in_both_dialects(simulator: RunningSimulator):
    gemini = ask(simulator, "/v1/models", method="GET").content["models"]
    vertex = ask(simulator, "/v1beta1/publishers/google/models", method="GET").content["publisherModels"]
    assert len(gemini) == len(vertex) > 5


def test_one_model__described(simulator: RunningSimulator):
    answer = ask(simulator, FLASH, method="GET")
    assert answer.content["supportedGenerationMethods"][:2] == ["generateContent", "streamGenerateContent"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("GET", "/v1/models/nothing"),
        ("DELETE", FLASH),
        ("GET", "/v1/cachedContents"),
        ("POST", f"{VERTEX}/veo-3.1-generate-preview:predictSomething"),
    ],
)
def test_anything_else__404_in_the_shape_of_google(simulator: RunningSimulator, method: str, path: str):
    answer = ask(simulator, path, method=method)
    assert (answer.status, answer.content["error"]["status"]) == (404, "NOT_FOUND")


def test_questions__are_not_on_the_bill(simulator: RunningSimulator):
    simulator.settled()
    before = len(simulator.bill.entries)
    ask(simulator, "/v1/models", method="GET")
    ask(simulator, "/", method="POST")
    simulator.settled()
    assert len(simulator.bill.entries) == before


def test_a_call_that_was_never_whole__is_not_on_the_bill(simulator: RunningSimulator):
    connection = http.client.HTTPConnection(simulator.host, simulator.port, timeout=30)
    connection.putrequest("POST", UNARY)
    connection.putheader("X-Simulator-Call", "half")
    connection.putheader("Content-Length", "1000")
    connection.endheaders(b"{")
    connection.close()
    ask(simulator, UNARY, script="seconds=0", tag="whole")
    simulator.reached("whole", "billed")
    assert simulator.bill.of("half") == []


def test_one_connection__many_calls(simulator: RunningSimulator):
    connection = http.client.HTTPConnection(simulator.host, simulator.port, timeout=30)
    for number in range(3):
        connection.request(
            "POST", UNARY, question(), {"X-Simulator": "seconds=0", "X-Simulator-Call": f"kept {number}"}
        )
        assert connection.getresponse().read()
        simulator.reached(f"kept {number}", "billed")
    connection.close()
    assert [entry.caller_left_at for number in range(3) for entry in simulator.bill.of(f"kept {number}")] == [None] * 3


def test_an_upload_of_twenty_megabytes__is_taken_and_not_held(simulator: RunningSimulator):
    body = b'{"contents": [{"parts": [{"text": "' + b"x" * 20_000_000 + b'"}]}]}'
    tracemalloc.start()
    answer = ask(simulator, UNARY, body, script="seconds=0 output=1")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.headers["x-simulator-request-length"] == str(len(body))
    assert answer.content["usageMetadata"]["promptTokenCount"] == len(body) // 4
    assert peak < 10_000_000
