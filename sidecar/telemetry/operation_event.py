"""What the log says of an operation: at its end everything, before that enough to recognize it.

Operations are few beside calls, so their lines are made by a loop and pass the redaction like any event.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from sidecar.lifecycle.operation_record import OF_THE_REAPER, OperationRecord
from sidecar.metering.money import plain
from sidecar.telemetry.durations import open_seconds, running_on_seconds
from sidecar.telemetry.event import stamp

IDENTITY: Final = ("id", "upstream", "provider", "kind", "model", "caller", "provider_id")

Fields = dict[str, object]


def operation_fields(record: OperationRecord) -> Fields:
    """All columns of an operation that are set, by their names, and how long it lasted and ran on."""
    fields = msgspec.structs.asdict(record)
    shown = {name: _written(name, value) for name, value in fields.items() if name not in OF_THE_REAPER}
    shown |= {"open_seconds": open_seconds(record), "orphaned_seconds": running_on_seconds(record)}
    return _set(shown)


def identity(record: OperationRecord) -> Fields:
    """By what an operation is recognized."""
    return _set({name: getattr(record, name) for name in IDENTITY})


def _set(fields: Mapping[str, object]) -> Fields:
    return {name: value for name, value in fields.items() if value not in (None, "", {})}


def _written(name: str, value: object) -> object:
    if isinstance(value, int) and name.endswith("_at"):
        return stamp(value)
    return plain(value) if isinstance(value, Decimal) else value
