"""Usage asked for in the place of a caller that did not, where the settings say so (`upstreams.<name>.inject_usage`).

OpenAI-style streams report what was used only when the request says `stream_options.include_usage`. Such a request is held until
it is whole, sent on with that option, and the reply loses again what came of it: the caller sees what it would have seen. The one
place in the road where bytes are changed, and off unless it is set.
"""

import msgspec

from sidecar.http1.framing import Framing, chunk
from sidecar.http1.head import ReplyHead, RequestHead, without
from sidecar.providers.openai_inject import UsageChunksRemoved, with_usage_asked
from sidecar.proxy.admission import Admission

MOST_HELD = 1024 * 1024
"""Bytes of a request; a larger one passes as it is, and its stream is estimated. Looking through so much takes up to 7 ms."""


def asked_usage_of(admission: Admission) -> "AskedUsage | None":
    """What changes a request and its reply; None, as nearly always, where nothing is to be asked for."""
    route = admission.route
    if not admission.destination.inject_usage or route is None or not route.asks_usage:
        return None
    return AskedUsage(continuous=route.asks_in_chunks)


class AskedUsage:
    """One request that may be changed, and the reply to it."""

    __slots__ = ("_continuous", "_is_changed", "_is_chunked", "_pieces", "_removed", "_size")

    def __init__(self, *, continuous: bool) -> None:
        """`continuous` also asks for usage in every chunk, as vLLM can (`continuous_usage_stats`)."""
        self._continuous = continuous
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_changed = self._is_chunked = False
        self._removed: UsageChunksRemoved | None = None

    def hold(self, payload: bytes) -> bool:
        """Keep a piece of the request's body; False when it is too much to be kept."""
        self._size += len(payload)
        self._pieces.append(payload)
        if self._size > MOST_HELD:
            self._pieces.clear()
        return self._size <= MOST_HELD

    def changed(self, head: RequestHead) -> tuple[RequestHead, bytes] | None:
        """The whole request with the option, or None when it goes on as it came."""
        body, self._pieces = b"".join(self._pieces), []
        changed = None if b"content-encoding" in head.noted else with_usage_asked(body, self._continuous)
        if changed is None:
            return None
        self._is_changed = True
        fields = without(
            without(head.fields, b"content-length"), b"accept-encoding"
        )  # a coded reply could not be changed back
        fields += b"\r\nContent-Length: %d" % len(changed)
        return msgspec.structs.replace(head, fields=fields, framing=Framing(length=len(changed))), changed

    def answered(self, head: ReplyHead, *, is_chunked: bool) -> None:
        """The reply begins; only in one of events is there anything to be taken out."""
        is_events = head.noted.get(b"content-type", b"").startswith(b"text/event-stream")
        may_shrink = head.framing.is_chunked or head.framing.until_close
        if self._is_changed and is_events and may_shrink and b"content-encoding" not in head.noted:
            self._removed, self._is_chunked = UsageChunksRemoved(self._continuous), is_chunked

    def passed_on(self, framed: bytes, payload: bytes) -> bytes:
        """A piece of the reply as the caller gets it, in the framing that it gets; empty while there is nothing to give."""
        return framed if self._removed is None else self._framed(self._removed.feed(payload))

    def rest(self) -> bytes:
        """What was kept back when the reply ended."""
        return b"" if self._removed is None else self._framed(self._removed.finish())

    def _framed(self, payload: bytes) -> bytes:
        return chunk(payload) if payload and self._is_chunked else payload
