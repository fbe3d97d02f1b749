"""The handshake of a socket, its turns one after the other, and their scripts and names."""

import hashlib
import json
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.simulator.callers import ask
from tests.simulator.live_callers import GEMINI, REALTIME, RESPONSES, live_caller

BEGUN, DONE = "response.created", "response.completed"
CREATE = {"type": "response.create", "model": "gpt-5-mini", "input": "Why?"}


def test_each_turn__follows_its_script_and_has_its_name(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, "output=3 seconds=0 ; output=5 prompt=9 seconds=0", "many") as caller:
        for _ in range(3):
            caller.say(CREATE)
            caller.hear_until(DONE)
    simulator.reached("many", "billed")
    entries = [simulator.bill.of(f"many/{nth}")[0] for nth in (1, 2, 3)]
    assert [entry.usage["output_tokens"] for entry in entries] == [3, 5, 5]
    assert [entry.usage["prompt_tokens"] for entry in entries] == [4, 9, 9]
    assert [(entry.kind, entry.http_status, entry.caller_left_at) for entry in entries] == [("live", 101, None)] * 3


def test_turns__one_after_the_other_however_fast_they_are_asked_for(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, "output=2 seconds=0.02", "queued") as caller:
        caller.say(CREATE)
        caller.say(CREATE)
        events = [event["type"] for event in caller.hear_until(DONE) + caller.hear_until(DONE)]
    assert [event for event in events if event in (BEGUN, DONE)] == [BEGUN, DONE, BEGUN, DONE]


def test_lanes__side_by_side(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, "output=2 seconds=0 hold=1; output=2 seconds=0", "lanes") as caller:
        caller.say({**CREATE, "stream_id": "slow"})
        caller.say({**CREATE, "stream_id": "quick"})
        assert caller.hear_until(DONE)[-1]["stream_id"] == "quick"
        simulator.reached("lanes/1", "held")
        simulator.release("lanes/1")
        assert caller.hear_until(DONE)[-1]["stream_id"] == "slow"


def test_entry__has_what_was_said_either_way(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, "output=2 seconds=0", "said") as caller:
        caller.say(CREATE)
        heard = [caller.connection.recv(timeout=20, decode=False)]
        while DONE.encode() not in heard[-1]:
            heard.append(caller.connection.recv(timeout=20, decode=False))
    simulator.reached("said", "billed")
    (entry,) = simulator.bill.of("said/1")
    asked = json.dumps(CREATE).encode()
    assert (entry.request_bytes, entry.request_sha256) == (len(asked), hashlib.sha256(asked).hexdigest())
    assert entry.reply_bytes == sum(map(len, heard))
    assert entry.reply_sha256 == hashlib.sha256(b"".join(heard)).hexdigest()


def test_socket__has_milestones_of_its_own(simulator: RunningSimulator):
    with live_caller(simulator, REALTIME, tag="a-socket"):
        simulator.reached("a-socket", "received")
    simulator.reached("a-socket", "caller_left")
    simulator.reached("a-socket", "billed")
    assert simulator.bill.of("a-socket") == []


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), ("/v1/models", 404)])
def test_no_such_socket__refused_with_a_status(simulator: RunningSimulator, path: str, status: int):
    with pytest.raises(InvalidStatus) as caught, live_caller(simulator, path):
        pass
    assert caught.value.response.status_code == status


def test_without_a_key__refused_with_a_status():
    with running_simulator(Settings(keys=frozenset({"a-key"}))) as closed:
        with pytest.raises(InvalidStatus) as caught, live_caller(closed, GEMINI):
            pass
        with live_caller(closed, f"{GEMINI}?key=a-key") as caller:
            assert caller.set_up() == [{"setupComplete": {}}]
    assert caught.value.response.status_code == 401
    assert json.loads(caught.value.response.body)["error"]["status"] == "UNAUTHENTICATED"


def test_calls_of_both_kinds__numbered_and_settled_together(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, "seconds=0 output=1 hold=0", "together") as caller:
        caller.say(CREATE)
        simulator.reached("together/1", "held")
        assert ask(simulator, "/simulator/release?call=together/1", b"").content == {"released": 1}
        caller.hear_until(DONE)
    simulator.settled()
    numbers = [entry.number for entry in simulator.bill.entries]
    assert len(set(numbers)) == len(numbers)


def test_simulator_that_ends__breaks_its_sockets_and_bills_what_was_made():
    with ExitStack() as stack:
        with running_simulator() as ending:
            caller = stack.enter_context(live_caller(ending, RESPONSES, "seconds=9 output=9", "ending"))
            caller.say(CREATE)
            caller.hear()
        with pytest.raises(ConnectionClosed):
            caller.hear_until(DONE)
    assert [entry.finished_how for entry in ending.bill.of("ending/1")] == ["stopped"]
