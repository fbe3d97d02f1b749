"""Clocks that stand until a test moves them."""


class HandClock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> int:
        raise AssertionError("durations are not measured by the wall clock")

    def monotonic_ns(self) -> int:
        return int(self.seconds * 1e9)
