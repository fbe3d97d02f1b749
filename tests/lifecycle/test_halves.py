"""The tables of a call's halves, row by row: which event may follow which."""

import pytest

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.halves import DOWNSTREAM_MOVES, UPSTREAM_MOVES, Downstream, Upstream
from tests.lifecycle.moves import BY_NAME, after, everything_in

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
    ("received committed left answered taken", D.TAKEN, U.ANSWERING, True),
    ("received committed left answered finished taken", D.TAKEN, U.FINISHED, True),
    ("received joined", D.WAITING, U.JOINED, False),
    ("received joined left", D.GONE, U.JOINED, False),
    ("received joined answered", D.WAITING, U.GIVEN, False),
    ("received joined answered started", D.RECEIVING, U.GIVEN, False),
    ("received joined answered started handed_over", D.SERVED, U.GIVEN, False),
    ("received joined answered started left", D.GONE, U.GIVEN, False),
]


@pytest.mark.parametrize(("path", "downstream", "upstream", "is_orphaned"), PATHS)
def test_events_lead_to_a_state(path: str, downstream: Downstream, upstream: Upstream, is_orphaned: bool) -> None:
    call = after(path)
    assert (call.downstream, call.upstream, call.is_orphaned) == (downstream, upstream, is_orphaned)


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
    ("", "joined"),  # what it repeats is known when it was read whole
    ("received committed", "joined"),  # it has work of its own
    ("received left", "joined"),  # nobody waits
    ("received joined", "joined"),
    ("received joined", "committed"),
    ("received joined", "started"),  # the answer is still to come, and ours would hide it
    ("received joined", "finished"),  # that is the other call's end
    ("received joined left", "answered"),
    ("received joined left", "failed"),  # nobody waits any more
    ("received joined left", "taken"),  # it has no answer of its own to give
    ("received joined answered", "answered"),
    ("received joined answered started", "finished"),
    ("received joined answered started", "aborted"),
    ("received joined answered started handed_over", "failed"),  # it has got all of it
    ("received joined answered started left", "cut"),
    ("received joined answered started left", "took_reply"),
    ("received committed answered", "taken"),  # its caller is there
    ("received committed answered started finished handed_over", "taken"),
    ("received committed left", "taken"),  # of an answer that has not begun nobody has got the end
    ("received committed left cut", "taken"),
    ("received committed left answered failed", "taken"),
    ("received committed left answered finished taken", "taken"),  # one handover each
    ("received committed left answered finished taken", "took_reply"),
    ("received committed left answered finished took_reply", "taken"),
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


def test_every_event_has_a_row() -> None:
    in_tables = {kind for _, kind in DOWNSTREAM_MOVES} | {kind for _, kind in UPSTREAM_MOVES}
    assert in_tables == {type(event) for event in BY_NAME.values()}
