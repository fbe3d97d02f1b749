"""The answers of one socket: what the dialect says of its messages becomes words about calls."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from sidecar.clock import Moment
from sidecar.http1.head import RequestHead
from sidecar.lifecycle.call import Downstream as Caller
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import NOT_SENT, TOO_MANY, Command, CutUpstream, FollowUpstream
from sidecar.providers.contract import Route
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent, LiveReader, Resumable, Resumed, Told
from sidecar.proxy.admission import Admission
from sidecar.proxy.live_call import LiveCall
from sidecar.proxy.live_handover import LiveHandover
from sidecar.proxy.live_resumption import Session
from sidecar.proxy.live_steps import Word

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

USAGE_SECONDS: Final = 2.0
"""How long the usage of an answer that has ended is waited for."""


class LiveCalls:
    """Opens calls and ends them, as the reader says. What it says of a turn that nobody knows is passed over."""

    def __init__(
        self,
        context: "Context",
        admission: Admission,
        head: RequestHead,
        route: Route,
        reader: LiveReader,
        handover: LiveHandover,
        when_settled: Callable[[], None],
    ) -> None:
        self.context, self.admission, self.head, self.route = context, admission, head, route
        self.reader = reader
        self.unsettled: set[LiveCall] = set()
        self._turns: dict[int, LiveCall] = {}
        """Those of which something may still be said."""
        self._first = ""
        """The id of the first of them, by which all name their socket."""
        self._handover, self._when_settled = handover, when_settled
        self._session = Session(context.resumptions, admission, head)
        self._left_by: tuple[LeftReason, Command] | None = None
        """How the caller left, and what was decided, where the provider is read on."""

    # === what the dialect says ===

    def take(self, events: Iterable[LiveEvent]) -> None:
        """Let what a message meant happen to the calls."""
        for event in events:
            self._take(event, self.context.clock.now())

    def _take(self, event: LiveEvent, now: Moment) -> None:
        match event:
            case Asked(turn, model):
                self._handover.asked_again()
                if turn not in self._turns:
                    self._open(turn, model, now)
            case Began(turn, model):
                self._began(self._turns.get(turn) or self._begun_unasked(turn, model, now), model, now)
            case Resumable(handle):
                self._session.may_go_on_by(handle)
            case Resumed(handle):
                self._session.goes_on_by(handle, now)
            case Ended() | Declined() | Told():
                call = self._turns.get(event.turn)
                if call is not None:
                    self._ended(call, event, now)

    def _open(self, turn: int, model: str, now: Moment) -> LiveCall:
        call = LiveCall(self, turn, model, self.reader.turn(turn), now)
        self._first = call.account.record.socket = self._first or call.account.record.id
        self._turns[turn] = call
        self.unsettled.add(call)
        self.context.turns += 1
        return call

    def _begun_unasked(self, turn: int, model: str, now: Moment) -> LiveCall:
        """The provider has begun an answer by itself: it has heard that somebody spoke to it. Or for nobody, by now."""
        call = self._open(turn, model, now)
        call.tell(Word.COMMITTED, now)
        if self._left_by is not None:
            reason, command = self._left_by
            call.left(reason, now, None, is_held=False)
            call.account.decided(command)
        return call

    def _began(self, call: LiveCall, model: str, now: Moment) -> None:
        if model and not call.account.record.model:
            call.account.record.model = model
        call.tell(Word.BEGAN, now)

    def _ended(self, call: LiveCall, event: Ended | Declined | Told, now: Moment) -> None:
        match event:
            case Told():
                del self._turns[call.turn]
                call.usage_told()
            case Declined(_, status):
                self._over(call, is_last_word=True)
                call.tell(Word.DECLINED, now, status=status)
            case Ended(_, awaits_usage) if call.is_running:
                self._finish(call, now, awaits_usage=awaits_usage)
            case Ended(_, awaits_usage) if not awaits_usage:  # taken for whole before
                self._waited_enough(call)

    def _finish(self, call: LiveCall, now: Moment, *, awaits_usage: bool) -> None:
        call.awaits_usage = awaits_usage
        self._over(call, is_last_word=not awaits_usage)
        call.tell(Word.ENDED, now)

    def _over(self, call: LiveCall, *, is_last_word: bool) -> None:
        """The provider has done with it: now it has to arrive, and what it used to be told."""
        if is_last_word:
            self._turns.pop(call.turn, None)
        else:
            self.context.loop.call_later(USAGE_SECONDS, self._waited_enough, call)
        if call.call.downstream is not Caller.GONE and not call.is_held:
            self._handover.add(call)

    def _waited_enough(self, call: LiveCall) -> None:
        self._turns.pop(call.turn, None)
        call.usage_told()

    # === what the socket asks ===

    @property
    def running(self) -> list[LiveCall]:
        """Those that the provider works on."""
        return [call for call in self.unsettled if call.is_running]

    @property
    def is_running(self) -> bool:
        """There are such."""
        return any(call.is_running for call in self.unsettled)

    @property
    def is_awaited(self) -> bool:
        """There are such, or some of which the provider has more to tell."""
        return any(call.is_running or call.awaits_usage for call in self.unsettled)

    def commit(self) -> None:
        """All that was read of the caller has been sent."""
        for call in self._turns.values():
            if not call.is_committed:
                call.tell(Word.COMMITTED, self.context.clock.now())

    def command(self) -> Command:
        """What is done with the provider's work if the caller leaves now: it is read on only if that is wanted of all of it."""
        followed, sent = self.context.followed, [call for call in self.running if call.is_committed]
        commands = [call.command(followed + index) for index, call in enumerate(sent)] or [NOT_SENT]
        cuts = [command for command in commands if isinstance(command, CutUpstream)]
        command = (cuts or commands)[0]
        if command is TOO_MANY:
            self.context.recorder.limit_reached("calls.follow.max_calls")
        return command

    def finish_whole(self) -> None:
        """The caller's end ends: an answer that is whole has ended, even if its provider has not said so."""
        for call in self.running:
            if call.account.reader is not None and call.account.reader.is_terminal:
                self._finish(call, self.context.clock.now(), awaits_usage=True)

    def leave(self, reason: LeftReason, at: Moment, detection_seconds: float | None, command: Command) -> None:
        """The caller leaves what is under way."""
        running, reads_on = self.running, isinstance(command, FollowUpstream)
        is_held = self._session.hold(running)
        if reads_on:
            self._left_by = reason, command
        for call in running:
            if call.is_committed:
                call.account.decided(command)
            call.left(reason, at, detection_seconds, is_held=is_held)
            if not reads_on:
                call.tell(Word.CUT, at)

    def end(self, word: Word, command: CutUpstream | None = None) -> None:
        """The provider's work ends as the word says; a command that was the last decision on a caller that had left is kept."""
        for call in self.running:
            if command is not None and call.account.record.decision is not None:
                call.account.decided(command)
            call.tell(word, self.context.clock.now())

    def provider_is_gone(self) -> None:
        """Nothing more is told."""
        self._turns.clear()
        for call in list(self.unsettled):
            call.usage_told()

    def settled(self, call: LiveCall) -> None:
        """One has settled."""
        self.unsettled.discard(call)
        self.context.turns -= 1
        self._when_settled()
