"""A retry that is given the answer of the call that it repeats: what was kept of it at once, and the rest as it comes.

It has no connection to the provider. What would be done with one is done with that of the other call: it is not read on while
the retry takes nothing.
"""

from typing import TYPE_CHECKING

import msgspec

from sidecar.clock import Moment
from sidecar.http1.head import ReplyHead
from sidecar.lifecycle.events import UpstreamAnswered, UpstreamJoined
from sidecar.lifecycle.policy import CutUpstream
from sidecar.providers.sdk_family import grace_seconds, sender_of

if TYPE_CHECKING:
    from sidecar.proxy.abandoned import Abandoned
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.upstream import Upstream

MARK = b"\r\nX-Sidecar-Rescued: %b"
"""What the answer carries besides its own fields: the call that it was made for."""


class Joining:
    """One retry, and the answer that it is given."""

    __slots__ = ("_abandoned", "_exchange", "_has_begun", "_has_ended", "_next", "grace_seconds")

    def __init__(self, abandoned: "Abandoned", exchange: "Exchange") -> None:
        assert exchange.account is not None
        self._abandoned = abandoned
        self._exchange = exchange
        self._next = 0
        """Of the pieces that are kept, the first that was not given yet."""
        self._has_begun = self._has_ended = False
        self.grace_seconds = grace_seconds(sender_of(exchange.account.request_fields))
        """When the retry leaves as well, its SDK may take so long to come once more."""
        exchange.account.record.attempt_of = abandoned.account.record.id
        exchange.call.receive(UpstreamJoined(exchange.context.clock.now()))
        exchange.joining = self

    @property
    def id(self) -> str:
        """The retry's."""
        assert self._exchange.account is not None
        return self._exchange.account.record.id

    @property
    def source(self) -> "Exchange":
        """The call whose answer it is."""
        return self._abandoned.exchange

    @property
    def upstream(self) -> "Upstream | None":
        """The connection on which the answer comes; None once it has ended."""
        return self.source.upstream

    @property
    def has_terminal(self) -> bool:
        """The end of the answer has been read."""
        return self._abandoned.account.has_terminal

    @property
    def has_received(self) -> bool:
        """Something of the answer was written to the retry."""
        return self._exchange.reply.body_bytes > 0

    def begin(self) -> None:
        """Give what there is, and read on if the caller before was a slow reader."""
        if self.upstream is not None:
            self.upstream.transport.resume_reading()
        self.more()

    def more(self) -> None:
        """Give what is there, as far as the retry takes it, and read on when it has taken all."""
        kept, downstream = self.source.kept, self._exchange.downstream
        if kept is None or downstream is None or self._has_ended:
            return
        if not self._has_begun:
            self._begin_reply(kept.head)
        while self._next < len(kept.pieces) and not downstream.is_writing_paused:
            self._next += 1
            self._exchange.reply.unframed(kept.pieces[self._next - 1])
        if self._next == len(kept.pieces) and kept.is_whole:
            self._has_ended = True
            self._exchange.reply.end_unframed()
            return
        self._exchange.reply.flush()
        if self.upstream is not None and not downstream.is_writing_paused:
            self.upstream.transport.resume_reading()

    def forget_given(self) -> None:
        """What was given need not be kept: nobody else gets it."""
        if self.source.kept is not None:
            self.source.kept.drop(self._next)
            self._next = 0

    # === the end ===

    def arrived(self, at: Moment) -> None:
        """The retry has got all of it."""
        self._exchange.joining = None
        self._abandoned.arrived(self.id, at)

    def left(self, at: Moment) -> None:
        """The retry has left, or was cut, before it had all of it."""
        self._exchange.joining = None
        self._abandoned.retry_left(at)

    def fail(self, error: str, sentence: str) -> None:
        """The provider broke the answer."""
        self._exchange.fail(error, sentence)

    def cut(self, command: CutUpstream, status: int, sentence: str) -> None:
        """We have ended the answer."""
        self._exchange.cut(command, status, sentence)

    def _begin_reply(self, head: ReplyHead) -> None:
        exchange, self._has_begun = self._exchange, True
        exchange.waits_since_ns = exchange.context.clock.monotonic_ns()
        exchange.call.receive(UpstreamAnswered(exchange.context.clock.now(), head.status))
        marked = head.fields + MARK % self._abandoned.account.record.id.encode("ascii")
        exchange.reply.begin(msgspec.structs.replace(head, fields=marked))
