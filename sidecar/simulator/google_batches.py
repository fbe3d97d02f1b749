"""Batches of the Gemini API (google-wire 2.4, 3, 4): long-running operations with their state in `metadata`. Pure."""

from collections.abc import Sequence

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.content import whole
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.opening import FILLER, Document, batch_of, held_of, planner, rows_of, rows_of_file
from sidecar.simulator.phase import Phase
from sidecar.simulator.prompt import Camel, read_body
from sidecar.simulator.speech import json_line
from sidecar.simulator.undertaking import Kind, Row, Undertaking
from sidecar.simulator.view import View, google_page, moments, row_naming

STATES = {
    Phase.QUEUED: "BATCH_STATE_PENDING",
    Phase.RUNNING: "BATCH_STATE_RUNNING",
    Phase.CANCELLING: "BATCH_STATE_RUNNING",
    Phase.SUCCEEDED: "BATCH_STATE_SUCCEEDED",
    Phase.FAILED: "BATCH_STATE_FAILED",
    Phase.CANCELLED: "BATCH_STATE_CANCELLED",
}
"""There is no word for being cancelled."""
ERRORS = {
    Phase.FAILED: {"code": 13, "message": "The batch failed, as its script says."},
    Phase.CANCELLED: {"code": 13, "message": "The batch was cancelled."},
}
"""Code 13 also for what was cancelled, as it was seen live; the documents say 1."""
FILE_ROW = {"contents": [{"parts": [{"text": FILLER}], "role": "user"}]}
TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch"


class Entry(Camel, frozen=True):
    """One request of a batch."""

    request: Document = msgspec.field(default_factory=dict)
    metadata: Document = msgspec.field(default_factory=dict)


class Entries(Camel, frozen=True):
    """Requests that the create carries."""

    requests: tuple[Entry, ...] = ()


class Source(Camel, frozen=True):
    """Where the requests are."""

    file_name: str = ""
    requests: Entries = Entries()


class Batch(Camel, frozen=True):
    """What is asked for."""

    display_name: str = ""
    input_config: Source = Source()


class BatchBody(Camel, frozen=True):
    """Body of `batchGenerateContent`."""

    batch: Batch = Batch()


def _undertake(asked: Asked) -> Undertaking:
    batch = read_body(held_of(asked.request), BatchBody).batch
    source = batch.input_config
    echo = {"displayName": batch.display_name, "isOfFile": bool(source.file_name)}
    if source.file_name:
        return batch_of(asked, rows_of_file(asked, "generateContent", FILE_ROW), echo)
    named = [(str(entry.metadata.get("key", "")), entry.request) for entry in source.requests.requests]
    return batch_of(asked, rows_of(asked, "generateContent", named), echo)


def told(view: View) -> Document:
    """The operation: what it has come to stands twice, in `metadata.output` and in `response`."""
    metadata: Document = {
        "@type": TYPE,
        "model": f"models/{view.plan.model.name}",
        **view.echo("displayName"),
        **moments(createTime=view.created_at, endTime=view.ended_at, updateTime=view.ended_at or view.now),
        "batchStats": _counts(view),
        "state": STATES[view.phase],
        "name": f"batches/{view.id}",
    }
    said: Document = {"name": f"batches/{view.id}", "metadata": metadata}
    if view.phase is Phase.SUCCEEDED:
        metadata["output"] = output = _output(view)
        return {**said, "done": True, "response": {"@type": f"{TYPE}Output", **output}}
    return {**said, "done": True, "error": ERRORS[view.phase]} if view.phase in ERRORS else said


def results(view: View) -> bytes | None:
    """The file of answers, a line for each row, where the input was a file."""
    if view.phase is not Phase.SUCCEEDED or not _is_of_file(view):
        return None
    rows = enumerate(view.rows_done)
    return b"".join(json_line({"key": row.name, **_answer(view, row, place)}) + b"\n" for place, row in rows)


def told_list(views: Sequence[View], more: bool) -> Document:
    """A page of batches."""
    return google_page("operations", told, views, more)


def _counts(view: View) -> dict[str, str]:
    """Whole numbers as text, as Google writes those of 64 bits; 0 is left out."""
    counts = {
        "requestCount": len(view.undertaking.rows),
        "successfulRequestCount": view.succeeded,
        "failedRequestCount": view.failed,
        "pendingRequestCount": view.open_rows,
    }
    return {name: str(count) for name, count in counts.items() if count}


def _is_of_file(view: View) -> bool:
    return bool(view.undertaking.echo["isOfFile"])


def _output(view: View) -> Document:
    if _is_of_file(view):
        return {"responsesFile": f"files/batch-{view.id}"}
    answers = [_answer(view, row, place) for place, row in enumerate(view.rows_done)]
    keyed = [
        {"metadata": {"key": row.name}, **answer} if row.name else answer
        for row, answer in zip(view.rows_done, answers, strict=True)
    ]
    return {"inlinedResponses": {"inlinedResponses": keyed}}


def _answer(view: View, row: Row, place: int) -> Document:
    if row.fails:
        return {"error": {"code": 13, "message": "The row failed, as its script says."}}
    return {"response": whole(row.plan, row_naming(view, place))}


GEMINI_BATCHES = Family(
    name="batches",
    kind=Kind.BATCH,
    method="batchGenerateContent",
    plan=planner(Kind.BATCH, _undertake),
    name_of=lambda number: f"simulated-{number}",
    tell=told,
    tell_cancel=lambda view: {},
    tell_list=told_list,
    ended=Declined(400, "The batch has ended.", "FAILED_PRECONDITION"),
    results=results,
)
