"""The part of the API that is about calls: those in flight, those that settled of late, and those of the ledger."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from sidecar.control.asked import MOST, When, Word, moment_in, reading_ledger
from sidecar.control.shown import CallInFlight, CallRow, call_row
from sidecar.control.view import Sidecar
from sidecar.ledger.contract import OPEN, CallQuery
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind

NOT_FOUND = 404

OutcomeAsked = Annotated[
    str | None, Query(pattern=f"^({'|'.join([*Outcome, OPEN])})$", description="How it ended, or `open`.")
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Rows at most, newest first.")]


def calls_router(sidecar: Sidecar) -> APIRouter:
    """`/api/calls` and what is below it."""
    router = APIRouter(prefix="/api/calls", tags=["calls"])

    @router.get("", summary="Calls in flight")
    async def calls() -> list[CallInFlight]:
        """The calls that have not settled, oldest first, with both of their halves and an estimate of what they cost by now."""
        return list(await sidecar.shown.calls_in_flight())

    @router.get("/recent", summary="Calls that settled of late")
    async def recent(limit: Limit = 200) -> list[CallRow]:
        """Since the start of this process, newest first, from memory: at most a thousand are kept."""
        return [call_row(record) for record in islice(reversed(sidecar.shown.recent()), limit)]

    _tell_of_ledger(router, sidecar)
    return router


def _tell_of_ledger(router: APIRouter, sidecar: Sidecar) -> None:
    @router.get("/history", summary="Calls in the ledger")
    async def history(
        since: Annotated[When | None, Query(description="Started at this moment or later.")] = None,
        until: Annotated[When | None, Query(description="Started before this moment.")] = None,
        upstream: Word = None,
        model: Annotated[Word, Query(description="A pattern: `*` for any characters, `?` for one.")] = None,
        caller: Word = None,
        kind: CallKind | None = None,
        outcome: OutcomeAsked = None,
        orphaned: Annotated[bool, Query(description="Only calls whose caller left while the provider worked.")] = False,
        limit: Limit = 100,
    ) -> list[CallRow]:
        """Settled and open calls, newest first, of every sidecar that writes to the ledger."""
        query = CallQuery(
            since=None if since is None else moment_in(since), until=None if until is None else moment_in(until),
            upstream=upstream, model=model, caller=caller, kind=kind, outcome=outcome, orphaned_only=orphaned, limit=limit,
        )  # fmt: skip
        with reading_ledger():
            return [call_row(record) for record in await sidecar.shown.history(query)]

    @router.get("/{id}", summary="One call")
    async def call(id: str) -> CallInFlight | CallRow:
        """As it is in flight; else, once it has settled, as the ledger has it."""
        live = next((row for row in await sidecar.shown.calls_in_flight() if row.id == id), None)
        if live is not None:
            return live
        settled = next((record for record in reversed(sidecar.shown.recent()) if record.id == id), None)
        if settled is None:
            with reading_ledger():
                settled = await sidecar.shown.call(id)
        if settled is None:
            raise HTTPException(NOT_FOUND, f"no call {id} in flight or in the ledger")
        return call_row(settled)
