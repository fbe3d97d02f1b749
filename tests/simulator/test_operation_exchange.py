"""What comes over the wire: every word of the script that only the wire shows."""

import http.client
import json
import threading
from decimal import Decimal
from typing import Any

import pytest

from sidecar.simulator.bill import Finished
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.simulator.callers import VERTEX, Answer, ask
from tests.simulator.operation_clients import FLASH, GPT, billed, seen, until

INTERACTION = json.dumps({"model": FLASH, "input": "hi", "background": True}).encode()
RESPONSE = json.dumps({"model": GPT, "input": "hi", "background": True}).encode()
BATCHES = "/v1/projects/p/locations/l/batchPredictionJobs"
BATCH = json.dumps({"model": f"publishers/google/models/{FLASH}"}).encode()


def begun(simulator: RunningSimulator, script: str, tag: str, path: str = "/v1/interactions") -> str:
    body = INTERACTION if path.endswith("interactions") else RESPONSE
    answer = ask(simulator, path, body, script=script, tag=tag)
    assert answer.status == 200, answer.body
    return f"{path}/{answer.content['id']}"


def cancel(simulator: RunningSimulator, path: str) -> Answer:
    return ask(simulator, f"{path}/cancel", b"")


def poll(simulator: RunningSimulator, path: str) -> Answer:
    return ask(simulator, path, method="GET")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/v1/interactions", 400, {"status": "FAILED_PRECONDITION", "code": 400}),
        ("/v1/responses", 409, {"type": "invalid_request_error"}),
    ],
)
def test_refused__in_the_shape_of_the_dialect(simulator: RunningSimulator, path: str, status: int, said: Any):
    name = begun(simulator, "never_ending=1 cancel=refused", f"refused {path}", path)
    answer = cancel(simulator, name)
    assert answer.status == status
    assert said.items() <= answer.content["error"].items()
    assert poll(simulator, name).content["status"] == "in_progress"


def test_throttled__says_when_to_come_back(simulator: RunningSimulator):
    name = begun(simulator, "never_ending=1 cancel=throttled:1", "throttled")
    answer = cancel(simulator, name)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert cancel(simulator, name).status == 200
    assert [asked.answer for asked in seen(simulator, "throttled").cancels] == [429, 200]


def test_unsupported__501(simulator: RunningSimulator):
    answer = cancel(simulator, begun(simulator, "never_ending=1 cancel=unsupported", "unsupported"))
    assert (answer.status, answer.content["error"]["status"]) == (501, "UNIMPLEMENTED")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1beta/models/veo-3.1-generate-preview", 404),
        (f"{VERTEX}/veo-3.1-generate-preview", 501),
    ],
)
def test_a_video__has_no_cancel(simulator: RunningSimulator, path: str, status: int):
    body = json.dumps({"instances": [{"prompt": "a cat"}]}).encode()
    name = ask(simulator, f"{path}:predictLongRunning", body, tag=path, script="never_ending=1").content["name"]
    assert ask(simulator, f"/v1/{name}:cancel", b"").status == status
    operation = seen(simulator, path)
    assert (operation.state, [asked.answer for asked in operation.cancels]) == ("running", [status])


def test_forgotten__404_for_whatever_is_asked_and_the_work_is_billed(simulator: RunningSimulator):
    name = begun(simulator, "seconds=0.05 forget=0 prompt=1000 output=0", "forgotten")
    billed(simulator, "forgotten")
    assert [poll(simulator, name).status, cancel(simulator, name).status] == [404, 404]
    operation = seen(simulator, "forgotten")
    assert (operation.polls, [asked.answer for asked in operation.cancels]) == (1, [404])


def test_a_lost_reply__the_work_goes_on(simulator: RunningSimulator):
    with pytest.raises(http.client.RemoteDisconnected):
        begun(simulator, "seconds=0 lost_reply=1", "lost")
    assert billed(simulator, "lost")[:3] == ("interactions", "background", "completed")
    (entry,) = simulator.bill.of("lost")
    assert (entry.http_status, entry.caller_left_at) == (None, None)


def test_a_lost_reply__is_found_in_a_listing_by_its_name(simulator: RunningSimulator):
    body = json.dumps({"model": f"publishers/google/models/{FLASH}", "displayName": "only mine"}).encode()
    with pytest.raises(http.client.RemoteDisconnected):
        ask(simulator, BATCHES, body, script="never_ending=1 lost_reply=1", tag="lost batch")
    listed = poll(simulator, f"{BATCHES}?pageSize=1").content["batchPredictionJobs"]
    assert [job["displayName"] for job in listed] == ["only mine"]
    assert ask(simulator, f"/v1/{listed[0]['name']}:cancel", b"").content == {}


def test_a_late_reply__the_work_has_begun_before_it(simulator: RunningSimulator):
    asking = threading.Thread(target=begun, args=(simulator, "seconds=0 reply_after=0.2", "late"))
    asking.start()
    simulator.reached("late", "finished")
    assert not simulator.bill.of("late")
    asking.join()
    assert billed(simulator, "late")[2] == "completed"


def test_a_caller_that_left_before_the_reply__is_noted(simulator: RunningSimulator):
    connection = http.client.HTTPConnection(simulator.host, simulator.port, timeout=30)
    headers = {"X-Simulator": "seconds=0 reply_after=9", "X-Simulator-Call": "gone"}
    connection.request("POST", "/v1/interactions", INTERACTION, headers)
    simulator.reached("gone", "received")
    connection.close()
    assert billed(simulator, "gone")[2] == "completed"
    (entry,) = simulator.bill.of("gone")
    assert (entry.caller_left_at is not None, entry.http_status) == (True, None)


def test_status_lag__polls_tell_what_was(simulator: RunningSimulator):
    name = begun(simulator, "never_ending=1 status_lag=1", "lagging", "/v1/responses")
    assert cancel(simulator, name).content["status"] == "queued"
    assert seen(simulator, "lagging").state == "cancelled"
    until(lambda: poll(simulator, name).content["status"], lambda status: status == "cancelled")
    assert seen(simulator, "lagging").polls > 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/models/gemini-of-tomorrow:batchGenerateContent", b"{}", 404),
        (f"/v1/models/{FLASH}:batchGenerateContent", b"{}", 400),
        (f"/v1/models/{FLASH}:batchGenerateContent", b'{"batch": 7}', 400),
        (f"/v1/models/{FLASH}:predictLongRunning", b"{}", 404),
        (BATCHES, b"{}", 400),
        ("/v1/batches", b"{}", 400),
        ("/v1/fine_tuning/jobs", b'{"model": "gpt-4o-mini"}', 400),
        ("/v1/messages/batches", b'{"requests": [{}]}', 400),
        ("/v1/predictions", b"[]", 400),
    ],
)
def test_a_create_that_makes_no_sense__declined_and_free(
    simulator: RunningSimulator, path: str, body: bytes, status: int
):
    answer = ask(simulator, path, body, tag=f"{path} {body!r}")
    assert (answer.status, bool(answer.content)) == (status, True)
    simulator.settled()
    (entry,) = simulator.bill.of(f"{path} {body!r}")
    assert (entry.usd, entry.is_billable, entry.finished_how) == (Decimal(0), False, Finished.FAILED)


def test_a_create_that_its_script_declines__as_any_call(simulator: RunningSimulator):
    answer = ask(simulator, "/v1/responses", RESPONSE, script="status=429", tag="scripted")
    assert (answer.status, answer.content["error"]["code"]) == (429, "rate_limit_exceeded")


def test_listings__page_by_page():
    with running_simulator() as alone:
        names = [ask(alone, BATCHES, BATCH, script="never_ending=1").content["name"] for _ in range(3)]
        first = poll(alone, f"{BATCHES}?pageSize=2").content
        rest = poll(alone, f"{BATCHES}?pageSize=2&pageToken={first['nextPageToken']}").content
        assert [job["name"] for job in (*first["batchPredictionJobs"], *rest["batchPredictionJobs"])] == names[::-1]
        assert "nextPageToken" not in rest
        assert poll(alone, "/v1/projects/p/locations/l/tuningJobs").content == {}


def test_results_there_are_none_of__404(simulator: RunningSimulator):
    body = json.dumps({"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h"}).encode()
    name = ask(simulator, "/v1/batches", body, script="never_ending=1").content["id"]
    assert poll(simulator, f"/v1/files/file-{name}-output/content").status == 404
