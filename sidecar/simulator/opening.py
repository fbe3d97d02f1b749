"""From a create request to an undertaking: what the families share. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import PLANNERS, decide, plan_call
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings
from sidecar.simulator.undertaking import Kind, Row, Undertaking

Document = dict[str, Any]
Planner = Callable[[Route, Request, Settings], Undertaking]
FILLER = "A row of a file that was never uploaded."
TRAINED_TOKENS, TRAINING_SECONDS = 100_000, 5.0
"""Of a training of which no script says more."""


def planner(
    kind: Kind,
    undertake: Callable[[Asked], Undertaking],
    name: Callable[[Route, Request, Script], Route] | None = None,
) -> Planner:
    """A family's planning: what can't be served becomes an undertaking whose plan declines."""

    def plan(route: Route, request: Request, settings: Settings) -> Undertaking:
        decided = decide(route, request, settings, undertake, name)
        return Undertaking(kind=kind, plan=decided) if isinstance(decided, Plan) else decided

    return plan


def in_background(route: Route, request: Request, settings: Settings) -> Undertaking:
    """One answer, planned like that of a call."""
    plan = plan_call(route, request, settings)
    echo = {} if plan.declined else body_of(request)
    return Undertaking(kind=Kind.BACKGROUND, plan=plan, echo=echo)


def held_of(request: Request) -> bytes:
    """The body.

    Raises:
        Declined: 413, it is too long to be held.
    """
    if request.held is None:
        raise Declined(413, "The simulator plans no operation from a body of more than 1 MiB.")
    return request.held


def body_of(request: Request) -> Document:
    """The body as an object.

    Raises:
        Declined: 413 or 400, it is too long to be held, or it is no object.
    """
    try:
        return msgspec.json.decode(held_of(request), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Declined(400, f"Invalid JSON payload received. {error}") from error


def named_by(field: str) -> Callable[[Route, Request, Script], Route]:
    """Finds the model in a field of the body, which may name it by a whole path."""

    def name(route: Route, request: Request, script: Script) -> Route:
        model = body_of(request).get(field)
        if not isinstance(model, str) or not model:
            raise Declined(400, f"{field} is required")
        return msgspec.structs.replace(route, model=model.rpartition("models/")[2])

    return name


def batch_of(asked: Asked, rows: tuple[Row, ...], echo: Document) -> Undertaking:
    """A batch of these rows: each is a step; without a scripted time they are written one after the other.

    Raises:
        Declined: there are none.
    """
    if not rows:
        raise Declined(400, "a batch needs at least one request")
    written = sum(row.plan.used.output_tokens + row.plan.used.thought_tokens for row in rows)
    plan = Plan(
        route=asked.route, model=asked.model, script=asked.script, seconds=asked.seconds(written), steps=len(rows)
    )
    return Undertaking(kind=Kind.BATCH, plan=plan, rows=rows, echo=echo)


def rows_of(asked: Asked, method: str, requests: Iterable[tuple[str, Document]]) -> tuple[Row, ...]:
    """Rows of requests that the create carries, each with its name."""
    return tuple(_row(asked, method, name, body, place) for place, (name, body) in enumerate(requests))


def rows_of_file(asked: Asked, method: str, body: Document) -> tuple[Row, ...]:
    """Rows of a file, which nobody reads: as many as scripted, all alike."""
    row, failed = _row(asked, method, "", body, 0), asked.script.failed_rows
    named = (msgspec.structs.replace(row, name=f"request-{place + 1}") for place in range(asked.script.rows))
    return tuple(msgspec.structs.replace(row, fails=place < failed) for place, row in enumerate(named))


def _row(asked: Asked, method: str, name: str, body: Document, place: int) -> Row:
    held = msgspec.json.encode(body)
    request = msgspec.structs.replace(asked.request, held=held, length=len(held))
    route = Route(asked.route.dialect, method, asked.route.model)
    plan = PLANNERS[method](msgspec.structs.replace(asked, route=route, request=request))
    return Row(name, plan, fails=place < asked.script.failed_rows)


def trained(asked: Asked, echo: Document, steps: int) -> Undertaking:
    """A training: tokens of its set as scripted by `prompt`, gone through in equal steps."""
    tokens = TRAINED_TOKENS if asked.script.prompt is None else asked.script.prompt
    plan = Plan(
        route=asked.route,
        model=asked.model,
        script=asked.script,
        used=Used(trained_tokens=tokens),
        seconds=TRAINING_SECONDS if asked.script.seconds is None else asked.script.seconds,
        steps=steps,
    )
    return Undertaking(kind=Kind.TUNING, plan=plan, echo=echo)
