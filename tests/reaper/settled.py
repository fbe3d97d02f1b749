"""Operations at their end, and a price book by which their money can be told in the head."""

from decimal import Decimal
from typing import Any

import msgspec

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OperationKind as Kind, OperationState as State
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.reaper.settlement import settle_operation

START = 1_790_000_000 * SECOND
NOW = START + 1000 * SECOND
BOOK = PriceBook(
    [
        Override(model="by-request", request_usd=Decimal(3)),
        Override(model="*", input_per_mtok_usd=Decimal(1), output_per_mtok_usd=Decimal(2), batch_factor=Decimal("0.5")),
    ]
)
"""So that the sums can be done in the head: 40 in and 30 out are 100 millionths, 50 on the batch tier."""
USED = Reported(Usage(input=40, output=30))
WHOLE, NOTHING = Decimal("0.0001"), Decimal(0)
MICRO = Decimal("0.000001")
LAPSED = {"lapsed_at": START + 50 * SECOND}
CLAIMED = {"claimed_at": START + 100 * SECOND}
OURS = {"cancel_trigger": "orphaned", "cancel_result": "confirmed"}
ASKED = {"cancel_trigger": "asked", "cancel_result": "confirmed"}
THEIRS = {"cancel_trigger": "caller", "cancel_result": "confirmed"}
REFUSED = {"cancel_trigger": "orphaned", "cancel_result": "refused"}


def an_operation(state: State = State.SUCCEEDED, **fields: Any) -> OperationRecord:
    """A background response that ran for 100 s."""
    usual: dict[str, Any] = {
        "id": "o1", "upstream": "openai", "provider": "openai", "dialect": "openai", "method": "responses.create",
        "kind": Kind.BACKGROUND, "model": "m", "opened_at": START, "path": "/v1/responses", "provider_id": "resp_1",
        "lease_seconds": 60.0, "renewed_at": START, "due_at": START, "ended_at": START + 100 * SECOND,
    }  # fmt: skip
    return OperationRecord(state=state, **(usual | fields))


def settled(record: OperationRecord, reported: Reported | None = USED, **facts: Any) -> OperationRecord:
    return msgspec.structs.replace(record, **settle_operation(BOOK, record, reported, now=NOW, **facts))
