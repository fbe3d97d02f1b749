"""The steps that can be taken about an operation, as values: `reaping.next_step` chooses one, the reaper takes it."""

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, GoneReason


class Wait(msgspec.Struct, frozen=True):
    """Nothing is to be done before this moment."""

    until: Moment


class LookUp(msgspec.Struct, frozen=True):
    """Look for its id in the provider's listing."""


class Lose(msgspec.Struct, frozen=True):
    """Its id will never be known."""

    evidence: str


class Look(msgspec.Struct, frozen=True):
    """Ask the provider how it stands: a free read."""


class Lapse(msgspec.Struct, frozen=True):
    """Its caller is gone."""

    reason: GoneReason
    evidence: str


class Restore(msgspec.Struct, frozen=True):
    """Its caller is there after all: it was heard while its lease was taken for lapsed."""

    evidence: str


class Claim(msgspec.Struct, frozen=True):
    """Write that it is to be cancelled, and that it is we who do it."""

    trigger: CancelTrigger


class Conclude(msgspec.Struct, frozen=True):
    """Write what became of the cancel, without one: it is not to be sent."""

    result: CancelResult
    evidence: str


class Send(msgspec.Struct, frozen=True):
    """Ask the provider to cancel it, if it is ours still."""


class GiveUp(msgspec.Struct, frozen=True):
    """Nobody knows what became of it, and nobody will."""

    evidence: str


class Settle(msgspec.Struct, frozen=True):
    """Its end is known, and will not change: fix the money."""


class Release(msgspec.Struct, frozen=True):
    """It is not ours any more, or has settled: forget it."""


Step = Wait | LookUp | Lose | Look | Lapse | Restore | Claim | Conclude | Send | GiveUp | Settle | Release
