"""What a provider does with its work when the connection closes. The facts themselves are in `facts.py`."""

import msgspec

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind


class OnCloseFacts(msgspec.Struct, frozen=True):
    """What the provider does with the work when the connection closes, and how we know."""

    stream: OnClose
    unary: OnClose
    source: str
    date: str
    evidence: str
    live: OnClose = OnClose.UNKNOWN
    """Nobody has said or measured it of any provider's sockets (providers-wire 6)."""

    def of(self, kind: CallKind) -> OnClose:
        """The fact for one kind of call."""
        if kind is CallKind.LIVE:
            return self.live
        return self.stream if kind is CallKind.STREAM else self.unary
