"""An answer as it is kept while it passes, for a retry that may come when its caller has left. In memory only, and bounded.

What is kept are the pieces as they were read, without their framing: the same objects that are passed on, so that keeping
takes no copy. The bytes of all answers are counted together (`Store`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.http1.head import ReplyHead

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange

MAX_ANSWER, MAX_ALL = "rescue.max_answer_bytes", "rescue.max_bytes"
"""The bounds, as the settings are called."""


class Store:
    """How much is kept of all answers, and who is told when there is no room for more of one."""

    __slots__ = ("answers", "bytes", "most_bytes", "most_each", "outgrew")

    def __init__(self, most_bytes: int, most_each: int, outgrew: "Callable[[Exchange, Kept], None]") -> None:
        self.most_bytes, self.most_each, self.outgrew = most_bytes, most_each, outgrew
        self.bytes = self.answers = 0


class Kept:
    """One answer, from its head on."""

    __slots__ = ("_store", "head", "is_whole", "outgrew", "pieces", "size")

    def __init__(self, store: Store, head: ReplyHead) -> None:
        self._store = store
        self.head = head
        self.pieces: list[bytes] = []
        self.size = 0
        self.is_whole = False
        """Its last byte was read."""
        self.outgrew = ""
        """The bound that it has gone over: there is no room for it, and it has to be let go."""
        store.answers += 1

    def take(self, payload: bytes, exchange: "Exchange") -> None:
        """Keep the next piece of the exchange's answer."""
        store, size = self._store, len(payload)
        self.pieces.append(payload)
        self.size += size
        store.bytes += size
        if self.size > store.most_each or store.bytes > store.most_bytes:
            self.outgrew = MAX_ANSWER if self.size > store.most_each else MAX_ALL
            store.outgrew(exchange, self)

    def drop(self, count: int) -> None:
        """Let go of the first pieces."""
        size = sum(map(len, self.pieces[:count]))
        del self.pieces[:count]
        self.size -= size
        self._store.bytes -= size

    def release(self) -> None:
        """Keep nothing, and nothing more. Called once."""
        self._store.bytes -= self.size
        self._store.answers -= 1
        self.pieces, self.size = [], 0


def release(exchange: "Exchange") -> None:
    """Keep nothing of an exchange's answer any more."""
    kept, exchange.kept = exchange.kept, None
    if kept is not None:
        kept.release()
