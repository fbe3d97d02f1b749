"""The part of the API that is about operations: which there are, what became of them, and a person's word on them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from sidecar.control.operation_reply import HistoryReply, OperationReply, history_reply, operation_reply
from sidecar.control.view import CancelVerdict, Sidecar
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord

ACCEPTED, NOT_FOUND, CONFLICT, UNSUPPORTED, UNAVAILABLE = 202, 404, 409, 501, 503
MOST = 1_000
"""Rows in one answer: a page of some hundred kilobytes."""
RENEWABLE = frozenset({OperationState.OPENING, OperationState.RUNNING})
"""Where an operation stands after a renewal that came in time."""
OPEN = "open"

State = Annotated[str, Query(pattern=f"^({'|'.join([OPEN, *OperationState])})$")]


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
    router = APIRouter(prefix="/api/operations")

    @router.get("")
    async def operations(
        upstream: str | None = None,
        model: str | None = None,
        caller: str | None = None,
        kind: OperationKind | None = None,
        state: State | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    ) -> list[OperationReply]:
        query = OperationQuery(upstream=upstream, model=model, caller=caller, kind=kind, state=state, limit=limit)
        try:
            return [operation_reply(record) for record in await sidecar.operations(query)]
        except LedgerError as failed:
            raise _unavailable(failed) from failed

    @router.get("/{id}")
    async def operation(id: str) -> HistoryReply:
        try:
            record = _found(id, await sidecar.operation(id))
            return history_reply(record, await sidecar.moves(id))
        except LedgerError as failed:
            raise _unavailable(failed) from failed

    _take_wishes(router, sidecar)
    return router


def _take_wishes(router: APIRouter, sidecar: Sidecar) -> None:
    """What changes something."""

    @router.post("/{id}/renew")
    async def renew(id: str) -> RenewReply:
        try:
            record = _found(id, await sidecar.renew_operation(id))
        except LedgerError as failed:
            raise _unavailable(failed) from failed
        if record.state not in RENEWABLE:
            raise HTTPException(CONFLICT, f"operation {id} is {record.state}: too late to renew it")
        return RenewReply(id, record.state, record.lease_seconds)

    @router.post("/{id}/cancel", status_code=ACCEPTED)
    async def cancel(id: str) -> CancelReply:
        try:
            return _taken(id, await sidecar.cancel_operation(id))
        except LedgerError as failed:
            raise _unavailable(failed) from failed


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


def _unavailable(failed: LedgerError) -> HTTPException:
    return HTTPException(UNAVAILABLE, str(failed))
