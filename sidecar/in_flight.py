"""The live calls of the road as people see them: joins the two rooms, which do not know each other.

A thousand calls are looked at four times a second while somebody watches, between the pieces of their replies. So a look compares
a few fields of each call and makes a new row only where one has changed; and what a call has cost by now, which takes as long as
ten such looks, is asked of a hundred calls in one look at most, those first that were asked longest ago.
"""

import asyncio
from collections.abc import Sequence
from heapq import nsmallest
from typing import Any, Final

from sidecar.clock import MILLISECOND, Moment, seconds_between
from sidecar.control.shown import CallInFlight, mended, stamped
from sidecar.money_so_far import NOTHING, MoneySoFar, OpenCall, money_so_far
from sidecar.proxy.account import Account
from sidecar.proxy.context import Context
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.event import stamp

MOST_ASKED: Final = 100
ASKED_EVERY: Final[Moment] = 1_000 * MILLISECOND
"""What a call has cost by now is not asked more often."""


class Watched:
    """What was told of one call."""

    __slots__ = ("asked_at", "money", "row", "sign")

    def __init__(self) -> None:
        self.sign: tuple[Any, ...] = ()
        self.row: CallInFlight | None = None
        self.money: MoneySoFar = NOTHING
        self.asked_at: Moment = 0


class CallsInFlight:
    """Tells, each time that it is called, the calls that have not settled, oldest first.

    Holds on to those that it has told of until it is asked again: let go of it when nobody asks any more.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._watched: dict[OpenCall, Watched] = {}
        self.is_behind = True
        """There are calls that were not asked, in the last look, what they have cost."""

    def __call__(self) -> Sequence[CallInFlight]:
        """The rows. One in which nothing has changed but its age is the same object as before."""
        now, known = self._context.clock.now(), self._watched
        live = sorted(calls_of(self._context), key=lambda open_call: open_call.started_at)
        self._watched = {open_call: known.get(open_call) or Watched() for open_call in live}
        self._ask_for_money(now)
        return [self._row(open_call, watched, now) for open_call, watched in self._watched.items()]

    def _ask_for_money(self, now: Moment) -> None:
        due = [each for each in self._watched.items() if now - each[1].asked_at >= ASKED_EVERY and may_cost(each[0])]
        self.is_behind = len(due) > MOST_ASKED
        for open_call, watched in nsmallest(MOST_ASKED, due, key=lambda each: each[1].asked_at):
            watched.money, watched.asked_at = money_so_far(open_call, now), now

    def _row(self, open_call: OpenCall, watched: Watched, now: Moment) -> CallInFlight:
        sign = sign_of(open_call, watched.money)
        if watched.row is None or sign != watched.sign:
            watched.sign, watched.row = sign, call_in_flight(open_call, now, watched.money)
        return watched.row


async def all_calls(context: Context) -> Sequence[CallInFlight]:
    """The calls in flight, each with what it has cost by now; other work has its turn in between."""
    calls = CallsInFlight(context)
    rows = calls()
    while calls.is_behind:
        await asyncio.sleep(0)
        rows = calls()
    return rows


def calls_of(context: Context) -> list[OpenCall]:
    """The exchanges that are calls, and the answers of sockets that have not settled."""
    exchanges = (exchange for exchange in context.live if exchange.account is not None)
    return [*exchanges, *(answer for socket in context.sockets for answer in socket.calls)]


def may_cost(open_call: OpenCall) -> bool:
    """The provider has had the whole request: from there on it may cost money."""
    return open_call.call.committed_at is not None


def attachment_of(open_call: OpenCall) -> Attachment:
    """Whether somebody is there for a call."""
    return open_call.context.recorder.attachment(account_of(open_call).record.id)


def account_of(open_call: OpenCall) -> Account:
    """The account of a call."""
    assert open_call.account is not None
    return open_call.account


def sign_of(open_call: OpenCall, money: MoneySoFar) -> tuple[Any, ...]:
    """Equal as long as a call's row would be, but for its age."""
    call, record = open_call.call, account_of(open_call).record
    return (
        call.downstream, call.upstream, call.left_at, call.is_orphaned, call.committed_at, call.answered_at, call.finished_at,
        record.model, record.kind, record.socket, record.attempt_of, record.decision, record.decision_reason,
        attachment_of(open_call), None if open_call.abandoned is None else open_call.abandoned.taken_by,
        open_call.joining is None, money,
    )  # fmt: skip


def call_in_flight(open_call: OpenCall, now: Moment, money: MoneySoFar = NOTHING) -> CallInFlight:
    """One live call as people see it."""
    account, call = account_of(open_call), open_call.call
    record = account.record
    return CallInFlight(
        id=record.id, upstream=record.upstream, dialect=record.dialect, model=mended(record.model), kind=str(record.kind),
        route=account.route.method, caller=record.caller, started_at=stamp(record.started_at),
        committed_at=stamped(call.committed_at), answered_at=stamped(call.answered_at),
        left_at=stamped(call.left_at), left_reason=call.left_reason, finished_at=stamped(call.finished_at),
        age_seconds=seconds_between(record.started_at, now),
        downstream_state=call.downstream.name.lower(), upstream_state=call.upstream.name.lower(),
        attachment=attachment_of(open_call),
        orphaned_since=stamped(call.left_at) if call.is_orphaned else None,
        decision=record.decision, decision_reason=record.decision_reason,
        taken_by=None if open_call.abandoned is None else open_call.abandoned.taken_by,
        waits_for=None if open_call.joining is None else record.attempt_of, socket=record.socket,
        spend_so_far_usd=money.spend_usd, orphaned_so_far_usd=money.orphaned_usd,
        basis=None if money.spend_usd is None else "estimated",
    )  # fmt: skip
