"""How a socket ends: what was seen goes through the table of `live_ending.py`, and what that says is performed here."""

import asyncio
from typing import TYPE_CHECKING, Final

from sidecar.callers.peer import seconds_since_heard
from sidecar.clock import Moment
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import TOO_LONG, Command, CutUpstream, FollowUpstream
from sidecar.proxy.failures import UpstreamError
from sidecar.proxy.following import Following
from sidecar.proxy.live_ending import LEAVING, Fate, Phase, Sign, Verdict, is_departure, what_follows
from sidecar.proxy.live_steps import Word
from sidecar.websocket.closing import CloseCode

if TYPE_CHECKING:
    from sidecar.proxy.live_calls import LiveCalls
    from sidecar.proxy.live_socket import LiveSocket
    from sidecar.telemetry.sockets import SocketEnd

CLOSING_SECONDS: Final = 10.0
"""How long an answer to a close frame is waited for: as long as the library `websockets` waits (17.4)."""
CLOSES: Final = frozenset({Sign.CALLER_CLOSED, Sign.PROVIDER_CLOSED})
LOST: Final = {
    Sign.STOPPED: LeftReason.WRITE_STALLED,
    Sign.CALLER_ENDED: LeftReason.FIN,
    Sign.CALLER_RESET: LeftReason.RST,
    Sign.CALLER_STALLED: LeftReason.WRITE_STALLED,
}
"""By what a caller leaves that takes nothing more: of one that sent a close frame that is not known."""


REGISTERED: Final = frozenset(CloseCode)
OWN: Final = range(3000, 5000)
"""Close codes of libraries and applications. Others are not to be sent (RFC 6455 section 7.4)."""


class LiveClosing:
    """Knows where a socket stands between its beginning and its end. Nothing else ends one."""

    __slots__ = ("_because", "_live", "_timer", "end", "following", "phase")

    def __init__(self, live: "LiveSocket") -> None:
        self._live = live
        self.phase = Phase.OPEN
        self.following: Following | None = None
        """The provider is read on without its caller."""
        self._because = TOO_LONG
        """Which bound of that was reached."""
        self.end: SocketEnd | None = None
        """How the socket ended, as far as that was decided."""
        self._timer: asyncio.TimerHandle | None = None

    def sees(self, sign: Sign, at: Moment | None = None, last: bytes = b"") -> None:
        """Something happened, now or at that moment. `last` is a close frame, which goes on unless the provider is read on."""
        live, calls = self._live, self._live.answers
        if calls is not None:
            self._look_back(sign, calls)
        has_calls = calls is not None and (calls.is_awaited if sign is Sign.DRAIN else calls.is_running)
        command = None
        if calls is not None and is_departure(self.phase, sign, has_calls=has_calls):
            command = calls.command()
        verdict = what_follows(self.phase, sign, has_calls=has_calls, reads_on=isinstance(command, FollowUpstream))
        if verdict.phase is not Phase.FOLLOWING:
            live.pass_on(live.to_provider, live.provider, last)
        self._perform(sign, verdict, command, live.context.clock.now() if at is None else at)

    def _look_back(self, sign: Sign, calls: "LiveCalls") -> None:
        """What of the answers has ended although nobody has said so, and what of them the caller has."""
        if sign in CLOSES:
            calls.take(calls.reader.closed())
        if sign in LEAVING and self.phase in (Phase.OPEN, Phase.CLOSING):
            calls.finish_whole()
        if sign in LOST:
            self._live.handover.end(self._in_pod(LOST[sign]))

    def _perform(self, sign: Sign, verdict: Verdict, command: Command | None, at: Moment) -> None:
        live, before, self.phase = self._live, self.phase, verdict.phase
        self.end = self.end or verdict.end
        if live.answers is not None:
            self._to_calls(live.answers, sign, verdict, command, at)
        live.caller.end(verdict.caller, self._code(sign, verdict), live.to_caller)
        live.provider.end(verdict.provider, verdict.code, live.to_provider)
        if self.phase is not before:
            self._enter(self.phase)

    def _to_calls(self, calls: "LiveCalls", sign: Sign, verdict: Verdict, command: Command | None, at: Moment) -> None:
        match verdict.calls:
            case Fate.LEFT if command is not None:
                if verdict.phase is Phase.FOLLOWING:
                    self.following = Following(self._live.context, self._read_enough, calls=len(calls.running))
                reason = LEAVING[sign]
                calls.leave(self._in_pod(reason), at, self._detection_seconds(reason), command)
            case Fate.FAILED if calls.is_running:
                self._tell_broken(sign)
                calls.end(Word.FAILED)
            case Fate.CUT:
                calls.end(Word.CUT, self._because if sign is Sign.FOLLOWED_ENOUGH else verdict.because)
            case _:
                pass

    def _read_enough(self, command: CutUpstream) -> None:
        self._because = command
        self.sees(Sign.FOLLOWED_ENOUGH)

    def _code(self, sign: Sign, verdict: Verdict) -> int:
        """What a close frame of ours says to the caller: to one that sent its own, the same (RFC 6455 section 5.5.1)."""
        goodbye = self._live.to_provider.goodbye
        if sign is not Sign.CALLER_CLOSED or goodbye is None or goodbye.code is None:
            return verdict.code
        return goodbye.code if goodbye.code in REGISTERED or goodbye.code in OWN else verdict.code

    def _tell_broken(self, sign: Sign) -> None:
        there = self._live.admission.destination
        error = UpstreamError.RESET if sign is Sign.PROVIDER_RESET else UpstreamError.CLOSED
        sentence = "the provider closed the socket before its answer had ended"
        self._live.context.recorder.upstream_failed(there.provider, there.name, error, sentence)

    def _enter(self, phase: Phase) -> None:
        live = self._live
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if phase is Phase.CLOSING:
            self._timer = live.context.loop.call_later(CLOSING_SECONDS, self.sees, Sign.CLOSED_LATE)
        elif phase is Phase.FOLLOWING:
            live.provider.resume_reading()  # its caller may have been slow
        elif self.following is not None:
            self.following.stop()
            self.following = None

    def _in_pod(self, reason: LeftReason) -> LeftReason:
        """When the caller's pod is ending, how the connection ended says nothing more."""
        is_closed = reason is not LeftReason.WRITE_STALLED
        return LeftReason.POD_ENDING if is_closed and self._live.context.pod_is_ending else reason

    def _detection_seconds(self, reason: LeftReason) -> float | None:
        """Seconds since the sign of it arrived; None where that leaves no trace."""
        if reason not in (LeftReason.FIN, LeftReason.CLOSED):
            return None
        return seconds_since_heard(self._live.caller.socket)
