"""A call as a row, and a row as a call."""

from operator import attrgetter
from typing import Annotated, Any, Final

import msgspec

from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.record import CallRecord

Snapshot = tuple[Any, ...]
"""A record's values in the order of its fields, taken at one moment (`msgspec.structs.astuple`)."""
Row = tuple[Any, ...]
"""The values of `ROW_COLUMNS` in order, as numbers and text."""

RECORD_COLUMNS: Final = CallRecord.__struct_fields__
ROW_COLUMNS: Final = tuple(column.name for column in CALLS.columns)
INSTANCE: Final = ROW_COLUMNS.index("instance")
"""The place of the one column that is no field of a record; those of later steps stand behind it."""

ID: Final = RECORD_COLUMNS.index("id")
OUTCOME: Final = RECORD_COLUMNS.index("outcome")
USAGE: Final = RECORD_COLUMNS.index("usage")
LABELS: Final = RECORD_COLUMNS.index("labels")
USAGE_AT_LEFT: Final = RECORD_COLUMNS.index("usage_at_left")
AMOUNTS: Final = ("spend_usd", "orphaned_usd", "avoidable_usd", "told_usd")
MONEY: Final = tuple(RECORD_COLUMNS.index(name) for name in AMOUNTS)
amounts_of: Final = attrgetter(*AMOUNTS)
# Fields that may hold a member of a StrEnum. sqlite3 would take one too, after looking for an adapter.
WORDS: Final = tuple(
    RECORD_COLUMNS.index(name)
    for name in (
        "kind", "left_reason", "outcome", "basis", "basis_reason", "avoidable_basis", "unpriced_reason", "usage_basis",
        "usage_reason", "handed_over", "at_left_basis", "decision", "decision_reason",
    )
)  # fmt: skip

NOTHING: Final = ""
"""Written in place of None, and made NULL by the statement: the sqlite3 module looks for an adapter for every None it binds,
0.4 us each, which was half the cost of a row."""

_encode = msgspec.json.Encoder().encode
_usage = msgspec.json.Decoder(dict[str, Annotated[int, msgspec.Meta(ge=0)]])
_labels = msgspec.json.Decoder(dict[str, str])


def as_row(snapshot: Snapshot, instance: str) -> Row:
    """The row of a snapshot, for `statements.UPSERT_CALL`. Runs once for each row written: about a microsecond."""
    row = [NOTHING if value is None else value for value in snapshot]
    for place in WORDS:
        row[place] = str.__str__(row[place])
    for place in MONEY:
        if snapshot[place] is not None:
            row[place] = format(snapshot[place], "f")  # never 1E-7: plain for whoever reads the file without us
    row[USAGE] = _encode(snapshot[USAGE]).decode()
    labels, at_left = snapshot[LABELS], snapshot[USAGE_AT_LEFT]
    row[LABELS] = _encode(labels).decode() if labels else NOTHING
    if at_left is not None:
        row[USAGE_AT_LEFT] = _encode(at_left).decode()
    row.insert(INSTANCE, instance)
    return tuple(row)


def as_record(row: Row) -> CallRecord:
    """The call of a row of `RECORD_COLUMNS`.

    Raises:
        msgspec.MsgspecError: the row holds what no `CallRecord` can, such as a kind that this version has no word for.
    """
    fields = dict(zip(RECORD_COLUMNS, row, strict=True))
    fields["usage"] = _usage.decode(fields["usage"])
    fields["labels"] = {} if fields["labels"] is None else _labels.decode(fields["labels"])
    if fields["usage_at_left"] is not None:
        fields["usage_at_left"] = _usage.decode(fields["usage_at_left"])
    record = msgspec.convert(fields, CallRecord)
    if not all(amount is None or amount.is_finite() for amount in amounts_of(record)):
        raise msgspec.ValidationError("an amount that is no number")
    return record
