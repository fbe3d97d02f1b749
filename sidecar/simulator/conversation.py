"""What a dialect has to say in a socket: what its messages mean, and the words of each answer.

A conversation hears every message of the caller and says in commands what is to be done. An answer is a call: it is planned when
its turn comes, since the context that it is charged for has grown by all turns before it.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from sidecar.simulator.declined import Declined
from sidecar.simulator.live_connection import Word
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.speech import Naming


class Say(msgspec.Struct, frozen=True):
    """Words that are no answer, and cost nothing."""

    words: tuple[Word, ...]


class Ask(msgspec.Struct, frozen=True):
    """The caller has asked for an answer, with this JSON. Answers of one lane come one after the other."""

    body: bytes
    lane: str = ""


class Interrupt(msgspec.Struct, frozen=True):
    """The answer that is being given in a lane is to end here."""

    lane: str = ""


class Finish(msgspec.Struct, frozen=True):
    """The work in a lane that waits to be told so may come to its end."""

    lane: str = ""


Command = Say | Ask | Interrupt | Finish


class LiveSpeech(Protocol):
    """The words of one answer."""

    def piece(self, step: int) -> Sequence[Word]:
        """What is said of a step, the end of thinking (0) included."""
        ...

    def closing(self) -> Sequence[Word]:
        """What is said after the tail, when the work was done to its end."""
        ...

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """What is said when it was interrupted after a step."""
        ...

    def failure(self) -> Sequence[Word]:
        """What is said when the work fails in its middle."""
        ...

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """What is said instead of an answer."""
        ...


class Planned(msgspec.Struct, frozen=True):
    """An answer, decided, and its words."""

    plan: Plan
    speech: LiveSpeech
    counted: Callable[[], Used] | None = None
    """What has been used by now, where that is no matter of steps."""

    def used_after(self, step: int | None) -> Used:
        """What has been used when a step is done."""
        return self.counted() if self.counted else self.plan.used_after(step)


class Conversation(Protocol):
    """One socket in one dialect."""

    is_text: bool
    """Its messages are text, not binary."""

    def opening(self) -> Sequence[Word]:
        """What is said before the caller has said anything."""
        ...

    def hear(self, message: bytes) -> Sequence[Command]:
        """What a message of the caller asks for."""
        ...

    def begin(self, ask: Ask, request: Request, naming: Naming) -> Planned:
        """Decide an answer whose turn has come. `request` is the handshake with the message and the script of this turn."""
        ...

    def ended(self, planned: Planned, used: Used) -> Sequence[Word]:
        """An answer is about to end, with so much used of it; what is said behind its last word, and belongs to no answer."""
        ...
