"""One answer in a socket, as far as it is known, and the table of those that nobody has asked for yet."""

from collections import OrderedDict

import msgspec

from sidecar.metering.basis import Basis, worst
from sidecar.metering.money import ZERO
from sidecar.metering.usage import COUNTED as CLASSES, Usage
from sidecar.providers.contract import Reported
from sidecar.providers.estimate import tokens_of
from sidecar.providers.reported import COUNTED, NOTHING, at_least

UNREPORTED_SOUND = "unreported_sound"
"""Sound passed of which no tokens were told. How many a second of it makes is in no reference of ours: only text was counted."""
MOST_UNASKED = 64


class Turn:
    """What is known of one answer: the `ReplyReader` of its call. A dialect's reader notes in it what its messages say."""

    __slots__ = ("has_sound", "input", "is_declined", "is_terminal", "number", "said_bytes", "told")
    gave_up = ""

    def __init__(self, number: int, known: Usage = NOTHING) -> None:
        """`known` is what its input is taken to be until its provider says: tokens of what came before it."""
        self.number = number
        self.input = known
        self.told: Reported | None = None
        """What was reported, summed up."""
        self.said_bytes = 0
        """Of the answer's text, or of its transcript."""
        self.has_sound = False
        """Some of the answer was sound."""
        self.is_terminal = False
        """The answer is whole, even if its usage follows."""
        self.is_declined = False
        """It was refused: nothing was spent on it."""

    def feed(self, chunk: bytes) -> None:
        """Not called: what passes is fed to the reader of the socket."""

    def finish(self) -> None:
        """The answer has ended, or its socket has."""

    def add(self, reported: Reported) -> None:
        """Some of what it used was reported. Each report is of a run of the model of its own: they add up."""
        self.told = reported if self.told is None else summed(self.told, reported)

    def reported(self) -> Reported | None:
        """What was reported up to now, or can be told without."""
        if self.told is not None:
            return self.told if self.is_terminal else at_least(self.told, "unfinished")
        has_output = self.said_bytes > 0 or self.has_sound
        if self.is_declined or (self.is_terminal and not has_output):
            return None
        usage = msgspec.structs.replace(self.input, output=tokens_of(self.said_bytes))
        if usage == NOTHING:
            return None
        return Reported(usage, basis=Basis.ESTIMATED, reason=UNREPORTED_SOUND if self.has_sound else COUNTED)


class Turns:
    """Those of one socket that nobody has asked for yet, by number. Whoever never asks loses the oldest."""

    __slots__ = ("_count", "_unasked")

    def __init__(self) -> None:
        self._count = 0
        self._unasked: OrderedDict[int, Turn] = OrderedDict()

    def next_number(self) -> int:
        """The number of the next turn."""
        self._count += 1
        return self._count

    def put(self, turn: Turn) -> None:
        """Keep a turn until it is asked for."""
        self._unasked[turn.number] = turn
        if len(self._unasked) > MOST_UNASKED:
            self._unasked.popitem(last=False)

    def open(self, known: Usage = NOTHING) -> Turn:
        """A turn of the next number."""
        turn = Turn(self.next_number(), known)
        self.put(turn)
        return turn

    def take(self, number: int) -> Turn:
        """The turn of a number; one of which nothing is known where there is none."""
        return self._unasked.pop(number, None) or Turn(number)


def summed(one: Reported, other: Reported) -> Reported:
    """Two reports of one answer, in one; two tiers make its price a guess."""
    usages = one.usage, other.usage
    usage = Usage(
        **{name: sum(getattr(usage, name) for usage in usages) for name in CLASSES},
        variant=other.usage.variant or one.usage.variant,
    )
    costs = [reported.cost_usd for reported in (one, other) if reported.cost_usd is not None]
    doubt, basis = one.reason or other.reason, worst(one.basis, other.basis)
    if one.tier != other.tier:
        doubt, basis = doubt or "tiers_differ", Basis.ESTIMATED
    return Reported(
        usage, other.model or one.model, other.tier, basis, doubt, cost_usd=sum(costs, ZERO) if costs else None
    )


def carried(usage: Usage, *, is_cached: bool) -> Usage:
    """What the next answer of a conversation will read of it: all that this one read, and what it said, thoughts aside.

    Both providers say so: google-wire 8, and openai-python 3.54, `RealtimeResponseUsage`: "output from previous turns (text and
    audio tokens) will become the input for later turns". An estimate: either may be cut down or compressed in between.
    """
    read = usage.input + usage.cached_input + usage.tool_use
    read_audio, read_images = usage.audio_input + usage.cached_audio_input, usage.image_input + usage.cached_image_input
    if is_cached:
        return Usage(
            input=usage.output,
            audio_input=usage.audio_output,
            cached_input=read,
            cached_audio_input=read_audio,
            cached_image_input=read_images,
        )
    return Usage(
        input=read + usage.output,
        audio_input=read_audio + usage.audio_output,
        image_input=read_images,
        video_input=usage.video_input,
    )


def with_text(usage: Usage, text_bytes: int) -> Usage:
    """The same with text that was said since."""
    return msgspec.structs.replace(usage, input=usage.input + tokens_of(text_bytes)) if text_bytes else usage
