"""A call whose caller left, while a retry may still be given its answer (`lifecycle/rescue.py` says when)."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.clock import Moment
from sidecar.lifecycle.call import Upstream as Provider
from sidecar.lifecycle.events import AnswerTaken
from sidecar.lifecycle.policy import ANSWER_TAKEN, CutUpstream
from sidecar.lifecycle.rescue import Offer, Turn, after
from sidecar.proxy.joining import Joining
from sidecar.proxy.kept import release
from sidecar.proxy.leaving import decide, detach, perform

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.shelf import Shelf

ON_OFFER = frozenset({Offer.OPEN, Offer.TAKEN, Offer.TAKEN_LAST})


class Abandoned:
    """One such call. Begins when its caller leaves; ends when the answer was handed over, or can't be any more."""

    __slots__ = ("_is_shelved", "_shelf", "_timer", "account", "exchange", "joining", "offer", "outgrew")

    def __init__(self, shelf: "Shelf", exchange: "Exchange", account: "Account") -> None:
        self._shelf = shelf
        self.exchange = exchange
        self.account = account
        self.offer = Offer.OPEN
        self.joining: Joining | None = None
        """The retry that is being given the answer."""
        self.outgrew = ""
        """The bound that the answer has gone over (`kept.py`)."""
        self._is_shelved = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def taken_by(self) -> str | None:
        """The id of the retry that is being given the answer."""
        return None if self.joining is None else self.joining.id

    # === a retry comes, gets it, or leaves ===

    def give(self, retry: "Exchange") -> None:
        """A retry has come: what was kept is its own at once, and the rest as it comes."""
        exchange = self.exchange
        self.offer = after(self.offer, Turn.RETRY_CAME)
        self.stop_waiting()
        self._shelf.unshelve(self)
        self._is_shelved = exchange.awaits_handover = False
        detach(exchange)  # it may be written to yet, where it could not be seen whether it was only half-closed
        following, exchange.following = exchange.following, None
        if following is not None:
            following.stop()
        exchange.context.recorder.taken(self.account.metrics, self.account.record.id)
        retry.request.join()
        self.joining = Joining(self, retry)
        self.joining.begin()

    def more(self) -> None:
        """More of the answer was read, or its end."""
        if self.joining is not None:
            self.joining.more()

    def arrived(self, retry: str, at: Moment) -> None:
        """The retry of this id has got all of it. An error that it was given saves nobody."""
        exchange, self.joining = self.exchange, None
        self.offer = after(self.offer, Turn.ARRIVED)
        self._shelf.remove(self)
        release(exchange)
        if not self.exchange.call.is_declined:
            exchange.call.receive(AnswerTaken(at))
            self.account.record.rescued_by = retry
        if exchange.call.upstream is Provider.ANSWERING:
            perform(exchange, ANSWER_TAKEN)
        exchange.conclude()

    def retry_left(self, at: Moment) -> None:
        """The retry that had it left as well: it is on offer again, if it can be, and what goes on is decided anew."""
        joining, self.joining = self.joining, None
        if joining is None:
            return  # it was broken for both
        exchange = self.exchange
        self.offer = after(
            self.offer, Turn.ENDED if self.exchange.call.is_declined or self._shelf.is_closed else Turn.RETRY_LEFT
        )
        self.account.let_go(at, has_received=joining.has_received)
        if exchange.upstream is not None:
            exchange.upstream.transport.resume_reading()
        if self.offer is Offer.WITHDRAWN:
            release(exchange)
        command = decide(exchange, joining.grace_seconds if self.offer is Offer.OPEN else 0.0)
        if command is not None and exchange.call.is_live_upstream:
            perform(exchange, command)
        exchange.conclude()

    # === the call goes on, or ends ===

    def outgrow(self, bound: str) -> None:
        """There is no room for all of it. Who is being given it gets the rest as it comes."""
        if not self.outgrew:
            self.exchange.context.recorder.limit_reached(bound)
        self.outgrew = bound
        self.offer = after(self.offer, Turn.OUTGREW)
        if self.joining is None:
            release(self.exchange)
            self._no_retry_can_come()
        else:
            self.joining.more()
            self.joining.forget_given()

    def declined(self) -> None:
        """The provider's reply is an error: none that is kept for a retry, which may fare better."""
        if self.offer is Offer.OPEN:
            self._end()

    def failed(self, error: str, sentence: str) -> None:
        """The provider broke it: so it does for the retry that was being given it."""
        joining, self.joining = self.joining, None
        self._end()
        if joining is not None:
            joining.fail(error, sentence)

    def was_cut(self, command: CutUpstream, status: int, sentence: str) -> None:
        """We closed the connection: so we do to the retry."""
        joining, self.joining = self.joining, None
        self._end()
        if joining is not None:
            joining.cut(command, status, sentence)

    def withdraw(self) -> None:
        """No retry can come, or none has come in time."""
        if self.offer is Offer.OPEN:
            self._end()
            self._no_retry_can_come()

    def keeps_open(self) -> bool:
        """Whether the call can't settle although its work has ended: a retry may come, or is being given the answer."""
        if self.offer is Offer.OPEN and not self._is_shelved:
            self._is_shelved = True
            self._shelf.shelved(self)
            self.exchange.context.recorder.shelved(self.account.metrics, self.account.record.id)
            self.wait(self._shelf.window_seconds)
        return self.offer in ON_OFFER

    def wait(self, seconds: float) -> None:
        """So long a retry may come, or is told that it can't be given the answer."""
        self.stop_waiting()
        self._timer = self.exchange.context.loop.call_later(seconds, self._waited)

    def stop_waiting(self) -> None:
        """A retry has come, or none can."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _waited(self) -> None:
        self.withdraw()
        self._shelf.remove(self)

    def _end(self) -> None:
        self._shelf.remove(self)
        if self.offer in ON_OFFER:
            self.stop_waiting()
            self.offer = after(self.offer, Turn.ENDED)
            release(self.exchange)

    def _no_retry_can_come(self) -> None:
        """Nothing is held open for nobody, and what waited for a retry alone settles."""
        following = self.exchange.following
        if following is not None and following.held is not None:
            self.exchange.cut(following.held.then)
        self.exchange.conclude()
