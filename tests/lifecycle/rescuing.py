"""Calls, their callers and their retries, without a wire: what the road does with abandoned answers, by the rules alone.

Each attempt is a real `Call`; each abandoned one has an `Offer`, moved by `after`. What the rules do not allow raises.
"""

from itertools import count

from sidecar.lifecycle.call import Call, Downstream, Upstream
from sidecar.lifecycle.events import (
    AnswerTaken,
    DownstreamLeft,
    LeftReason,
    ReplyAborted,
    ReplyFinished,
    ReplyStarted,
    RequestReceived,
    UpstreamAnswered,
    UpstreamCommitted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
    UpstreamJoined,
)
from sidecar.lifecycle.rescue import Offer, Turn, after

MOMENTS = count(1)
TAKEN = (Offer.TAKEN, Offer.TAKEN_LAST)
ON_OFFER = (Offer.OPEN, *TAKEN)


class Attempt:
    """One request, and what becomes of it."""

    def __init__(self, request: str) -> None:
        self.request = request
        self.call = Call()
        self.offer: Offer | None = None
        """Where its answer stands, once its caller has left."""
        self.retry: Attempt | None = None
        """Who is being given its answer."""
        self.source: Attempt | None = None
        """Whose answer it is given, or was."""
        self.has_outgrown = False
        self.given_to: list[Attempt] = []
        """Who has got all of its answer, if not its own caller."""
        self.call.receive(RequestReceived(next(MOMENTS)))

    def __repr__(self) -> str:
        return f"<{self.request} {self.call} {self.offer and self.offer.name}>"

    @property
    def is_there(self) -> bool:
        """Its caller waits or receives."""
        return self.call.downstream in (Downstream.WAITING, Downstream.RECEIVING)

    @property
    def is_settled(self) -> bool:
        """Nothing can change any more."""
        return self.call.outcome is not None and self.offer not in ON_OFFER

    # === with its own provider ===

    def commit(self) -> None:
        """The request goes to the provider."""
        self.call.receive(UpstreamCommitted(next(MOMENTS)))

    def answered(self, status: int) -> None:
        """The head of the answer came: for its own caller, and for its retry."""
        for attempt in (self, self.retry):
            if attempt is not None:
                attempt.call.receive(UpstreamAnswered(next(MOMENTS), status))
                if attempt.is_there:
                    attempt.call.receive(ReplyStarted(next(MOMENTS)))

    def finished(self) -> None:
        """The answer is whole."""
        self.call.receive(UpstreamFinished(next(MOMENTS)))
        if self.offer is Offer.OPEN and self.call.status is not None and self.call.status >= 400:
            self._turn(Turn.ENDED)  # an error is kept for nobody

    def failed(self) -> None:
        """The provider broke it, for whoever has it."""
        self._broken(UpstreamFailed(next(MOMENTS)))

    def cut(self) -> None:
        """We ended it, for whoever has it."""
        self._broken(UpstreamCut(next(MOMENTS)))

    def _broken(self, event: UpstreamFailed | UpstreamCut) -> None:
        self.call.receive(event)
        retry, self.retry = self.retry, None
        if self.offer in ON_OFFER:
            self._turn(Turn.ENDED)
        if retry is not None:
            retry.call.receive(event)
        for attempt in (self, retry):
            if attempt is not None and attempt.is_there:
                attempt.call.receive(ReplyAborted(next(MOMENTS)))

    # === its caller ===

    def arrived(self) -> None:
        """Its caller has got all of the answer, whose end need not have been read yet."""
        self.call.receive(ReplyFinished(next(MOMENTS)))
        if self.source is not None:
            self.source._handed_over(self)

    def left(self) -> None:
        """Its caller leaves: its answer is on offer, or the one that it was being given is again."""
        self.call.receive(DownstreamLeft(next(MOMENTS), LeftReason.FIN))
        if self.source is not None:
            self.source.retry = None
            self.source._turn(Turn.RETRY_LEFT)
        elif self.call.is_live_upstream or self.call.upstream is Upstream.FINISHED:
            self.offer = Offer.OPEN
            if self.has_outgrown:
                self._turn(Turn.OUTGREW)

    # === the offer ===

    def give_to(self, retry: "Attempt") -> None:
        """A retry takes it."""
        self._turn(Turn.RETRY_CAME)
        self.retry, retry.source = retry, self
        retry.call.receive(UpstreamJoined(next(MOMENTS)))
        if self.call.status is not None:
            retry.call.receive(UpstreamAnswered(next(MOMENTS), self.call.status))
            retry.call.receive(ReplyStarted(next(MOMENTS)))

    def outgrew(self) -> None:
        """It is larger than may be kept."""
        self.has_outgrown = True
        if self.offer in ON_OFFER:
            self._turn(Turn.OUTGREW)

    def window_closed(self) -> None:
        """Nobody came in time."""
        self._turn(Turn.ENDED)

    def _handed_over(self, retry: "Attempt") -> None:
        self.retry = None
        self._turn(Turn.ARRIVED)
        self.call.receive(AnswerTaken(next(MOMENTS)))
        self.given_to.append(retry)

    def _turn(self, turn: Turn) -> None:
        assert self.offer is not None
        self.offer = after(self.offer, turn)
