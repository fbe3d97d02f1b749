"""What an operation will do, decided whole before its work begins, and what it costs on the way. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used, sum_of, usd

BATCH_FACTOR = Decimal("0.5")
"""Every house asks half for what is done in a batch. Discounts of caches are halved too, which not every house does."""


class Kind(StrEnum):
    """What sort of work it is; the `kind` of its entry on the bill."""

    BACKGROUND = "background"
    BATCH = "batch"
    LRO = "lro"
    TUNING = "tuning"


class Row(msgspec.Struct, frozen=True):
    """One request of a batch."""

    name: str
    """What the caller calls it."""
    plan: Plan
    fails: bool = False
    """It is answered with an error, and costs nothing."""


class Undertaking(msgspec.Struct, frozen=True, kw_only=True):
    """The work of one operation. Its plan says what it is for and how long it takes; a step of a batch is a row."""

    kind: Kind
    plan: Plan
    rows: tuple[Row, ...] = ()
    echo: Mapping[str, Any] = {}
    """What its create request said that its replies repeat."""

    def rows_done(self, made: int | None) -> Sequence[Row]:
        """The rows that are answered when a step is made."""
        return self.rows[: made or 0]

    def used_after(self, made: int | None) -> Used:
        """What has been used when a step is made; nothing before step 0."""
        if made is None:
            return Used()
        if self.kind is not Kind.BATCH:
            return self.plan.used_after(made)
        return sum_of(row.plan.used for row in self.rows_done(made) if not row.fails)

    def usd_after(self, made: int | None) -> Decimal:
        """The bill when a step is made. Rows are charged one by one: a long one is dearer, many short ones are not."""
        if self.kind is not Kind.BATCH:
            return usd(self.plan.model.price, self.used_after(made))
        charged = (usd(row.plan.model.price, row.plan.used) for row in self.rows_done(made) if not row.fails)
        return sum(charged, Decimal(0)) * BATCH_FACTOR
