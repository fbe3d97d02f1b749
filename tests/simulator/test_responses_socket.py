"""Responses over a WebSocket."""

from sidecar.simulator.server import RunningSimulator
from tests.simulator.live_callers import RESPONSES, Event, LiveCaller, live_caller

QUICK = "seconds=0 output=20 chunks=2"
CREATE: Event = {"type": "response.create", "model": "gpt-5-mini", "input": "Why is the sky blue?"}


def response(caller: LiveCaller, **more: object) -> list[Event]:
    caller.say({**CREATE, **more})
    return caller.hear_until("response.completed")


def test_response__is_the_stream_an_event_a_message(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, QUICK) as caller:
        events = response(caller)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    kinds = [event["type"].removeprefix("response.") for event in events]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta"] * 2,
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert events[-1]["response"]["usage"]["output_tokens"] == 20


def test_who_goes_on_from_a_response__reads_it_too(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, QUICK) as caller:
        first = response(caller)[-1]["response"]
        second = response(caller, previous_response_id=first["id"])[-1]["response"]
        anew = response(caller)[-1]["response"]
    assert [each["usage"]["input_tokens"] for each in (first, second, anew)] == [8, 8 + 20 + 8, 8]


def test_stream_id__is_echoed_by_every_event(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, QUICK) as caller:
        assert {event["stream_id"] for event in response(caller, stream_id="a-lane")} == {"a-lane"}


def refused(caller: LiveCaller, event: Event) -> tuple[int, str | None]:
    caller.say(event)
    error = caller.hear()
    assert error["type"] == "error"
    return error["status"], error.get("stream_id")


def test_what_can_not_be_answered__is_an_error_and_the_socket_goes_on(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, QUICK, "refused responses") as caller:
        assert refused(caller, {**CREATE, "model": "no-such-model", "stream_id": "a"}) == (404, "a")
        assert refused(caller, {**CREATE, "background": True}) == (400, None)
        assert refused(caller, {**CREATE, "previous_response_id": "resp_other"}) == (400, None)
        assert refused(caller, {"type": "response.steer"}) == (400, None)
        assert refused(caller, {"type": 7}) == (400, None)
        assert response(caller)
    simulator.reached("refused responses", "billed")
    entries = [simulator.bill.of(f"refused responses/{nth}")[0] for nth in (1, 2, 3, 4)]
    assert [entry.http_status for entry in entries] == [404, 400, 400, 101]
    assert [entry.is_billable for entry in entries] == [False, False, False, True]


def test_failed_response__has_no_usage(simulator: RunningSimulator):
    with live_caller(simulator, RESPONSES, f"{QUICK} fail_after=1 fail_with=error") as caller:
        caller.say(CREATE)
        assert caller.hear_until("response.failed")[-1]["response"]["usage"] is None
