"""Work on machines that are charged by the time: Replicate's predictions and RunPod's jobs (providers-wire 5). Pure."""

import re

import msgspec

from sidecar.clock import rfc3339
from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.family import Family
from sidecar.simulator.opening import Document, body_of, planner
from sidecar.simulator.phase import Phase
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script
from sidecar.simulator.undertaking import Kind, Undertaking
from sidecar.simulator.view import View

PREDICTION_STATUS = {
    Phase.QUEUED: "starting",
    Phase.RUNNING: "processing",
    Phase.CANCELLING: "processing",
    Phase.SUCCEEDED: "succeeded",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "canceled",
}
JOB_STATUS = {
    Phase.QUEUED: "IN_QUEUE",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.CANCELLING: "IN_PROGRESS",
    Phase.SUCCEEDED: "COMPLETED",
    Phase.FAILED: "FAILED",
    Phase.CANCELLED: "CANCELLED",
}
PREDICTION_MODEL, ENDPOINT = "black-forest-labs/flux-dev-lora", "an-endpoint"
"""What is charged where the request names only a version, or an endpoint of one's own."""
RUN_SECONDS = 1.0
"""Where no script says."""
MODEL_PATH = re.compile(r"/v1/(?:models|deployments)/([^/]+/[^/]+)/predictions$")
WAITED_SECONDS = 60.0
"""The longest that `Prefer: wait` makes a create wait."""


def _undertake(asked: Asked) -> Undertaking:
    seconds = RUN_SECONDS if asked.script.seconds is None else asked.script.seconds
    running = max(0, round((seconds - asked.script.think) * 1000))
    plan = Plan(
        route=asked.route,
        model=asked.model,
        script=asked.script,
        used=Used(compute_milliseconds=running),
        seconds=max(seconds, asked.script.think),
        steps=asked.script.chunks or STEPS,
    )
    return Undertaking(kind=Kind.BACKGROUND, plan=plan, echo=body_of(asked.request))


def _predicting(route: Route, request: Request, script: Script) -> Route:
    found = MODEL_PATH.search(request.path)
    return msgspec.structs.replace(route, model=found[1] if found else PREDICTION_MODEL)


def _running(route: Route, request: Request, script: Script) -> Route:
    return msgspec.structs.replace(route, model=ENDPOINT)


def told_prediction(view: View) -> Document:
    """The prediction; its time is told when it has ended."""
    address, phase = f"{view.origin}/v1/predictions/{view.id}", view.phase
    said: Document = {
        "id": view.id,
        "model": view.plan.model.name,
        "version": view.undertaking.echo.get("version", "simulated"),
        "input": view.undertaking.echo.get("input", {}),
        "output": [f"https://replicate.invalid/{view.id}.png"] if phase is Phase.SUCCEEDED else None,
        "logs": "",
        "error": "The work failed, as its script says." if phase is Phase.FAILED else None,
        "status": PREDICTION_STATUS[phase],
        "created_at": rfc3339(view.created_at),
        "started_at": rfc3339(view.started_at) if view.started_at is not None else None,
        "completed_at": rfc3339(view.ended_at) if view.ended_at is not None else None,
        "urls": {"get": address, "cancel": f"{address}/cancel"},
    }
    if phase.is_end and view.tells_usage:
        said["metrics"] = {"predict_time": view.used.compute_milliseconds / 1000}
    return said


def told_job(view: View) -> Document:
    """The job of an endpoint; its time is told when it has ended."""
    said: Document = {"id": view.id, "status": JOB_STATUS[view.phase]}
    if view.started_at is not None:
        said["delayTime"] = round(view.plan.script.think * 1000)
    if view.phase.is_end and view.tells_usage:
        said["executionTime"] = view.used.compute_milliseconds
    if view.phase is Phase.SUCCEEDED:
        said["output"] = {"text": "The work is done."}
    return said


def _waits(request: Request) -> float:
    """`Prefer: wait`, or with its own bound: `wait=5`."""
    wait, _, seconds = request.headers.get("prefer", "").partition("=")
    if wait != "wait":
        return 0.0
    return min(float(seconds), WAITED_SECONDS) if seconds.isdecimal() else WAITED_SECONDS


PREDICTIONS = Family(
    name="predictions",
    kind=Kind.BACKGROUND,
    method="predictions",
    plan=planner(Kind.BACKGROUND, _undertake, _predicting),
    name_of=lambda number: f"simulated{number}",
    tell=told_prediction,
    tell_cancel=told_prediction,
    stops_at_once=True,
    waits=_waits,
    accepted=201,
)
ENDPOINT_JOBS = Family(
    name="endpointJobs",
    kind=Kind.BACKGROUND,
    method="run",
    plan=planner(Kind.BACKGROUND, _undertake, _running),
    name_of=lambda number: f"simulated-{number}-e1",
    tell=told_job,
    tell_cancel=lambda view: {"id": view.id, "status": JOB_STATUS[view.phase]},
    stops_at_once=True,
)
"""A cancel of what has ended is answered with what it has come to."""
