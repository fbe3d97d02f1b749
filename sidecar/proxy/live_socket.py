"""A socket that carries many calls, once both connections have left HTTP behind: joins a caller's to a provider's.

Bytes pass as they came, at most one chunk waits, and a copy is read. How it ends is `live_closing.py`'s.
"""

from functools import partial
from typing import TYPE_CHECKING, cast

from sidecar.clock import Moment
from sidecar.http1.head import RequestHead
from sidecar.providers.contract import Role
from sidecar.proxy.admission import Admission
from sidecar.proxy.live_call import LiveCall
from sidecar.proxy.live_calls import LiveCalls
from sidecar.proxy.live_closing import LiveClosing
from sidecar.proxy.live_end import CallerEnd, LiveEnd, ProviderEnd
from sidecar.proxy.live_ending import Phase, Sign
from sidecar.proxy.live_handover import LiveHandover
from sidecar.proxy.live_way import Way
from sidecar.telemetry.sockets import Direction, SocketEnd

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.pooled import PooledUpstream
    from sidecar.proxy.upstream import Upstream


class LiveSocket:
    """Two connections, what passes between them, and the calls that are made of it.

    Where the messages are not known, bytes pass and nothing is read: it has no calls, and no close frame is seen or sent.
    """

    def __init__(
        self,
        context: "Context",
        admission: Admission,
        head: RequestHead,
        downstream: "Downstream",
        upstream: "Upstream",
    ) -> None:
        self.context, self.admission = context, admission
        self._downstream, self._upstream = downstream, cast("PooledUpstream", upstream)  # there are no others
        self.caller = CallerEnd(self, downstream)
        self.provider = ProviderEnd(self, upstream.transport, is_writing_paused=upstream.is_writing_paused)
        self._cells = cells = context.recorder.live(admission.destination.provider)
        route = admission.route
        open_live = route.open_live if route is not None and route.role is Role.LIVE else None
        self.is_read = open_live is not None
        way = partial(Way, is_read=self.is_read, most_bytes=context.limits.live.max_message_bytes)
        there, back = Direction.TO_PROVIDER, Direction.TO_CALLER
        self.to_provider = way(cells.messages[there], cells.bytes[there], is_masked=True)
        self.to_caller = way(cells.messages[back], cells.bytes[back], is_masked=False)
        self.handover = LiveHandover(context.loop, context.clock, self._written, self._taken)
        self.answers: LiveCalls | None = None
        """What makes calls of the messages; None where nothing is read."""
        if open_live is not None and route is not None:
            reader = open_live(admission.target.decode("latin-1"))
            self.answers = LiveCalls(context, admission, head, route, reader, self.handover, self._settled)
        self._closing = LiveClosing(self)
        self._is_unmetered = False

    @property
    def calls(self) -> set[LiveCall]:
        """Its calls that have not settled."""
        return set() if self.answers is None else self.answers.unsettled

    def begin(self, from_provider: bytes, from_caller: bytes) -> None:
        """Take the connections over. The two came behind the heads."""
        context, caller, provider = self.context, self.caller, self.provider
        context.sockets.add(self)
        context.downstreams.discard(self._downstream)
        self._cells.open.value += 1
        self._count_unmetered(not self.is_read)
        for end in (caller, provider):
            end.transport.set_protocol(end)
            if end.is_writing_paused:
                self.other(end).pause_reading()
            else:
                self.other(end).resume_reading()
        caller.watch()
        if from_provider:
            provider.data_received(from_provider)
        if from_caller:
            caller.data_received(from_caller)
        if context.is_draining:
            self.drain()

    # === bytes pass ===

    def other(self, end: LiveEnd) -> LiveEnd:
        """The other of the two ends."""
        return self.provider if end is self.caller else self.caller

    def from_caller(self, data: bytes) -> None:
        """Bytes have come from the caller."""
        way, calls = self.to_provider, self.answers
        goodbye = way.goodbye
        found = way.look(data)
        if way.is_too_large:
            self._too_large()
            return
        closes = way.goodbye is not goodbye
        at = way.closes_at(data) if closes else len(data)
        self.pass_on(way, self.provider, data[:at])
        if calls is not None and self.to_caller.goodbye is None:  # who has said goodbye answers nothing more
            for message in found:
                calls.take(calls.reader.from_caller(message))
            if not self.provider.is_writing_paused:
                calls.commit()
        if closes:
            self.sees(Sign.CALLER_CLOSED, last=data[at:])
        self._count_unmetered(way.gave_up)

    def from_provider(self, data: bytes) -> None:
        """Bytes have come from the provider."""
        way, calls = self.to_caller, self.answers
        goodbye = way.goodbye
        found = way.look(data)
        if way.is_too_large:
            self._too_large()
            return
        self.pass_on(way, self.caller, data)
        if calls is not None:
            for message in found:
                calls.take(calls.reader.from_provider(message))
            if self._closing.phase is Phase.CLOSING and self.to_provider.goodbye is not None and calls.is_running:
                self.sees(Sign.CALLER_CLOSED)  # it began behind the caller's goodbye, for nobody
        if way.goodbye is not goodbye:
            self.sees(Sign.PROVIDER_CLOSED)
        self._count_unmetered(way.gave_up)
        self.look()
        if self._closing.following is not None:
            self._closing.following.took(len(data))

    def pass_on(self, way: Way, end: LiveEnd, data: bytes) -> None:
        """Write what came by a way to the end that it leads to."""
        if data and not end.is_ending and not end.is_lost:
            end.write(data)
            way.passed_on(len(data))

    def took_all(self, end: LiveEnd) -> None:
        """An end has taken everything that was written."""
        self.other(end).resume_reading()
        if end is self.provider and self.answers is not None:
            self.answers.commit()

    def _too_large(self) -> None:
        self.context.recorder.limit_reached("calls.live.max_message_bytes")
        self.sees(Sign.TOO_LARGE)

    def _count_unmetered(self, is_unread: bool) -> None:
        """What may cost money although nobody here can read it is counted, once a socket."""
        if is_unread and not self._is_unmetered:
            self._is_unmetered = True
            self.context.recorder.unmetered(self.admission.destination.provider, "websocket")

    def _written(self) -> int:
        return self.to_caller.written

    def _taken(self) -> int:
        """Bytes of what was written to the caller that its kernel has acknowledged: so many at least, as TLS adds its own."""
        return self.to_caller.written - self.caller.unacknowledged()

    # === it ends ===

    def sees(self, sign: Sign, at: Moment | None = None, last: bytes = b"") -> None:
        """Something happened to it: see `LiveClosing.sees`."""
        self._closing.sees(sign, at, last)

    @property
    def is_open(self) -> bool:
        """Something may pass, or is read on."""
        return self._closing.phase in (Phase.OPEN, Phase.FOLLOWING)

    def drain(self) -> None:
        """The sidecar is ending: answers under way may end, and then so does the socket. One that is not read has its time."""
        if self.is_read:
            self.sees(Sign.DRAIN)

    def stop(self) -> None:
        """The sidecar goes now: its calls settle, and the connections are broken off."""
        self.sees(Sign.STOPPED)
        if self.answers is not None:
            self.answers.provider_is_gone()

    def _settled(self) -> None:
        """One of its calls has: what was waited for may be there, when all that is being read now was."""
        self.context.loop.call_soon(self.look)

    def look(self) -> None:
        """End what only goes on for answers, when none is under way; and forget what has ended."""
        if self.answers is not None and not self.answers.is_awaited:
            if self._closing.phase is Phase.FOLLOWING:
                self.sees(Sign.CALLS_ENDED)
            elif self.context.is_draining:
                self.sees(Sign.DRAIN)
        if self.caller.is_lost and self.provider.is_lost and not self.calls:
            self.context.socket_ended(self)

    def lost(self, end: LiveEnd) -> None:
        """A connection has ended."""
        if end is self.provider:
            self.context.pool.lost(self._upstream)
            if self.answers is not None:
                self.answers.provider_is_gone()
        if self.other(end).is_lost:
            self._cells.open.value -= 1
            self._cells.ended(self._closing.end or SocketEnd.CUT)
        self.look()
