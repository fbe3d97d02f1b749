"""Sums over calls. Money is added as Decimal, exactly; only the number of seconds is a float, once, at the end."""

from collections.abc import Callable, Iterable
from decimal import Context, Decimal, Inexact, localcontext
from typing import Any, Final

from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.ledger.contract import OPEN, By, ReportLine
from sidecar.ledger.questions import DAY, is_orphan
from sidecar.lifecycle.call import Outcome

Facts = tuple[
    Any,
    str | None,
    Moment | None,
    Moment | None,
    Moment | None,
    str | None,
    str | None,
    str | None,
    str | None,
    str | None,
]
"""Key, outcome, committed_at, left_at, finished_at, spend, orphaned, avoidable (decimal strings), basis, unpriced_reason."""

ZERO: Final = Decimal(0)
# Wide enough for any sum of money; should a digit ever not fit, that is an error and not a rounding.
EXACT: Final = Context(prec=100, traps=[Inexact])
DELIVERED: Final = Outcome.DELIVERED.value
RESCUED: Final = Outcome.RESCUED.value


class Sums:
    """One line while it is being added up."""

    __slots__ = (
        "avoidable", "calls", "delivered", "estimated", "open", "orphaned", "orphaned_usd", "rescued", "rescued_usd", "seconds",
        "spend", "unpriced",
    )  # fmt: skip

    def __init__(self) -> None:
        self.calls = self.delivered = self.orphaned = self.open = self.rescued = self.unpriced = 0
        self.seconds: Moment = 0
        self.spend = self.orphaned_usd = self.avoidable = self.estimated = self.rescued_usd = ZERO

    def add(self, facts: Facts) -> None:
        """Take one call in."""
        _, outcome, committed_at, left_at, finished_at, spend, orphaned_usd, avoidable, basis, unpriced = facts
        self.calls += 1
        if outcome is None:
            self.open += 1
        elif outcome == DELIVERED:
            self.delivered += 1
        elif outcome == RESCUED:
            self.rescued += 1
            self.rescued_usd += Decimal(spend or 0)
        if unpriced is not None:
            self.unpriced += 1
        if left_at is not None and is_orphan(outcome, committed_at, left_at, finished_at):
            self.orphaned += 1
            self.seconds += max(0, finished_at - left_at) if finished_at is not None else 0
        if spend is not None:
            self._add_money(Decimal(spend), orphaned_usd, avoidable, basis)

    def _add_money(self, spend: Decimal, orphaned_usd: str | None, avoidable: str | None, basis: str | None) -> None:
        self.spend += spend
        if basis != "exact":
            self.estimated += spend
        if orphaned_usd is not None and orphaned_usd != "0":  # most calls lose nothing: not worth a Decimal
            self.orphaned_usd += Decimal(orphaned_usd)
        if avoidable is not None and avoidable != "0":
            self.avoidable += Decimal(avoidable)

    def line(self, key: str | None) -> ReportLine:
        """The finished line."""
        return ReportLine(
            key=key,
            calls=self.calls,
            delivered=self.delivered,
            orphaned=self.orphaned,
            open=self.open,
            unpriced=self.unpriced,
            spend_usd=self.spend,
            orphaned_usd=self.orphaned_usd,
            avoidable_usd=self.avoidable,
            estimated_usd=self.estimated,
            orphaned_seconds=self.seconds / SECOND,
            rescued=self.rescued,
            rescued_usd=self.rescued_usd,
        )


def add_up(calls: Iterable[Facts], by: By) -> list[ReportLine]:
    """The lines of a report over calls; keys as `statements.report_rows` selects them."""
    sums: dict[Any, Sums] = {}
    with localcontext(EXACT):
        for facts in calls:
            key = facts[0]
            if key not in sums:
                sums[key] = Sums()
            sums[key].add(facts)
    name = _NAMES.get(by, _as_it_is)
    lines = [each.line(name(key)) for key, each in sums.items()]
    return sorted(lines, key=_in_order_of_days if by is By.DAY else _by_what_was_lost)


def _as_it_is(key: str | None) -> str | None:
    return key


def _day(day: int) -> str:
    return rfc3339(day * DAY).partition("T")[0]


def _outcome(outcome: str | None) -> str:
    return OPEN if outcome is None else outcome


_NAMES: Final[dict[By, Callable[[Any], str | None]]] = {By.DAY: _day, By.OUTCOME: _outcome}


def _in_order_of_days(line: ReportLine) -> str:
    return line.key or ""


def _by_what_was_lost(line: ReportLine) -> tuple[Decimal, Decimal, int, str]:
    return (-line.orphaned_usd, -line.spend_usd, -line.calls, line.key or "")
