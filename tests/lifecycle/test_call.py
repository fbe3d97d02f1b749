"""How a call is judged in the end, row by row, and what it remembers of its events."""

import pytest

from sidecar.lifecycle.call import OUTCOMES, Call, Downstream, Outcome
from sidecar.lifecycle.events import DownstreamLeft, LeftReason, UpstreamAnswered, UpstreamCommitted
from tests.lifecycle.moves import BY_NAME, after, call_after

D = Downstream

ENDS = [
    ("received committed answered started finished handed_over", Outcome.DELIVERED),
    ("received committed answered started handed_over finished", Outcome.DELIVERED),
    ("answered started finished handed_over", Outcome.DELIVERED),
    ("received committed left answered finished took_reply", Outcome.DELIVERED),
    ("received committed declined started finished handed_over", Outcome.REJECTED),
    ("received committed left declined finished took_reply", Outcome.REJECTED),
    ("started handed_over", Outcome.REFUSED),
    ("left", Outcome.LEFT_EARLY),
    ("left cut", Outcome.LEFT_EARLY),
    ("left failed", Outcome.LEFT_EARLY),
    ("received left cut", Outcome.LEFT_EARLY),
    ("started left", Outcome.LEFT_EARLY),
    ("failed started handed_over", Outcome.UPSTREAM_FAILED),
    ("received committed failed started handed_over", Outcome.UPSTREAM_FAILED),
    ("received committed answered started failed aborted", Outcome.UPSTREAM_FAILED),
    ("received committed failed left", Outcome.UPSTREAM_FAILED),
    ("received committed answered started handed_over failed", Outcome.UPSTREAM_FAILED),
    ("cut started handed_over", Outcome.CUT_SHORT),
    ("received committed answered started cut aborted", Outcome.CUT_SHORT),
    ("received committed cut left", Outcome.CUT_SHORT),
    ("received committed answered started handed_over cut", Outcome.CUT_SHORT),
    ("received committed answered started finished left", Outcome.UNDELIVERED),
    ("received committed declined started finished left", Outcome.UNDELIVERED),
    ("received committed left answered finished", Outcome.ORPHAN_FINISHED),
    ("received committed answered started left finished", Outcome.ORPHAN_FINISHED),
    ("received committed left cut", Outcome.ORPHAN_CUT),
    ("received committed answered started left cut", Outcome.ORPHAN_CUT),
    ("received committed left failed", Outcome.ORPHAN_FAILED),
    ("received committed left declined finished", Outcome.ORPHAN_FAILED),
    ("received committed declined started left finished", Outcome.ORPHAN_FAILED),
    ("received committed left answered finished taken", Outcome.RESCUED),
    ("received committed left answered taken finished", Outcome.RESCUED),
    ("received committed left answered taken failed", Outcome.RESCUED),
    ("received committed left answered taken cut", Outcome.RESCUED),
    ("received committed answered started left finished taken", Outcome.RESCUED),
    ("received committed answered started finished left taken", Outcome.RESCUED),
    ("received joined answered started handed_over", Outcome.JOINED),
    ("received joined declined started handed_over", Outcome.REJECTED),
    ("received joined left", Outcome.LEFT_EARLY),
    ("received joined answered left", Outcome.LEFT_EARLY),
    ("received joined answered started left", Outcome.LEFT_EARLY),
    ("received joined declined started left", Outcome.LEFT_EARLY),
    ("received joined failed started handed_over", Outcome.UPSTREAM_FAILED),
    ("received joined failed aborted", Outcome.UPSTREAM_FAILED),
    ("received joined failed left", Outcome.UPSTREAM_FAILED),
    ("received joined answered started failed aborted", Outcome.UPSTREAM_FAILED),
    ("received joined cut started handed_over", Outcome.CUT_SHORT),
    ("received joined answered started cut aborted", Outcome.CUT_SHORT),
    ("received joined cut left", Outcome.CUT_SHORT),
]


@pytest.mark.parametrize(("path", "outcome"), ENDS)
def test_events_end_in_an_outcome(path: str, outcome: Outcome) -> None:
    assert after(path).outcome is outcome


AN_ERROR_TAKEN = [
    "received committed left declined finished",
    "received committed left declined failed",
    "received committed left declined cut",
    "received committed declined started left finished",
    "received committed declined started finished left",
]


@pytest.mark.parametrize("path", AN_ERROR_TAKEN)
def test_an_error_saves_nobody__taken_by_a_retry_it_is_judged_as_if_it_had_not_been(path: str) -> None:
    *_, last = path.split()
    taken = f"{path} taken" if last in ("finished", "left") else f"{path.removesuffix(last)} taken {last}"
    assert after(taken).outcome is after(path).outcome


OPEN = [
    "",
    "received",
    "received committed",
    "received committed answered started",
    "received committed left",
    "started",
    "received joined",
    "received joined answered",
    "received joined answered started",
    "received joined failed",
    "received committed left answered taken",
]


@pytest.mark.parametrize("path", [*OPEN, "received committed answered started finished", "failed", "cut started"])
def test_an_open_call_has_no_outcome(path: str) -> None:
    assert after(path).outcome is None


def test_moments_are_those_of_the_events() -> None:
    call = after("received committed answered started left finished")
    assert (call.committed_at, call.answered_at, call.left_at, call.finished_at) == (7, 8, 5, 10)
    assert (call.status, call.left_reason) == (200, LeftReason.FIN)


def test_an_early_answer_is_the_commitment() -> None:
    call = call_after([UpstreamAnswered(4, 200)])
    assert (call.committed_at, call.answered_at) == (4, 4)


def test_an_answer_does_not_move_the_commitment() -> None:
    call = after("received")
    call.receive(UpstreamCommitted(0))  # moment 0 is a moment
    call.receive(UpstreamAnswered(9, 200))
    assert call.committed_at == 0


def test_a_retry_that_joined_knows_when_it_was_answered__and_never_committed_anything() -> None:
    call = after("received joined answered started handed_over")
    assert (call.status, call.answered_at, call.committed_at, call.finished_at) == (200, 8, None, None)


def test_a_call_whose_answer_was_taken_left_all_the_same() -> None:
    call = after("received committed left answered finished taken")
    assert (call.left_at, call.left_reason, call.is_orphaned) == (5, LeftReason.FIN, True)


def test_a_caller_that_took_the_reply_never_left() -> None:
    call = after("received committed left answered finished took_reply")
    assert (call.left_at, call.left_reason, call.is_orphaned) == (None, None, False)


@pytest.mark.parametrize("reason", LeftReason)
def test_the_reason_for_leaving_is_kept(reason: LeftReason) -> None:
    assert call_after([DownstreamLeft(1, reason)]).left_reason is reason


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, Outcome.DELIVERED), (399, Outcome.DELIVERED), (400, Outcome.REJECTED)]
)
def test_an_error_begins_at_status_400(status: int, outcome: Outcome) -> None:
    call = after("received committed")
    call.receive(UpstreamAnswered(8, status))
    for name in ("started", "finished", "handed_over"):
        call.receive(BY_NAME[name])
    assert call.outcome is outcome


def test_no_outcome_stands_for_a_state_that_is_both_orphaned_and_there() -> None:
    assert all(downstream in (D.GONE, D.TAKEN) for downstream, _, is_orphaned in OUTCOMES if is_orphaned)


def test_a_call_is_pictured_by_its_halves() -> None:
    assert repr(Call()) == "<Call SENDING/UNSENT>"
