"""The desk, asked over HTTP."""

import json
import threading

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import STREAM, UNARY, Answer, VanishingCaller, ask


def at_the_desk(simulator: RunningSimulator, question: str, method: str = "GET") -> Answer:
    return ask(simulator, f"/simulator/{question}", b"", method=method)


def test_the_bill__entries_and_total(simulator: RunningSimulator):
    ask(simulator, UNARY, script="seconds=0 prompt=1000 output=0", tag="on the bill")
    simulator.settled()
    said = at_the_desk(simulator, "bill").content
    (entry,) = [entry for entry in said["entries"] if entry["id"] == "on the bill"]
    assert (entry["usd"], entry["model"], entry["finished_how"]) == ("0.0003", "gemini-2.5-flash", "completed")
    assert said["total_usd"] == f"{simulator.bill.total_usd.normalize():f}"


def test_settled__answers_when_no_work_is_under_way(simulator: RunningSimulator):
    with VanishingCaller(simulator, STREAM, script="seconds=0 hold=2", tag="settling"):
        simulator.reached("settling", "held")
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(at_the_desk(simulator, "settled")))
    waiting.start()
    simulator.reached("settling", "caller_left")
    assert not answers
    assert at_the_desk(simulator, "release?call=settling", "POST").content == {"released": 1}
    waiting.join()
    assert "settling" in {entry["id"] for entry in answers[0].content["entries"]}


def test_waiting_for_a_milestone__answers_when_it_is_reached(simulator: RunningSimulator):
    ask(simulator, UNARY, script="seconds=0", tag="waited-for")
    answer = at_the_desk(simulator, "wait?call=waited-for&until=billed")
    assert answer.content == {"call": "waited-for", "reached": "billed"}


def test_releasing_an_unknown_call__releases_nothing(simulator: RunningSimulator):
    assert at_the_desk(simulator, "release?call=nobody", "POST").content == {"released": 0}


@pytest.mark.parametrize("question", ["wait?call=a&until=christmas", "wait?until=billed"])
def test_a_milestone_there_is_not__400(simulator: RunningSimulator, question: str):
    assert at_the_desk(simulator, question).status == 400


@pytest.mark.parametrize(("method", "question"), [("GET", "menu"), ("POST", "bill"), ("GET", "release?call=a")])
def test_any_other_question__404(simulator: RunningSimulator, method: str, question: str):
    answer = at_the_desk(simulator, question, method)
    assert (answer.status, json.loads(answer.body)["error"]["status"]) == (404, "NOT_FOUND")
