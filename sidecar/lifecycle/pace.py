"""How long to wait before asking or trying again: soon at first, then less often. Pure; chance comes from outside."""

from typing import Final

import msgspec

from sidecar.lifecycle.operation import OperationState as S


class Pace(msgspec.Struct, frozen=True):
    """Pauses that grow by a factor up to the longest."""

    first_seconds: float
    factor: float
    longest_seconds: float

    def pause_seconds(self, attempts: int, chance: float) -> float:
        """The pause after so many attempts; `chance`, from 0 to 1, spreads it over its upper half.

        Half and not all of it, so that many that begin together part, and none is asked again at once.
        """
        grown: float = self.first_seconds * self.factor ** min(attempts, 64)
        return min(grown, self.longest_seconds) * (0.5 + chance / 2)


LOOKING_UP: Final = Pace(10, 2, 300)
WATCHING: Final = Pace(10, 1.5, 300)
"""Nobody waits for what this learns, but for the bill."""
CONFIRMING: Final = Pace(1, 1.6, 30)
"""A cancel has been sent: how soon its end is seen decides what a person sees first."""
DOUBTING: Final = Pace(15, 1.5, 60)
"""An end was seen, and is looked at on."""
SENDING: Final = Pace(2, 2, 120)
"""Cancels that had no answer, or were answered: later."""

WRITING: Final = Pace(0.5, 2, 15)
"""A step for a ledger that could not be written. Ten thousand sidecars lose the database that they share in one moment, and are
not to come back to it in one: pauses of 10 s at most made their busiest second a tenth busier (tests/scale)."""

LOOKING: Final[dict[S, Pace]] = {
    S.OPENING: LOOKING_UP,
    S.RUNNING: WATCHING,
    S.ORPHANED: WATCHING,
    S.CANCELLING: CONFIRMING,
    S.CANCELLED: DOUBTING,
    S.ABANDONED: DOUBTING,
}
"""How often an operation in a state is looked at; the other states are not."""


def after(pace: Pace, attempts: int, chance: float, asked_seconds: float | None) -> float:
    """The pause after an answer: at least what the provider asked for (`Retry-After`), and then with some chance on top of it."""
    pause = pace.pause_seconds(attempts, chance)
    return pause if asked_seconds is None else max(pause, asked_seconds * (1 + chance / 10))
