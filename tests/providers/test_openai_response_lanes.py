import json

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent
from sidecar.providers.live_turns import Turns
from sidecar.providers.openai_extras import PLAIN
from sidecar.providers.openai_request import call_in
from sidecar.providers.openai_response_lanes import MOST_OPEN, ResponseLanes, ResponseTurn
from sidecar.providers.openai_responses_socket import PLAIN_HEAD
from tests.providers.live_wire import Json, event, response, text_delta, tokens

MODEL = "gpt-5.6"
CREATED = event("response.created", response=response("in_progress"))
COMPLETED = event("response.completed", response=response("completed", tokens(100, 10)))


class Lanes:
    """Lanes, and what is said of their turns."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.lanes = ResponseLanes(self.turns)

    def ask(self, lane: str = "", text: str = "Hi") -> list[LiveEvent]:
        request = JsonRequest(call_in, PLAIN_HEAD)
        request.feed(json.dumps({"input": text}).encode())
        request.finish()
        return list(self.lanes.ask(lane, MODEL, request))

    def note(self, *events: Json, lane: str = "") -> list[LiveEvent]:
        return [told for one in events for told in self.lanes.note(lane, json.dumps(one).encode())]

    def reported(self, turn: int) -> Reported | None:
        return self.turns.take(turn).reported()


@pytest.fixture
def lanes() -> Lanes:
    return Lanes()


def test_a_lane_answers_in_the_order_of_what_was_asked(lanes):
    assert lanes.ask() + lanes.ask() == [Asked(1, MODEL), Asked(2, MODEL)]
    assert lanes.note(CREATED, text_delta(), COMPLETED, CREATED) == [Began(1, MODEL), Ended(1), Began(2, MODEL)]


def test_lanes_are_answered_apart(lanes):
    lanes.ask("a")
    lanes.ask("b")
    assert lanes.note(CREATED, lane="b") == [Began(2, MODEL)]
    assert lanes.note(CREATED, COMPLETED, lane="a") == [Began(1, MODEL), Ended(1)]


def test_a_successor_begins_by_itself(lanes):
    lanes.ask()
    steered = event("response.incomplete", response=response("incomplete", tokens(50, 5)))
    assert lanes.note(CREATED, steered, CREATED, COMPLETED) == [Began(1, MODEL), Ended(1), Began(2, MODEL), Ended(2)]
    assert lanes.reported(1) == Reported(Usage(input=50, output=5), MODEL)
    assert lanes.reported(2) == Reported(Usage(input=100, output=10), MODEL)


def test_an_unfinished_response_is_counted_by_its_pieces__with_what_was_asked(lanes):
    lanes.ask(text="x" * 40)
    turn = lanes.turns.take(1)
    assert turn.reported() == Reported(Usage(input=10), basis=Basis.ESTIMATED, reason="no_answer")
    lanes.note(CREATED, text_delta(), text_delta())
    assert turn.reported() == Reported(Usage(input=10, output=2), MODEL, basis=Basis.ESTIMATED, reason="counted_deltas")
    lanes.note(COMPLETED)
    assert turn.reported() == Reported(Usage(input=100, output=10), MODEL)


def test_an_end_of_which_nothing_else_was_seen_is_a_turn(lanes):
    assert lanes.note(COMPLETED) == [Began(1, MODEL), Ended(1)]
    assert lanes.reported(1) == Reported(Usage(input=100, output=10), MODEL)


def test_two_answers_in_one_lane_are_two__the_first_is_followed_no_further(lanes):
    assert lanes.note(CREATED, CREATED) == [Began(1, MODEL), Ended(1), Began(2, MODEL)]


def test_an_error_before_an_answer_refuses_it(lanes):
    lanes.ask("a")
    error = {"type": "error", "status": 429, "error": {"type": "rate_limit", "message": "no"}}
    assert not lanes.note(error, lane="b")
    assert lanes.note(error, lane="a") == [Declined(1, 429)]
    assert lanes.reported(1) is None


@pytest.mark.parametrize("status", [None, 200, "x", 99999])
def test_an_error_without_a_status_is_a_bad_request(lanes, status):
    lanes.ask()
    assert lanes.note({"type": "error", "status": status, "error": {"message": "no"}}) == [Declined(1, 400)]


def test_an_error_of_the_stream_ends_its_answer(lanes):
    lanes.ask()
    lanes.ask()
    broke = event("error", error={"type": "server_error", "message": "no"})
    assert lanes.note(CREATED, text_delta(), broke) == [Began(1, MODEL), Ended(1)]


def test_an_error_of_the_socket_refuses_what_waits_behind_an_answer(lanes):
    lanes.ask()
    lanes.ask()
    refused = {"type": "error", "status": 400, "error": {"type": "invalid_request_error", "message": "no"}}
    assert lanes.note(CREATED, refused) == [Began(1, MODEL), Declined(2, 400)]
    assert lanes.note(refused) == [Ended(1)], "nothing waits any more, so it is of the answer that is being given"
    assert not lanes.note(refused)


def test_too_many_are_not_followed(lanes):
    for number in range(MOST_OPEN):
        lanes.ask(str(number))
        lanes.note(CREATED, lane=str(number))
    assert lanes.note(CREATED, lane="more") == [Ended(1), Began(MOST_OPEN + 1, MODEL)]
    asked = [lanes.ask() for _ in range(MOST_OPEN + 1)]
    assert (len(asked[-2]), len(asked[-1])) == (1, 0)


@pytest.mark.parametrize("odd", [{"type": 5}, {"type": "response.created", "response": 5}, {}, {"type": "keepalive"}])
def test_an_odd_event_is_read_as_far_as_it_goes(lanes, odd):
    assert [type(one) for one in lanes.note(odd)] == ([Began] if odd.get("type") == "response.created" else [])


def test_an_event_behind_the_end_of_an_answer_changes_nothing():
    turn = ResponseTurn(1, PLAIN, None)
    turn.note(json.dumps(COMPLETED).encode())
    turn.end()
    turn.note(json.dumps(text_delta()).encode())
    turn.end()
    assert turn.reported() == Reported(Usage(input=100, output=10), MODEL)
