"""A bill for machines. A contract: no name is changed or taken away; money is an exact decimal string, a moment RFC 3339 UTC."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import asdict

from sidecar.cli.rows import Row, written
from sidecar.cli.timeout_report import timeouts_object
from sidecar.clock import rfc3339
from sidecar.ledger.bill import Bill, BillLine
from sidecar.ledger.contract import By, CallQuery
from sidecar.metering.money import plain

FIGURES: Final = (
    "calls", "operations", "delivered", "orphaned", "open", "unpriced", "spend_usd", "orphaned_usd", "avoidable_usd",
    "estimated_usd", "orphaned_seconds", "rescued", "rescued_usd", "cancelled", "avoided_usd", "regretted_usd", "saved_usd",
    "reclaimed_usd", "orphaned_estimated_usd", "avoidable_estimated_usd",
)  # fmt: skip
"""What is summed, in the order in which it is written. New ones come last."""
ENDS: Final = ("since", "until")


def line_row(line: BillLine, by: By) -> Row:
    """A line: what it stands for under its own name (`model`, `day`), and its figures."""
    return {by.value: line.key, **figures(line)}


def figures(line: BillLine) -> Mapping[str, object]:
    """Everything but the key."""
    return {name: _plain(getattr(line, name)) for name in FIGURES}


def bill_object(query: CallQuery, by: By, bill: Bill) -> Row:
    """The whole bill, ready for JSON."""
    moments = {name: getattr(query, name) for name in ENDS}
    return {
        "by": by.value,
        **{name: None if at is None else rfc3339(at) for name, at in moments.items()},
        "lines": [line_row(line, by) for line in bill.lines],
        "total": figures(bill.total),
        "timeouts": timeouts_object(bill.timeouts),
        "others": {"lines": bill.others_count, **figures(bill.others)},
        "dearest": [{name: written(name, value) for name, value in asdict(orphan).items()} for orphan in bill.dearest],
        "foregone": {
            **{name: _plain(value) for name, value in asdict(bill.foregone).items()},
            "saved_usd": plain(bill.foregone.saved_usd),
        },
        "first_at": written("first_at", bill.first_at),
        "last_at": written("last_at", bill.last_at),
    }


def _plain(figure: object) -> object:
    return plain(figure) if isinstance(figure, Decimal) else figure
