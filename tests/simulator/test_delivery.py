"""How answers reach their callers, seen from the other end of a real socket."""

import hashlib
import http.client
import json
import time
import zlib
from decimal import Decimal

import pytest

from sidecar.simulator.bill import Finished
from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import FLASH, STREAM, UNARY, VanishingCaller, ask, question

FAST = "seconds=0 prompt=10 output=40 chunks=4"


def test_a_stream__frames_in_order_the_last_one_finishes(simulator: RunningSimulator):
    answer = ask(simulator, STREAM, script=FAST)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
    assert [frame["usageMetadata"]["candidatesTokenCount"] for frame in answer.frames] == [10, 20, 30, 40]
    assert answer.frames[-1]["candidates"][0]["finishReason"] == "STOP"


def test_a_stream_without_sse__one_json_array(simulator: RunningSimulator):
    answer = ask(simulator, f"{FLASH}:streamGenerateContent", script=FAST)
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert [frame["usageMetadata"]["candidatesTokenCount"] for frame in answer.content] == [10, 20, 30, 40]


def test_a_unary_answer__whole(simulator: RunningSimulator):
    answer = ask(simulator, UNARY, script=FAST)
    assert answer.content["usageMetadata"]["totalTokenCount"] == 50
    assert answer.headers["transfer-encoding"] == "chunked"


def test_framing_by_length__says_the_length(simulator: RunningSimulator):
    answer = ask(simulator, UNARY, script=f"{FAST} framing=length")
    assert answer.headers["content-length"] == str(len(answer.body))


@pytest.mark.parametrize("path", [UNARY, STREAM])
def test_gzip_asked_for_and_scripted__compressed(simulator: RunningSimulator, path: str):
    answer = ask(simulator, path, script=f"{FAST} gzip=1", headers={"Accept-Encoding": "gzip, deflate"})
    assert answer.headers["content-encoding"] == "gzip"
    plain = ask(simulator, path, script=FAST)
    unpacked = zlib.decompress(answer.body, wbits=31)
    assert unpacked.partition(b"responseId")[0] == plain.body.partition(b"responseId")[0]


@pytest.mark.parametrize(("script", "accepts"), [("gzip=1", "identity"), ("", "gzip")])
def test_gzip_not_asked_for_or_not_scripted__plain(simulator: RunningSimulator, script: str, accepts: str):
    answer = ask(simulator, UNARY, script=f"{FAST} {script}", headers={"Accept-Encoding": accepts})
    assert "content-encoding" not in answer.headers


def test_a_compressed_stream__each_frame_can_be_read_when_it_is_made(simulator: RunningSimulator):
    headers = {"Accept-Encoding": "gzip", "X-Simulator": f"{FAST} gzip=1 hold=1"}
    connection = http.client.HTTPConnection(simulator.host, simulator.port, timeout=30)
    connection.request("POST", STREAM, question(), headers)
    frame = zlib.decompressobj(wbits=31).decompress(connection.getresponse().read1())
    assert json.loads(frame.removeprefix(b"data: "))["usageMetadata"]["candidatesTokenCount"] == 10
    connection.close()


def test_late_usage__a_frame_behind_the_finishing_frame(simulator: RunningSimulator):
    *_, finishing, usage = ask(simulator, STREAM, script=f"{FAST} usage=late").frames
    assert finishing["candidates"][0]["finishReason"] == "STOP"
    assert "usageMetadata" not in finishing
    assert "candidates" not in usage
    assert usage["usageMetadata"]["totalTokenCount"] == 50


def test_the_tail__lies_between_the_finishing_frame_and_the_end(simulator: RunningSimulator):
    with VanishingCaller(simulator, STREAM, script=f"{FAST} tail=0.1", tag="tailed") as caller:
        assert b"\r\n0\r\n\r\n" not in caller.read_until(b'"finishReason": "STOP"')
        finishing = time.monotonic()
        caller.read_to(b"\r\n0\r\n\r\n")
    assert time.monotonic() - finishing >= 0.09


def test_leaving_in_the_tail__comes_after_the_work(simulator: RunningSimulator):
    with VanishingCaller(simulator, STREAM, script=f"{FAST} tail=30 on_close=stops", tag="left in the tail") as caller:
        caller.read_until(b'"finishReason": "STOP"')
    simulator.reached("left in the tail", "billed")
    (entry,) = simulator.bill.of("left in the tail")
    assert entry.caller_left_at is not None
    assert entry.finished_at < entry.caller_left_at
    assert (entry.finished_how, entry.usage["output_tokens"]) == (Finished.COMPLETED, 40)


def test_a_stream_that_fails__the_connection_ends_in_the_middle(simulator: RunningSimulator):
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(simulator, STREAM, script=f"{FAST} fail_after=3")
    assert caught.value.partial.count(b"data: {") == 3 + 1  # one of the traps says it too


def test_a_unary_call_that_fails__the_connection_ends_with_no_reply(simulator: RunningSimulator):
    with pytest.raises(http.client.RemoteDisconnected):
        ask(simulator, UNARY, script=f"{FAST} fail_after=3")


def test_a_stream_that_fails_with_an_error__says_so_in_a_frame(simulator: RunningSimulator):
    *frames, last = ask(simulator, STREAM, script=f"{FAST} fail_after=2 fail_with=error").frames
    assert len(frames) == 2
    assert last["error"]["status"] == "INTERNAL"


def test_a_unary_call_that_fails_with_an_error__is_answered_500(simulator: RunningSimulator):
    answer = ask(simulator, UNARY, script=f"{FAST} fail_after=2 fail_with=error", tag="answered 500")
    assert (answer.status, answer.content["error"]["code"]) == (500, 500)
    simulator.reached("answered 500", "billed")
    (entry,) = simulator.bill.of("answered 500")
    assert (entry.usd, entry.is_billable, entry.finished_how) == (Decimal(0), False, Finished.FAILED)


def test_a_stream_that_just_ends__has_no_finishing_frame(simulator: RunningSimulator):
    frames = ask(simulator, STREAM, script=f"{FAST} fail_after=2 fail_with=end").frames
    assert len(frames) == 2
    assert not any("finishReason" in frame["candidates"][0] for frame in frames)


def test_an_array_that_ends_before_its_first_frame__is_an_array(simulator: RunningSimulator):
    answer = ask(simulator, f"{FLASH}:streamGenerateContent", script=f"{FAST} fail_after=0 fail_with=end")
    assert answer.content == []


@pytest.mark.parametrize("path", [UNARY, STREAM])
def test_a_scripted_error__in_the_shape_of_google(simulator: RunningSimulator, path: str):
    answer = ask(simulator, path, script="status=429")
    assert (answer.status, answer.content["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("path", [UNARY, STREAM])
def test_digests__are_those_of_the_bytes_on_the_wire(simulator: RunningSimulator, path: str):
    body = json.dumps({"contents": [{"parts": [{"text": "how much?"}]}]}).encode()
    answer = ask(
        simulator, path, body, script=f"{FAST} gzip=1", tag=f"digests {path}", headers={"Accept-Encoding": "gzip"}
    )
    assert answer.headers["x-simulator-request-sha256"] == hashlib.sha256(body).hexdigest()
    assert answer.headers["x-simulator-request-length"] == str(len(body))
    simulator.reached(f"digests {path}", "billed")
    (entry,) = simulator.bill.of(f"digests {path}")
    assert (entry.reply_bytes, entry.reply_sha256) == (len(answer.body), hashlib.sha256(answer.body).hexdigest())
    assert (entry.request_bytes, entry.request_sha256) == (len(body), hashlib.sha256(body).hexdigest())
