"""Sessions that another socket may go on with, by the handle that the first one was told (Gemini Live's session resumption)."""

from collections import OrderedDict

from sidecar.simulator.live_context import Context

MOST_KEPT = 10_000


class Sessions:
    """What each handle leads back to. A handle may be used again and again; the oldest are forgotten."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Context] = OrderedDict()
        self._told = 0

    def keep(self, context: Context) -> str:
        """A new handle for a session as it stands now."""
        self._told += 1
        handle = f"simulated-session-{self._told}"
        self._kept[handle] = context.copy()
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return handle

    def find(self, handle: str) -> Context | None:
        """The session as it stood when it was told this handle; None for a handle that nobody was told."""
        kept = self._kept.get(handle)
        return kept.copy() if kept else None
