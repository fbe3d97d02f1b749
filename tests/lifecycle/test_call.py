"""The tables of a call, row by row: which event may follow which, and how a call is judged in the end."""

import pytest

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.call import DOWNSTREAM_MOVES, OUTCOMES, UPSTREAM_MOVES, Call, Downstream, Outcome, Upstream
from sidecar.lifecycle.events import DownstreamLeft, LeftReason, UpstreamAnswered, UpstreamCommitted
from tests.lifecycle.moves import BY_NAME, after, call_after, everything_in

D, U = Downstream, Upstream

PATHS = [
    # events                                                                    downstream   upstream     orphaned
    ("", D.SENDING, U.UNSENT, False),
    ("received", D.WAITING, U.UNSENT, False),
    ("received committed", D.WAITING, U.COMMITTED, False),
    ("received committed answered", D.WAITING, U.ANSWERING, False),
    ("received committed answered started", D.RECEIVING, U.ANSWERING, False),
    ("answered", D.SENDING, U.ANSWERING, False),
    ("answered started", D.RECEIVING, U.ANSWERING, False),
    ("answered started received", D.RECEIVING, U.ANSWERING, False),
    ("answered started finished handed_over", D.SERVED, U.FINISHED, False),
    ("received committed answered started handed_over", D.SERVED, U.ANSWERING, False),
    ("started", D.RECEIVING, U.UNSENT, False),
    ("failed", D.SENDING, U.FAILED, False),
    ("failed received", D.WAITING, U.FAILED, False),
    ("cut started", D.RECEIVING, U.CUT, False),
    ("left", D.GONE, U.UNSENT, False),
    ("received committed left", D.GONE, U.COMMITTED, True),
    ("received committed answered left", D.GONE, U.ANSWERING, True),
    ("received committed left answered", D.GONE, U.ANSWERING, True),
    ("answered left received", D.GONE, U.ANSWERING, True),
    ("received committed answered started finished left", D.GONE, U.FINISHED, False),
    ("received committed left answered finished took_reply", D.SERVED, U.FINISHED, False),
]


@pytest.mark.parametrize(("path", "downstream", "upstream", "is_orphaned"), PATHS)
def test_events_lead_to_a_state(path: str, downstream: Downstream, upstream: Upstream, is_orphaned: bool) -> None:
    call = after(path)
    assert (call.downstream, call.upstream, call.is_orphaned) == (downstream, upstream, is_orphaned)


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
]


@pytest.mark.parametrize(("path", "outcome"), ENDS)
def test_events_end_in_an_outcome(path: str, outcome: Outcome) -> None:
    assert after(path).outcome is outcome


OPEN = [
    "",
    "received",
    "received committed",
    "received committed answered started",
    "received committed left",
    "started",
]


@pytest.mark.parametrize("path", [*OPEN, "received committed answered started finished", "failed", "cut started"])
def test_an_open_call_has_no_outcome(path: str) -> None:
    assert after(path).outcome is None


ILLEGAL = [
    # after this,                                  this may not come
    ("", "committed"),  # the request's end was not received
    ("", "finished"),
    ("", "handed_over"),
    ("", "aborted"),
    ("", "took_reply"),
    ("received", "received"),
    ("received committed", "started"),  # the provider's answer is still to come, and ours would hide it
    ("received committed", "committed"),
    ("received committed", "finished"),
    ("received committed answered", "answered"),
    ("received committed answered", "committed"),
    ("answered", "committed"),  # an early answer counts as committed
    ("received committed answered started", "aborted"),  # only when the provider's half is broken
    ("received committed answered started", "started"),
    ("started", "answered"),  # we are answering ourselves
    ("received started", "committed"),
    ("started handed_over", "cut"),  # refused, and that is settled
    ("started handed_over", "failed"),
    ("started handed_over", "left"),
    ("left", "left"),
    ("left", "answered"),  # the exchange cuts where the request was not sent
    ("received left", "committed"),
    ("left", "started"),
    ("received committed left", "took_reply"),
    ("received committed left failed", "took_reply"),
    ("received committed answered started failed aborted", "left"),
    ("received committed left answered finished took_reply", "left"),
    ("received committed failed", "finished"),
    ("received committed cut", "answered"),
]


@pytest.mark.parametrize(("path", "name"), ILLEGAL)
def test_an_illegal_event_raises_and_changes_nothing(path: str, name: str) -> None:
    call = after(path)
    before = everything_in(call)
    with pytest.raises(IllegalEvent):
        call.receive(BY_NAME[name])
    assert everything_in(call) == before


def test_an_illegal_event_is_named_with_the_state() -> None:
    call = after("received committed left")
    with pytest.raises(IllegalEvent, match=r"^DownstreamLeft in <Call GONE/COMMITTED orphaned>$"):
        call.receive(BY_NAME["left"])


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


def test_every_event_has_a_row() -> None:
    in_tables = {kind for _, kind in DOWNSTREAM_MOVES} | {kind for _, kind in UPSTREAM_MOVES}
    assert in_tables == {type(event) for event in BY_NAME.values()}


def test_no_outcome_stands_for_a_state_that_is_both_orphaned_and_there() -> None:
    assert all(downstream is D.GONE for downstream, _, is_orphaned in OUTCOMES if is_orphaned)


def test_a_call_is_pictured_by_its_halves() -> None:
    assert repr(Call()) == "<Call SENDING/UNSENT>"
