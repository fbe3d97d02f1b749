"""What each caller of a soak is going to do: drawn by a dice, so that a seed tells all of it."""

import itertools
import random
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from tests.soak.answers import TAG, Answer, tag_of

CREDENTIAL = b"X-Goog-Api-Key: a-key\r\nAuthorization: Bearer a-key\r\nX-Api-Key: a-key\r\n"
LONG_PART, QUICK_SECONDS, LONG_SECONDS = 0.02, (0.002, 0.12), (1.0, 4.0)
"""How long an answer takes: most are quick, so that so many calls need few connections; two in a hundred are not."""
DIRECT_PART, SECURE_PART, FRESH_PART = 0.01, 0.01, 0.05
COMES_AGAIN_PART = 0.4
"""Of those that leave."""


class Ending(StrEnum):
    """What becomes of the caller."""

    STAYS = "stays"
    DIRECT = "direct"
    """It stays, and asks past the sidecar: what the machine costs without it."""
    SECURE = "secure"
    """It stays, and speaks TLS."""
    CLOSES = "closes"
    RESETS = "resets"
    HALF_CLOSES = "half-closes and leaves"
    STOPS_SENDING = "stops sending"


REMAINING = frozenset({Ending.STAYS, Ending.DIRECT, Ending.SECURE})
LEAVING = (
    Ending.CLOSES,
    Ending.CLOSES,
    Ending.CLOSES,
    Ending.RESETS,
    Ending.RESETS,
    Ending.HALF_CLOSES,
    Ending.STOPS_SENDING,
)


class Plan(NamedTuple):
    """One caller."""

    tag: bytes
    number: int
    """Of its answer."""
    ending: Ending
    request: bytes
    leaves_after: float
    """Seconds from its request."""
    comes_again_after: float | None
    """Seconds from its leaving, to ask the same once more; None for never."""
    sends: int
    """Bytes of the request, of one that stops sending."""
    is_fresh: bool
    """It makes a connection of its own."""


class Plans:
    """Callers, one after the other."""

    def __init__(self, answers: Sequence[Answer], seed: int, leaving: float, first: int) -> None:
        """`leaving` is the part of callers that do."""
        self._answers, self._dice, self._leaving = answers, random.Random(seed), leaving
        self._numbers = itertools.count(first)
        self._weights = list(itertools.accumulate(answer.weight for answer in answers))

    def next(self) -> Plan:
        """One that has not been yet."""
        dice = self._dice
        number = dice.choices(range(len(self._answers)), cum_weights=self._weights)[0]
        seconds = dice.uniform(*(LONG_SECONDS if dice.random() < LONG_PART else QUICK_SECONDS))
        ending = self._ending()
        comes_again = ending not in REMAINING and dice.random() < COMES_AGAIN_PART
        tag = tag_of(next(self._numbers), "d" if ending is Ending.DIRECT else "c")
        request = request_of(self._answers[number], tag, number, seconds, is_direct=ending is Ending.DIRECT)
        return Plan(
            tag, number, ending, request, leaves_after=dice.uniform(0.0, 1.2 * seconds),
            comes_again_after=dice.uniform(0.0, 2.0 * seconds) if comes_again else None,
            sends=dice.randrange(1, len(request)), is_fresh=dice.random() < FRESH_PART,
        )  # fmt: skip

    def _ending(self) -> Ending:
        chance = self._dice.random()
        if chance < self._leaving:
            return self._dice.choice(LEAVING)
        if chance < self._leaving + DIRECT_PART:
            return Ending.DIRECT
        return Ending.SECURE if chance < self._leaving + DIRECT_PART + SECURE_PART else Ending.STAYS


def request_of(answer: Answer, tag: bytes, number: int, seconds: float, *, is_direct: bool = False) -> bytes:
    """The bytes of a request. Every caller has a name of its own, which is its tag."""
    route = b"" if is_direct else b"/" + answer.upstream.encode()
    body = answer.asked.replace(TAG, tag)
    return b"POST %b%b HTTP/1.1\r\nHost: soak\r\n%bX-Sidecar-Caller: %b\r\nX-Soak: %b %d %.4f\r\nContent-Length: %d\r\n\r\n%b" % (
        route, answer.target.encode(), CREDENTIAL, tag, tag, number, seconds, len(body), body,
    )  # fmt: skip
