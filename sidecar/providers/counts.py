"""Counts of tokens: as typed fields, out of whatever stands in their place, and made to agree with one another.

Where two counts contradict each other the smaller reading is taken, so these cut down and never add.
"""

from typing import Annotated

from msgspec import Meta, Struct

MOST = 2**31 - 1
"""Google's counts are int32, and no context is that large: a larger number is no count of what one call used."""

Count = Annotated[int, Meta(ge=0, le=MOST)]
Number = int | float | str | None
"""What JSON of a count may be, where it only matters whether there is one."""


def careful_count(value: object) -> tuple[int, bool]:
    """A count out of whatever stands there, and whether it was one. JSON of int64 values has them as strings."""
    if value is None:
        return 0, True
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(MOST)):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST:
        return value, True
    return 0, False


def cut_down(classes: tuple[int, ...], excess: int) -> list[int]:
    """The classes, dearest first, with `excess` tokens taken from the front."""
    left = []
    for count in classes:
        taken = max(0, min(count, excess))
        excess -= taken
        left.append(count - taken)
    return left


# === parts ===


class Parts(Struct, frozen=True, gc=False):
    """Tokens of a class that may have a price of their own. Documents count as images, as genai-prices has it."""

    audio: int = 0
    image: int = 0
    video: int = 0


def minus(whole: Parts, part: Parts) -> Parts:
    """What is left of each, never below 0."""
    return Parts(max(0, whole.audio - part.audio), max(0, whole.image - part.image), max(0, whole.video - part.video))


def within(parts: Parts, count: int) -> tuple[Parts, bool]:
    """The parts, cut down so that together they don't exceed the class, and whether that was needed."""
    if parts.audio + parts.image + parts.video <= count:
        return parts, False
    image = min(parts.image, count)
    audio = min(parts.audio, count - image)
    return Parts(audio, image, min(parts.video, count - image - audio)), True
