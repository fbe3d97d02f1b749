"""The demo's cast: who calls, what for, and how each of them ends. Pure; the same seed gives the same cast.

Everything is told in parts of the scene's length, so that a short scene shows the same in less time. What can't be made
shorter (an SDK's start, the pauses of whoever watches operations) has a floor.
"""

import random
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain, islice

import msgspec

MODELS = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-lite")
AGENT_MODEL = "gemini-2.5-pro"
BATCH_MODEL = "gemini-2.5-flash"
LEASED_MODEL = "claude-haiku-4-5"
VIDEO_MODEL = "veo-3.1-fast-generate-preview"

FULL_SECONDS = 60.0
"""Length of the scene for which the figures below are written."""
TOKENS_PER_SECOND = 400
AGENT_ANSWERS = 5
"""With fewer bills of its kind nobody can say what a cancelled answer would have come to."""


class Work(StrEnum):
    """What a caller wants. The first two are calls, all others open operations."""

    UNARY = "unary"
    STREAM = "stream"
    BACKGROUND = "background"
    """An answer that is polled for (an interaction)."""
    VIDEO = "video"
    """No provider of videos has a cancel."""
    BATCH = "batch"
    LEASED_BATCH = "leased batch"
    """Its caller says for how long it may be silent."""

    @property
    def is_call(self) -> bool:
        """One request and its reply; all else outlives its request."""
        return self in {Work.UNARY, Work.STREAM}


class Ending(StrEnum):
    """What becomes of a caller."""

    STAYS = "stays"
    INTERRUPTED = "Ctrl-C"
    KILLED = "kill -9"
    TIMED_OUT = "timeout"
    """It waits no longer, and does not try again."""
    CLOSED = "closes"
    """It has read enough of a stream."""
    RETRIES = "timeout, retry"
    """Its SDK waits no longer, and sends the request once more."""
    RESTARTED = "kill -9, again"
    """It is killed and started again, as a supervisor does."""


BY_SIGNAL = frozenset({Ending.INTERRUPTED, Ending.KILLED, Ending.RESTARTED})
"""Somebody else ends these; the others end by what their own program does."""
DECK = (
    (Work.UNARY, Ending.STAYS),
    (Work.UNARY, Ending.STAYS),
    (Work.UNARY, Ending.INTERRUPTED),
    (Work.UNARY, Ending.KILLED),
    (Work.UNARY, Ending.TIMED_OUT),
    (Work.STREAM, Ending.STAYS),
    (Work.STREAM, Ending.STAYS),
    (Work.STREAM, Ending.INTERRUPTED),
    (Work.STREAM, Ending.KILLED),
    (Work.STREAM, Ending.CLOSED),
)
"""What plain callers are dealt, so that a dozen shows all of it."""


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What one caller does, and how it ends."""

    name: str
    work: Work
    model: str
    scripts: tuple[str, ...]
    """The provider's part, in the simulator's grammar: one for each call or operation."""
    work_seconds: float
    """How long the provider works for it."""
    enters_after_seconds: float = 0.0
    ending: Ending = Ending.STAYS
    leaves_after_seconds: float = 0.0
    """From the moment at which its request is under way."""
    lease_seconds: int = 0


def scene(seconds: float, callers: int, seed: int) -> tuple[Role, ...]:
    """Everybody, in the order in which they enter. `callers` is how many make a plain call; all else is there once."""
    pace = seconds / FULL_SECONDS
    roles = [*_plain(callers, pace, random.Random(seed)), *_returning(pace), *_operators(pace)]  # noqa: S311  no secret
    return tuple(sorted(roles, key=lambda role: role.enters_after_seconds))


def _plain(count: int, pace: float, dice: random.Random) -> Iterator[Role]:
    """Callers of which more than half vanish, each in the middle of its call. The first one always does, and soon."""
    dealt = chain([(Work.UNARY, Ending.KILLED)], _dealt(dice))
    for number, (work, ending) in enumerate(islice(dealt, count)):
        seconds = max(1.5, dice.uniform(4, 9) * pace)
        leaves = dice.uniform(0.2, 0.6) * seconds if number else 0.6
        yield Role(
            name=f"caller-{number + 1:02d}",
            work=work,
            model=dice.choice(MODELS),
            scripts=(_answer(seconds, 1200, round(seconds * TOKENS_PER_SECOND)),),
            work_seconds=seconds,
            enters_after_seconds=number * 33 * pace / count,
            ending=ending,
            leaves_after_seconds=0.0 if ending is Ending.STAYS else leaves,
        )


def _dealt(dice: random.Random) -> Iterator[tuple[Work, Ending]]:
    """Cards, for ever: each deck shuffled anew."""
    while True:
        yield from dice.sample(DECK, len(DECK))


def _returning(pace: float) -> Iterator[Role]:
    """Callers that give up and come again: their second request is given the answer to the first."""
    for name, work, ending, enters in (
        ("impatient", Work.UNARY, Ending.RETRIES, 4.0),
        ("restarted", Work.STREAM, Ending.RESTARTED, 15.0),
    ):
        seconds = max(2.5, 6 * pace)
        yield Role(
            name=name,
            work=work,
            model="gemini-2.5-pro",
            scripts=(_answer(seconds, 4000, 3000),),
            work_seconds=seconds,
            enters_after_seconds=enters * pace,
            ending=ending,
            leaves_after_seconds=max(1.3, 3.2 * pace),  # an attempt of an SDK must outlast half of the work
        )


def _operators(pace: float) -> Iterator[Role]:
    """Callers whose work outlives their requests."""
    researched = max(1.5, 8 * pace)
    yield Role(
        name="research",
        work=Work.BACKGROUND,
        model=AGENT_MODEL,
        scripts=tuple(_answer(researched, 4000, 9000 + 1500 * nth) for nth in range(AGENT_ANSWERS)),
        work_seconds=researched,
        enters_after_seconds=1.5 * pace,
    )
    yield _forsaken("forsaken", Work.BACKGROUND, AGENT_MODEL, pace, enters=18, leaves=5, seconds=60, output=16_000)
    yield _forsaken("film", Work.VIDEO, VIDEO_MODEL, pace, enters=3, leaves=3, seconds=11)
    yield _forsaken("nightly", Work.BATCH, BATCH_MODEL, pace, enters=6, leaves=4, seconds=9, prompt=9000, output=4000)
    leased = _forsaken("hourly", Work.LEASED_BATCH, LEASED_MODEL, pace, enters=9, leaves=3, seconds=60, output=2500)
    yield msgspec.structs.replace(leased, lease_seconds=max(2, round(8 * pace)))


def _forsaken(  # a row of a table: what differs between these
    name: str, work: Work, model: str, pace: float, *, enters: float, leaves: float, seconds: float,
    prompt: int = 4000, output: int = 0,
) -> Role:  # fmt: skip
    """A caller that is killed while its operation runs."""
    leaves, seconds = max(0.8, leaves * pace), max(5.0, seconds * pace)
    return Role(
        name=name,
        work=work,
        model=model,
        scripts=(_answer(seconds, prompt, output) if output else f"seconds={seconds:.2f}",),
        work_seconds=seconds,
        enters_after_seconds=enters * pace,
        ending=Ending.KILLED,
        leaves_after_seconds=leaves,
    )


def _answer(seconds: float, prompt: int, output: int) -> str:
    """Text, in steps that are small enough to be seen growing; a batch has a step for each of its rows instead."""
    return f"seconds={seconds:.2f} chunks=40 prompt={prompt} output={output} thoughts={output // 4}"
