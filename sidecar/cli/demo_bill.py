"""The demo's closing account: what the sidecar counted beside what the provider billed, caller by caller. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from sidecar.cli.money import percent
from sidecar.cli.performance import settles
from sidecar.cli.stage import Row
from sidecar.simulator.cast import Role

ZERO: Final = Decimal(0)
LABEL: Final = 20
FIGURE: Final = 13
"""Columns of each figure, behind those of what it is called."""
PLACES: Final = 6


def usd(amount: Decimal, places: int = PLACES) -> str:
    """Money with six decimals, or as many as are asked for."""
    return f"{amount:.{places}f}"


def counted(rows: Iterable[Row], field: str) -> Decimal:
    """The sum of a field of settled rows, in US dollars; rows that have none of it add nothing."""
    return sum((Decimal(row.get(field) or "0") for row in rows), ZERO)


class Sums(NamedTuple):
    """One figure: of the calls, and of the operations. US dollars."""

    calls: Decimal
    operations: Decimal

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.calls + self.operations

    @property
    def places(self) -> int:
        """As many decimals as show each figure to its last digit."""
        return max(PLACES, *(-int(amount.normalize().as_tuple().exponent) for amount in self))

    def shown(self, places: int) -> str:
        """The three figures, aligned."""
        return "".join(f"{usd(amount, places):>{FIGURE}}" for amount in (*self, self.total))


class Account(NamedTuple):
    """What one scene has come to."""

    cast: Sequence[Role]
    settled: Mapping[str, Sequence[Row]]
    """Log lines of the sidecar, by caller."""
    bill: Mapping[str, Sequence[Row]]
    """Entries of the provider's own bill, by caller."""

    def sums(self, field: str, outcomes: frozenset[str] = frozenset()) -> Sums:
        """What the sidecar counted; with `outcomes`, of rows that ended so."""
        return self._sums(field, self.settled, outcomes)

    @property
    def billed(self) -> Sums:
        """What the provider charges."""
        return self._sums("usd", self.bill, frozenset())

    @property
    def cancels(self) -> list[Row]:
        """The operations that the sidecar has cancelled, confirmed by the provider."""
        rows = (row for role in self.cast for row in self.settled.get(role.name, ()))
        return [row for row in rows if row.get("cancel_result") == "confirmed"]

    def differences(self) -> Iterator[str]:
        """Where the two accounts do not agree, a sentence each; nothing where they do, to the last digit."""
        for role in self.cast:
            rows, entries = self.settled.get(role.name, ()), self.bill.get(role.name, ())
            mine, theirs = counted(rows, "spend_usd"), counted(entries, "usd")
            if len(rows) < settles(role):
                yield f"{role.name}: {settles(role) - len(rows)} of {settles(role)} not settled"
            if mine != theirs:
                why = ", ".join(str(row["unpriced_reason"]) for row in rows if row.get("unpriced_reason"))
                yield f"{role.name}: counted {mine:f}, billed {theirs:f}{f' ({why})' if why else ''}"
        strangers = sorted(set(self.bill) - {role.name for role in self.cast})
        yield from (f"{name or 'nobody'}: billed {counted(self.bill[name], 'usd'):f}, not asked" for name in strangers)

    def _sums(self, field: str, by_caller: Mapping[str, Sequence[Row]], outcomes: frozenset[str]) -> Sums:
        sums = {True: ZERO, False: ZERO}
        for role in self.cast:
            rows = [row for row in by_caller.get(role.name, ()) if not outcomes or row.get("outcome") in outcomes]
            sums[role.work.is_call] += counted(rows, field)
        return Sums(sums[True], sums[False])


def closing(account: Account) -> Iterator[str]:
    """The account, a line each: the two bills, what of them went to nobody, and what was saved."""
    spend, billed, differences = account.sums("spend_usd"), account.billed, list(account.differences())
    places = max(spend.places, billed.places)

    def line(name: str, sums: Sums, words: str = "") -> str:
        return f"{name:<{LABEL}}{sums.shown(places)}  {words}".rstrip()

    yield f"{'':<{LABEL}}{'calls':>{FIGURE}}{'operations':>{FIGURE}}{'total USD':>{FIGURE}}"
    yield line("The provider billed", billed)
    yield line("The sidecar counted", spend, "NOT the same" if differences else "the same, to the last digit")
    yield from (f"  {difference}" for difference in differences)
    orphaned = account.sums("orphaned_usd")
    yield line("  orphaned", orphaned, f"{percent(orphaned.total, spend.total)}, for results nobody received")
    yield line("  avoidable", account.sums("avoidable_usd"), "had all of it stopped when its caller left")
    retries = sum(row.get("outcome") == "joined" for rows in account.settled.values() for row in rows)
    rescued = account.sums("spend_usd", frozenset({"rescued"}))
    yield line("  rescued", rescued, f"paid once: {retries} retries were given the first attempt's answer")
    yield line("  avoided", account.sums("avoided_usd"), _avoided(account.cancels))


def _avoided(cancels: Sequence[Row]) -> str:
    """What the figure stands on: an estimate, made only where enough bills of the same kind are known."""
    told = [row for row in cancels if row.get("avoided_usd") is not None]
    sentence = f"estimated, by {len(told)} of {len(cancels)} cancels"
    if len(told) < len(cancels):
        sentence += "; the rest has no bills to compare with"
    return sentence
