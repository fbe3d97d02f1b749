"""An operation as a row, and a row as an operation; which of its fields may be set, and how text comes to be writable."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Annotated, Any, Final

import msgspec

from sidecar.ledger.tables import OPERATION_MOVES, OPERATIONS
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord, key_of

Row = Sequence[Any]
"""Values as a driver gives them, in the order of the columns that were asked for."""
Values = dict[str, Any]
"""Numbers and text by the name of their column, as a driver takes them."""

RECORD_COLUMNS: Final = OperationRecord.__struct_fields__
ROW_COLUMNS: Final = tuple(column.name for column in OPERATIONS.columns)
MOVE_COLUMNS: Final = OperationMove.__struct_fields__
MOVE_ROW_COLUMNS: Final = tuple(column.name for column in OPERATION_MOVES.columns)

AFTERWARDS: Final = frozenset({"reclaimed_at", "regretted_at"})
"""What may be set of a settled operation, by `mark_after` alone."""
CHANGEABLE: Final = frozenset(RECORD_COLUMNS) - AFTERWARDS.union(
    # what it is from the beginning, and what only the statements themselves set
    {"id", "upstream", "opened_at", "state", "settled_at", "outcome", "holder", "fence"}
)
"""Fields that `changes` may name."""
SETTLING: Final = CHANGEABLE | {"settled_at"}
"""The same where an operation settles: its moment may be given."""

MOST_EVIDENCE: Final = 200
"""Characters kept of a move's evidence: a few words for people, some of which may come from a provider."""

LEAST, MOST = -(2**63), 2**63 - 1
"""What a BIGINT holds."""

_encode = msgspec.json.Encoder().encode
_usage = msgspec.json.Decoder(dict[str, Annotated[int, msgspec.Meta(ge=0)]])
_labels = msgspec.json.Decoder(dict[str, str])


def check_changes(changes: Mapping[str, Any], allowed: frozenset[str] = CHANGEABLE) -> None:
    """Refuse what no caller may set.

    Raises:
        ValueError: a bug of ours: names a field that `changes` may not.
    """
    if wrong := sorted(changes.keys() - allowed):
        raise ValueError(f"not to be set by changes: {', '.join(wrong)}")


def writable(text: str) -> str:
    """Text as every database takes it: PostgreSQL refuses NUL, and UTF-8 has no half surrogate pairs.

    A provider may send either (in the name of a model). Such an operation must not become one that can't be written about.
    """
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def as_columns(fields: Mapping[str, Any]) -> Values:
    """Fields of an operation as columns; the provider's id brings the key that it is found by.

    Raises:
        OverflowError: a number is too large for any database.
    """
    columns = {name: _ENCODERS.get(name, _plain)(value) for name, value in fields.items()}
    if "provider_id" in columns:
        provider_id = columns["provider_id"]
        columns["provider_key"] = None if provider_id is None else key_of(provider_id)
    return columns


def as_row(record: OperationRecord) -> Values:
    """All columns of an operation."""
    return as_columns({name: getattr(record, name) for name in RECORD_COLUMNS})


def as_record(row: Row) -> OperationRecord:
    """The operation of a row of `RECORD_COLUMNS`.

    Raises:
        msgspec.MsgspecError: the row holds what no operation can, such as a state that this version has no word for.
    """
    fields = dict(zip(RECORD_COLUMNS, row, strict=True))
    for name, decode in _DECODERS.items():
        fields[name] = decode(fields[name])
    record = msgspec.convert(fields, OperationRecord)
    if not all(amount is None or amount.is_finite() for amount in _amounts_of(record)):
        raise msgspec.ValidationError("an amount that is no number")
    return record


def as_move(row: Row) -> OperationMove:
    """The line of history of a row of `MOVE_COLUMNS`.

    Raises:
        msgspec.MsgspecError: the row holds an event or a state that this version has no word for.
    """
    return msgspec.convert(dict(zip(MOVE_COLUMNS, row, strict=True)), OperationMove)


def as_evidence(text: str) -> str:
    """A move's evidence as it is written."""
    return writable(text[:MOST_EVIDENCE])


def _plain(value: object) -> object:
    if isinstance(value, str):
        return writable(str.__str__(value))  # a member of a StrEnum becomes its text
    if isinstance(value, int):
        return _whole(int(value))
    return value


def _whole(number: int) -> int:
    if not LEAST <= number <= MOST:
        raise OverflowError("a number beyond 64 bits")
    return number


def _amount(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")  # never 1E-7: plain for whoever reads the table without us


def _usage_text(value: Mapping[str, int]) -> str:
    return _encode(value).decode()


def _labels_text(value: Mapping[str, str]) -> str:
    return _encode({writable(name): writable(label) for name, label in value.items()}).decode()


_MONEY: Final = ("spend_usd", "orphaned_usd", "avoidable_usd", "avoided_usd", "told_usd")
_amounts_of: Final = attrgetter(*_MONEY)
_ENCODERS: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(_MONEY, _amount),
    "usage": _usage_text,
    "labels": _labels_text,
}
_DECODERS: Final[dict[str, Callable[[Any], Any]]] = {
    "usage": _usage.decode,
    "labels": _labels.decode,
    "is_lease_asked": bool,
    "is_detached": bool,
}
