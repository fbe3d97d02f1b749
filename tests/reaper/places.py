"""Settings with configured credentials, and what is said about those that can't be had."""

from typing import Any

from sidecar.clock import SystemClock
from sidecar.config.load import load
from sidecar.config.upstreams import Upstream


def upstreams(**places: str) -> dict[str, Upstream]:
    """The built-in upstreams, with these places of credentials: `gemini="{env: K}"`."""
    variables = {f"SIDECAR_UPSTREAMS__{name.upper()}__CREDENTIAL": place for name, place in places.items()}
    return load({}, variables).settings.upstreams


class MovedClock(SystemClock):
    """The machine's clock, moved on by hand."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() + int(self.ahead_seconds * 1e9)


class Said:
    """What was said, in order."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def __call__(self, *said: Any) -> None:
        self.sentences.append(": ".join(said))
