"""OpenAI's batches and fine-tuning jobs (providers-wire 5). Pure."""

import msgspec

from sidecar.clock import SECOND
from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.openai_usage import response_usage
from sidecar.simulator.opening import FILLER, Document, batch_of, body_of, named_by, planner, rows_of_file, trained
from sidecar.simulator.phase import Phase
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script
from sidecar.simulator.speech import json_line
from sidecar.simulator.speeches import speech_of
from sidecar.simulator.undertaking import Kind, Undertaking
from sidecar.simulator.view import View, created, page, row_naming

BATCH_STATUS = {
    Phase.QUEUED: "validating",
    Phase.RUNNING: "in_progress",
    Phase.CANCELLING: "cancelling",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
}
JOB_STATUS = {
    Phase.QUEUED: "validating_files",
    Phase.RUNNING: "running",
    Phase.CANCELLING: "running",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
}
ROWS_MODEL = "gpt-4o-mini"
"""Of a file that nobody reads, where the script does not name one."""
ENDPOINTS: dict[str, tuple[str, Document]] = {
    "/v1/chat/completions": ("chat.completions", {"messages": [{"role": "user", "content": FILLER}]}),
    "/v1/completions": ("completions", {"prompt": FILLER}),
    "/v1/responses": ("responses", {"input": FILLER}),
    "/v1/embeddings": ("embeddings", {"input": FILLER}),
}
"""What the rows of a batch call, and a body of one."""
DAY = 24 * 3600 * SECOND


def _named_by_script(route: Route, request: Request, script: Script) -> Route:
    return msgspec.structs.replace(route, model=script.model or ROWS_MODEL)


def _batch(asked: Asked) -> Undertaking:
    echo = body_of(asked.request)
    if not echo.get("input_file_id") or echo.get("endpoint") not in ENDPOINTS:
        raise Declined(400, "input_file_id and endpoint are required")
    method, body = ENDPOINTS[echo["endpoint"]]
    return batch_of(asked, rows_of_file(asked, method, {**body, "model": asked.model.name}), echo)


def _tune(asked: Asked) -> Undertaking:
    echo = body_of(asked.request)
    if not echo.get("training_file"):
        raise Declined(400, "training_file is required")
    return trained(asked, echo, asked.script.chunks or STEPS)


def told_batch(view: View) -> Document:
    """The batch; its usage is that of the rows that are done."""
    phase, ended = view.phase, created(view.ended_at)
    has_output = phase.is_end and view.succeeded
    return {
        "id": view.id,
        "object": "batch",
        **view.echo("endpoint", "input_file_id", "completion_window"),
        "metadata": view.undertaking.echo.get("metadata"),
        "model": view.plan.model.name,
        "errors": None,
        "status": BATCH_STATUS[phase],
        "output_file_id": f"file-{view.id}-output" if has_output else None,
        "error_file_id": f"file-{view.id}-error" if phase.is_end and view.failed else None,
        "created_at": created(view.created_at),
        "in_progress_at": created(view.started_at),
        "expires_at": created(view.created_at + DAY),
        "finalizing_at": ended if phase is Phase.SUCCEEDED else None,
        "completed_at": ended if phase is Phase.SUCCEEDED else None,
        "failed_at": ended if phase is Phase.FAILED else None,
        "expired_at": None,
        "cancelling_at": created(view.cancel_asked_at),
        "cancelled_at": ended if phase is Phase.CANCELLED else None,
        "request_counts": {"total": len(view.undertaking.rows), "completed": view.succeeded, "failed": view.failed},
        "usage": _batch_usage(view) if phase.is_end and view.tells_usage else None,
    }


def _batch_usage(view: View) -> Document:
    said = response_usage(view.used)
    return {**said, "input_tokens_details": {"cached_tokens": view.used.cached_tokens}}


def told_job(view: View) -> Document:
    """The fine-tuning job; trained tokens are told when it has ended well."""
    phase, said = view.phase, view.undertaking.echo
    is_done = phase is Phase.SUCCEEDED
    failed = {"code": "server_error", "message": "The job failed, as its script says.", "param": None}
    return {
        "id": view.id,
        "object": "fine_tuning.job",
        "created_at": created(view.created_at),
        "finished_at": created(view.ended_at) if is_done else None,
        "model": view.plan.model.name,
        "fine_tuned_model": f"ft:{view.plan.model.name}:simulated::{view.number}" if is_done else None,
        "organization_id": "org-simulated",
        "status": JOB_STATUS[phase],
        "hyperparameters": {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"},
        "training_file": said["training_file"],
        "validation_file": said.get("validation_file"),
        "result_files": [f"file-{view.id}-metrics"] if is_done else [],
        "trained_tokens": view.used.trained_tokens if is_done and view.tells_usage else None,
        "error": failed if phase is Phase.FAILED else None,
        "seed": said.get("seed") or 0,
        "estimated_finish": None,
        "integrations": [],
        "metadata": said.get("metadata"),
        "method": said.get("method"),
    }


def results(view: View) -> bytes | None:
    """The output file: a line for each row that was answered well."""
    if not view.phase.is_end or not view.succeeded:
        return None
    return b"".join(json_line(_line(view, place)) + b"\n" for place, row in enumerate(view.rows_done) if not row.fails)


def _line(view: View, place: int) -> Document:
    row = view.rows_done[place]
    body = msgspec.Raw(speech_of(row.plan, row_naming(view, place)).whole())
    answer = {"status_code": 200, "request_id": f"req_simulated_{view.number}_{place}", "body": body}
    return {"id": f"batch_req_{view.number}_{place}", "custom_id": row.name, "response": answer, "error": None}


OPENAI_BATCHES = Family(
    name="openaiBatches",
    kind=Kind.BATCH,
    method="batches",
    plan=planner(Kind.BATCH, _batch, _named_by_script),
    name_of=lambda number: f"batch_simulated_{number}",
    tell=told_batch,
    tell_cancel=told_batch,
    tell_list=lambda views, more: page(views, told_batch, more),
    ended=Declined(409, "A batch that has ended cannot be cancelled."),
    results=results,
)
FINE_TUNINGS = Family(
    name="fineTunings",
    kind=Kind.TUNING,
    method="fine_tuning.jobs",
    plan=planner(Kind.TUNING, _tune, named_by("model")),
    name_of=lambda number: f"ftjob-simulated-{number}",
    tell=told_job,
    tell_cancel=told_job,
    tell_list=lambda views, more: page(views, told_job, more),
    ended=Declined(400, "The job has ended: it cannot be cancelled."),
    stops_at_once=True,
)
