"""One answer of a socket: a call like others, with a record and an account of its own, and no connection of its own."""

from typing import TYPE_CHECKING, Final

import msgspec

from sidecar.clock import Moment
from sidecar.http1.head import RequestHead
from sidecar.lifecycle.call import Call, Downstream as Caller
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import NOT_SENT, Command, on_departure
from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import ReplyReader, Route
from sidecar.proxy.account import Account
from sidecar.proxy.admission import Admission
from sidecar.proxy.live_steps import Told, Word, steps

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.live_calls import LiveCalls

THE_END: Final = frozenset({Word.ENDED, Word.DECLINED, Word.FAILED, Word.CUT})
"""Of the provider's work on it."""


class LiveCall:
    """Takes words about its life in and settles once, when nothing about it can change any more.

    While it is *held*, its caller has left and may come back (`live_resumption.py`): what happens meanwhile is remembered with
    its moment, and taken in when that is known.
    """

    __slots__ = (
        "_held", "_of", "abandoned", "account", "awaits_usage", "call", "context", "end_at", "is_committed", "is_running",
        "is_settled", "joining", "started_at", "turn",
    )  # fmt: skip

    def __init__(self, of: "LiveCalls", turn: int, model: str, reader: ReplyReader, at: Moment) -> None:
        self._of = of
        self.turn = turn
        self.context: Context = of.context
        self.call = Call()
        self.started_at = at
        self.account = _open_account(of.context, of.admission, of.route, of.head, model, at)
        self.account.reader = reader
        self.abandoned = self.joining = None  # no retry is given its answer, nor is it given another's
        self.is_running = True
        """The provider has been asked for it, or has begun it by itself, and has not ended it."""
        self.is_committed = False
        self.awaits_usage = False
        """It has ended, and what it used may still be told."""
        self.end_at = 0
        """When it has ended: how many bytes had been written to the caller by then."""
        self.is_settled = False
        self._held: list[Told] | None = None
        self._take(Told(Word.ASKED, at))

    # === what happens to it ===

    def tell(self, word: Word, at: Moment, **more: object) -> None:
        """Something happened to it. What can't have happened any more is passed over."""
        told = msgspec.structs.replace(Told(word, at), **more)
        if word in THE_END:
            self.is_running = False
        if word is Word.COMMITTED:
            self.is_committed = True
        if self._held is not None:
            self._held.append(told)
        else:
            self._take(told)
            self.conclude()

    def left(self, reason: LeftReason, at: Moment, detection_seconds: float | None, *, is_held: bool) -> None:
        """The caller left; with `is_held` it may come back, and nothing is said yet but that."""
        has_received = self.call.downstream is Caller.RECEIVING
        self.account.left(reason, at, detection_seconds, has_received=has_received)
        if is_held:
            self._held = []
        self.tell(Word.LEFT, at, reason=reason)

    def came_back(self, at: Moment) -> None:
        """It had not left: what it was being told when its socket ended counts as delivered."""
        held, self._held = self._held or [], None
        self.account.returned("resumption")
        for told in held:
            if told.word is not Word.LEFT:
                self._take(told)
        self._take(Told(Word.CUT, at))  # where the provider was read on: the answer goes on elsewhere
        self._take(Told(Word.HANDED_OVER, at))
        self.is_running = False
        self.conclude()

    def stayed_away(self) -> None:
        """It had left, when it did."""
        held, self._held = self._held or [], None
        for told in held:
            self._take(told)
        self.conclude()

    @property
    def is_held(self) -> bool:
        """Whether its caller comes back is not known yet."""
        return self._held is not None

    # === what is decided ===

    def command(self, followed: int) -> Command:
        """What the rules say about the provider's work on it when its caller leaves; `followed` calls are read on already."""
        if not self.is_committed:
            return NOT_SENT
        account, destination = self.account, self._of.admission.destination
        on_close = destination.on_close(account.route, CallKind.LIVE, account.record.model)
        return on_departure(self._of.admission.wish, on_close, followed, self.context.limits.follow)

    # === the end ===

    def usage_told(self) -> None:
        """What it used has been told, or is waited for no more."""
        self.awaits_usage = False
        self.conclude()

    def conclude(self) -> None:
        """Settle if nothing more can change: only the first time counts."""
        if self.is_settled or self.awaits_usage or self._held is not None or self.call.outcome is None:
            return
        self.is_settled = True
        self._of.settled(self)
        self.account.settle(self.call)

    def _take(self, told: Told) -> None:
        for event in steps(self.call, told):
            self.call.receive(event)


def _open_account(
    context: "Context", admission: Admission, route: Route, head: RequestHead, model: str, at: Moment
) -> Account:
    """Its model is what its own messages say, and where they don't, what the path of the socket does."""
    if model:
        route = msgspec.structs.replace(route, model=model)
    return Account(context, admission, msgspec.structs.replace(route, kind=CallKind.LIVE, needs_body=False), head, at)
