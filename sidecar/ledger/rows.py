"""A call as a row, and a row as a call."""

from typing import Any, Final

import msgspec

from sidecar.lifecycle.record import CallRecord

Snapshot = tuple[Any, ...]
"""A record's values in the order of its fields, taken at one moment (`msgspec.structs.astuple`)."""
Row = tuple[Any, ...]
"""The values of `ROW_COLUMNS` in order, as numbers and text."""

RECORD_COLUMNS: Final = CallRecord.__struct_fields__
ROW_COLUMNS: Final = (*RECORD_COLUMNS, "instance")

ID: Final = RECORD_COLUMNS.index("id")
OUTCOME: Final = RECORD_COLUMNS.index("outcome")
USAGE: Final = RECORD_COLUMNS.index("usage")
MONEY: Final = tuple(RECORD_COLUMNS.index(name) for name in ("spend_usd", "orphaned_usd", "avoidable_usd"))
# Fields that may hold a member of a StrEnum. sqlite3 would take one too, after looking for an adapter.
WORDS: Final = tuple(
    RECORD_COLUMNS.index(name) for name in ("kind", "left_reason", "outcome", "basis", "avoidable_basis")
)

NOTHING: Final = ""
"""Written in place of None, and made NULL by the statement: the sqlite3 module looks for an adapter for every None it binds,
0.4 us each, which was half the cost of a row."""

_encode = msgspec.json.Encoder().encode
_usage = msgspec.json.Decoder(dict[str, int])


def as_row(snapshot: Snapshot, instance: str) -> Row:
    """The row of a snapshot, for `statements.UPSERT_CALL`. Runs once for each row written: about a microsecond."""
    row = [NOTHING if value is None else value for value in snapshot]
    for place in WORDS:
        row[place] = str.__str__(row[place])
    for place in MONEY:
        if snapshot[place] is not None:
            row[place] = format(snapshot[place], "f")  # never 1E-7: plain for whoever reads the file without us
    row[USAGE] = _encode(snapshot[USAGE]).decode()
    row.append(instance)
    return tuple(row)


def as_record(row: Row) -> CallRecord:
    """The call of a row of `RECORD_COLUMNS`.

    Raises:
        msgspec.MsgspecError: the row holds what no `CallRecord` can, such as a kind that this version has no word for.
    """
    fields = dict(zip(RECORD_COLUMNS, row, strict=True))
    fields["usage"] = _usage.decode(fields["usage"])
    return msgspec.convert(fields, CallRecord)
