"""A row of an operation, with what a test wants otherwise."""

from typing import Any

import msgspec

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord

NOW: Moment = 1_790_000_000 * SECOND

ROW = OperationRecord(
    id="o1", upstream="openai", provider="openai", dialect="openai", method="responses.create",
    kind=OperationKind.BACKGROUND, model="gpt", opened_at=NOW - 30 * SECOND, path="/v1/responses", provider_id="resp_1",
    state=OperationState.RUNNING, lease_seconds=60, renewed_at=NOW - 30 * SECOND, due_at=NOW, holder="a", fence=1,
)  # fmt: skip


def row(**fields: Any) -> OperationRecord:
    """`ROW` with these fields."""
    return msgspec.structs.replace(ROW, **fields)
