"""What the script has an operation do when it is asked to stop. Pure.

The word is `Script.cancel`: a name, and for some of them a number behind a colon.
"""

from enum import Enum, auto

import msgspec

from sidecar.simulator.declined import Declined

STOPPING_SECONDS = 0.02
"""From a cancel to its end where nothing is scripted, in dialects that have a word for the time between."""
REVIVED_SECONDS = 2.0
"""From a cancel to the end that nobody expected, where the word has no number."""
PATTERN = r"^(stops|refused|ignored|late|unsupported|revived|(slow|revived):\d+(\.\d+)?|(throttled|failing):\d+)$"


class Does(Enum):
    """What becomes of the work."""

    STOP = auto()
    NOTHING = auto()
    FINISH = auto()
    """It is done at once, to its end."""
    REVIVE = auto()
    """It is told as cancelled, and some seconds later as done."""


class Effect(msgspec.Struct, frozen=True):
    """What a cancel does, and the answer where it is not 200."""

    does: Does
    seconds: float = 0.0
    """Until the end is told; with `REVIVE`, until it is done after all."""
    declined: Declined | None = None


DECLINED = {
    "refused": Declined(400, "The operation is in no state in which it can be cancelled.", "FAILED_PRECONDITION"),
    "unsupported": Declined(501, "Operation is not implemented, or supported, or enabled."),
    "throttled": Declined(429, "Too many requests, as the script of this operation says."),
    "failing": Declined(500, "Internal error, as the script of this operation says."),
}
"""Words that decline: some always, some as often as their number says."""


def effect_of(word: str, before: int) -> Effect:
    """The effect of a cancel of work that is under way, when `before` others were asked for already."""
    name, _, number = word.partition(":")
    if name in DECLINED and (not number or before < int(number)):
        return Effect(Does.NOTHING, declined=DECLINED[name])
    match name:
        case "ignored":
            return Effect(Does.NOTHING)
        case "late":
            return Effect(Does.FINISH)
        case "revived":
            return Effect(Does.REVIVE, float(number or REVIVED_SECONDS))
        case "slow":
            return Effect(Does.STOP, float(number))
    return Effect(Does.STOP, STOPPING_SECONDS)
