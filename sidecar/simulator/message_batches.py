"""Anthropic's message batches (providers-wire 5): three states, and what became of each request in lines of their own. Pure."""

import msgspec

from sidecar.clock import SECOND, rfc3339
from sidecar.simulator.anthropic_messages import message
from sidecar.simulator.asked import Asked
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.opening import Document, batch_of, held_of, planner, rows_of
from sidecar.simulator.phase import Phase
from sidecar.simulator.prompt import read_body
from sidecar.simulator.refusals import anthropic_error
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script
from sidecar.simulator.speech import json_line
from sidecar.simulator.undertaking import Kind, Row, Undertaking
from sidecar.simulator.view import View, page, row_naming

STATUS = {Phase.QUEUED: "in_progress", Phase.RUNNING: "in_progress", Phase.CANCELLING: "canceling"}
"""Whatever has come to an end has ended."""
DAY = 24 * 3600 * SECOND
ROW_FAILED = Declined(500, "The row failed, as its script says.")


class Entry(msgspec.Struct, frozen=True):
    """One request of a batch."""

    params: Document
    custom_id: str = ""


class BatchBody(msgspec.Struct, frozen=True):
    """Body of a create."""

    requests: list[Entry] = []


def _named_by_the_rows(route: Route, request: Request, script: Script) -> Route:
    """All rows are for one model: batches of several are not simulated."""
    models = {str(entry.params.get("model", "")) for entry in _requests(request)}
    if len(models) != 1:
        raise Declined(400, "requests: each needs params with a model, here the same for all")
    return msgspec.structs.replace(route, model=models.pop())


def _undertake(asked: Asked) -> Undertaking:
    named = [(entry.custom_id, entry.params) for entry in _requests(asked.request)]
    return batch_of(asked, rows_of(asked, "messages", named), {})


def _requests(request: Request) -> list[Entry]:
    return read_body(held_of(request), BatchBody).requests


def told(view: View) -> Document:
    """The batch. How many succeeded is told when it has ended, not before."""
    has_ended, rows = view.phase.is_end, len(view.undertaking.rows)
    rest = view.open_rows if has_ended else 0
    is_cancelled = view.phase is Phase.CANCELLED
    counts = {
        "processing": 0 if has_ended else rows,
        "succeeded": view.succeeded if has_ended else 0,
        "errored": view.failed + (0 if is_cancelled else rest) if has_ended else 0,
        "canceled": rest if is_cancelled else 0,
        "expired": 0,
    }
    return {
        "id": view.id,
        "type": "message_batch",
        "processing_status": STATUS.get(view.phase, "ended"),
        "request_counts": counts,
        "created_at": rfc3339(view.created_at),
        "expires_at": rfc3339(view.created_at + DAY),
        "ended_at": rfc3339(view.ended_at) if view.ended_at is not None else None,
        "cancel_initiated_at": rfc3339(view.cancel_asked_at) if view.cancel_asked_at is not None else None,
        "archived_at": None,
        "results_url": f"{view.origin}/v1/messages/batches/{view.id}/results" if has_ended else None,
    }


def results(view: View) -> bytes | None:
    """A line for each request, whatever became of it; none before the batch has ended."""
    if not view.phase.is_end:
        return None
    return b"".join(_line(view, row, place) for place, row in enumerate(view.undertaking.rows))


def _line(view: View, row: Row, place: int) -> bytes:
    return json_line({"custom_id": row.name, "result": _result(view, row, place)}) + b"\n"


def _result(view: View, row: Row, place: int) -> Document:
    if place >= len(view.rows_done) and view.phase is Phase.CANCELLED:
        return {"type": "canceled"}
    if row.fails or place >= len(view.rows_done):
        return {"type": "errored", "error": {**anthropic_error(ROW_FAILED), "request_id": None}}
    return {"type": "succeeded", "message": message(row.plan, row_naming(view, place))}


MESSAGE_BATCHES = Family(
    name="messageBatches",
    kind=Kind.BATCH,
    method="messages.batches",
    plan=planner(Kind.BATCH, _undertake, _named_by_the_rows),
    name_of=lambda number: f"msgbatch_simulated_{number}",
    tell=told,
    tell_cancel=told,
    tell_list=lambda views, more: page(views, told, more),
    results=results,
)
"""A cancel of a batch that has ended is answered with the batch."""
