"""Calls as they were seen, made of a few numbers: seconds since the first one was sent."""

from collections.abc import Sequence

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.record import CallKind
from sidecar.probing.observations import Call, Look

BEGIN: Moment = 1_795_000_000 * SECOND
SECONDS = 4.0
"""An uncut call takes so long."""
TOKENS = 400
"""And makes so many."""


def at(seconds: float) -> Moment:
    return BEGIN + int(seconds * SECOND)


def look(seconds: float, is_at_work: bool | None = None, made: int | None = None, **more) -> Look:
    return Look(at=at(seconds), is_at_work=is_at_work, made=made, **more)


def call(seconds: float, looks: Sequence[Look] = (), was_cut: bool = True, **more) -> Call:
    """A call that was sent at 0 and ended, or was cut, so many seconds later."""
    given = {"kind": CallKind.STREAM, "mark": "p1", "tokens": None if was_cut else TOKENS, **more}
    return Call(committed_at=at(0), ended_at=at(seconds), was_cut=was_cut, looks=tuple(looks), **given)


WHOLE = call(SECONDS, was_cut=False)
