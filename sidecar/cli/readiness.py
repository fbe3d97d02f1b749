"""How far a sidecar may be waited for to come."""

from enum import StrEnum


class Readiness(StrEnum):
    """What is waited for."""

    STARTED = "started"
    """Its ledger is open and its sockets are bound, be it draining by now."""
    READY = "ready"
    """It takes calls, and is not about to end."""

    @property
    def path(self) -> str:
        """Where the observe socket tells."""
        return "/startupz" if self is Readiness.STARTED else "/readyz"
