"""Sums over the whole ledger, and the same sums as the metrics page and the log have them."""

import urllib.request
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.soak.ledgers import SEEDED, SoakedLedger

PREFIX: Final = "inference_sidecar_"
CALLS: Final = "SELECT outcome, spend_usd, orphaned_usd, avoidable_usd FROM calls WHERE upstream != '{seeded}'"
OPERATIONS: Final = "SELECT outcome, spend_usd, orphaned_usd, avoidable_usd, avoided_usd FROM operations"
CLOSE: Final = Decimal("1e-9")
"""Of a sum: the page has floats, of sixteen digits."""
MONEY: Final = ("spend_usd", "delivered_usd", "orphaned_usd", "avoidable_usd", "rescued_usd", "avoided_usd")


class Totals(NamedTuple):
    """What it all comes to."""

    calls: Counter[str]
    """By outcome."""
    operations: Counter[str]
    """By outcome."""
    usd: dict[str, Decimal]
    """By the names of `MONEY`, calls and operations together."""

    def differing(self, other: "Totals") -> Iterator[str]:
        """Sentences about what the page has otherwise than the ledger (`self`)."""
        for what, mine, theirs in (
            ("calls", self.calls, other.calls),
            ("operations", self.operations, other.operations),
        ):
            if +mine != +theirs:
                yield f"the ledger has {what} {dict(mine)}, the page {dict(theirs)}"
        for name in MONEY:
            if abs(self.usd[name] - other.usd[name]) > CLOSE * max(Decimal(1), self.usd[name]):
                yield f"{name} is {self.usd[name]} in the ledger, and {other.usd[name]} on the page"


def of_ledger(ledger: SoakedLedger) -> Totals:
    """By its rows."""
    calls, operations = Counter[str](), Counter[str]()
    usd = dict.fromkeys(MONEY, Decimal(0))
    for outcome, *amounts in ledger.rows(CALLS.format(seeded=SEEDED)):
        calls[str(outcome)] += 1
        _add(usd, *map(_decimal, amounts))
        usd["rescued_usd"] += _decimal(amounts[0]) if outcome == "rescued" else 0
    for outcome, spend, orphaned, avoidable, avoided in ledger.rows(OPERATIONS):
        operations[str(outcome)] += 1
        _add(usd, *map(_decimal, (spend, orphaned, avoidable)))
        usd["avoided_usd"] += _decimal(avoided)
    return Totals(calls, operations, usd)


def of_page(observe: str) -> Totals:
    """By the metrics."""
    with urllib.request.urlopen(f"{observe}/metrics", timeout=30) as reply:
        text = reply.read().decode()
    calls, operations = Counter[str](), Counter[str]()
    usd = dict.fromkeys(MONEY, Decimal(0))
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            name, value = sample.name.removeprefix(PREFIX), Decimal(repr(sample.value))
            if name == "calls_settled_total":
                calls[sample.labels["outcome"]] += int(value)
            elif name == "operations_settled_total":
                operations[sample.labels["outcome"]] += int(value)
            elif name == "spend_usd_total":
                usd["spend_usd"] += value
                usd[f"{sample.labels['fate']}_usd"] += value
            elif name.removesuffix("_spend_usd_total") + "_usd" in usd:
                usd[name.removesuffix("_spend_usd_total") + "_usd"] += value
    return Totals(calls, operations, usd)


def _add(usd: dict[str, Decimal], spend: Decimal, orphaned: Decimal, avoidable: Decimal) -> None:
    usd["spend_usd"] += spend
    usd["delivered_usd"] += spend - orphaned
    usd["orphaned_usd"] += orphaned
    usd["avoidable_usd"] += avoidable


def _decimal(amount: object) -> Decimal:
    return Decimal(str(amount)) if amount is not None else Decimal(0)
