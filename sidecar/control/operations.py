"""The part of the API that is about operations: which there are, what became of them, and a person's word on them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from sidecar.control.asked import MOST, Wish, Word, reading_ledger
from sidecar.control.operation_reply import HistoryReply, OperationReply, history_reply, operation_reply
from sidecar.control.view import CancelVerdict, Sidecar
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord

ACCEPTED, NOT_FOUND, CONFLICT, UNSUPPORTED = 202, 404, 409, 501
RENEWABLE = frozenset({OperationState.OPENING, OperationState.RUNNING})
"""Where an operation stands after a renewal that came in time."""
OPEN = "open"

State = Annotated[
    str | None,
    Query(pattern=f"^({'|'.join([OPEN, *OperationState])})$", description="A state, or `open` for all that go on."),
]


@dataclass(frozen=True, slots=True)
class RenewReply:
    """The answer to a renewal that came in time."""

    id: str
    state: str
    lease_seconds: float


@dataclass(frozen=True, slots=True)
class CancelReply:
    """The answer to a cancel that was taken: `GET /api/operations/{id}` says what becomes of it."""

    id: str


def operations_router(sidecar: Sidecar) -> APIRouter:
    """`/api/operations` and what is below it."""
    router = APIRouter(prefix="/api/operations", tags=["operations"])

    @router.get("", summary="Operations in the ledger")
    async def operations(
        upstream: Word = None,
        model: Annotated[Word, Query(description="A pattern: `*` for any characters, `?` for one.")] = None,
        caller: Word = None,
        kind: OperationKind | None = None,
        state: State = None,
        limit: Annotated[int, Query(ge=1, le=MOST, description="Rows at most, newest first.")] = 100,
    ) -> list[OperationReply]:
        """Work at providers that outlives the request that opened it, newest first."""
        query = OperationQuery(upstream=upstream, model=model, caller=caller, kind=kind, state=state, limit=limit)
        with reading_ledger():
            records = await sidecar.operations(query)
        return [operation_reply(record, sidecar.shown.prospect(record)) for record in records]

    @router.get("/{id}", summary="One operation")
    async def operation(id: str) -> HistoryReply:
        """An operation and how it came to be where it is."""
        with reading_ledger():
            record = _found(id, await sidecar.operation(id))
            return history_reply(record, await sidecar.moves(id), sidecar.shown.prospect(record))

    _take_wishes(router, sidecar)
    return router


def _take_wishes(router: APIRouter, sidecar: Sidecar) -> None:
    """What changes something."""

    @router.post("/{id}/renew", summary="Keep an operation")
    async def renew(id: str, _: Wish) -> RenewReply:
        """Somebody vouches for its caller: from now on it has a whole lease. 409 when it is too late."""
        with reading_ledger():
            record = _found(id, await sidecar.renew_operation(id))
        if record.state not in RENEWABLE:
            raise HTTPException(CONFLICT, f"operation {id} is {record.state}: too late to renew it")
        return RenewReply(id, record.state, record.lease_seconds)

    @router.post("/{id}/cancel", status_code=ACCEPTED, summary="Cancel an operation")
    async def cancel(id: str, _: Wish) -> CancelReply:
        """The wish is written down before this answers; what becomes of it, the operation's row says. 409 when it has ended."""
        with reading_ledger():
            return _taken(id, await sidecar.cancel_operation(id))


def _found(id: str, record: OperationRecord | None) -> OperationRecord:
    if record is None:
        raise HTTPException(NOT_FOUND, f"no operation {id} in the ledger")
    return record


def _taken(id: str, verdict: CancelVerdict) -> CancelReply:
    match verdict:
        case CancelVerdict.TAKEN:
            return CancelReply(id)
        case CancelVerdict.ENDED:
            raise HTTPException(CONFLICT, f"operation {id} has ended: there is nothing to cancel")
        case CancelVerdict.OPENING:
            raise HTTPException(CONFLICT, f"operation {id} has no id at its provider yet: try again in a moment")
        case CancelVerdict.UNSUPPORTED:
            raise HTTPException(UNSUPPORTED, f"the provider of operation {id} has no cancel for it")
        case CancelVerdict.UNKNOWN:
            raise HTTPException(NOT_FOUND, f"no operation {id} that this sidecar holds")
