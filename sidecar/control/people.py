"""The control socket: what the program is doing, which calls and operations there are, and how to drain it."""

from collections import Counter
from dataclasses import dataclass
from html import escape

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from sidecar.control.guard import CONTROL_HEADER, Guard
from sidecar.control.operations import operations_router
from sidecar.control.view import CallInFlight, Sidecar, Standing, When
from sidecar.lifecycle.operation import OPEN
from sidecar.telemetry.calls import Attachment

ACCEPTED = 202
READ = ["GET", "HEAD"]
ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LedgerReply:
    """How the ledger is."""

    is_healthy: bool
    problem: str
    rows_written: int
    rows_waiting: int
    rows_dropped: int
    errors: dict[str, int]
    """Failures by operation."""
    last_commit_at: When | None


@dataclass(frozen=True, slots=True)
class StateReply:
    """The whole of `GET /api/state`."""

    mode: str
    version: str
    state: str
    since: When
    addresses: dict[str, str]
    ledger: LedgerReply
    calls_in_flight: dict[str, int]
    """How many, by attachment: `attached`, `orphaned`, `shelved`."""
    operations: dict[str, int]
    """How many have not settled, by state; `ended` are those whose end was seen and whose result may be fetched."""


@dataclass(frozen=True, slots=True)
class DrainReply:
    """The answer to `POST /api/drain`: the state after it."""

    state: str


def control_app(sidecar: Sidecar, bound_host: str) -> FastAPI:
    """The application. `bound_host` is the address of the socket it is served on, without the port."""
    app = FastAPI(
        title="inference-sidecar",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(Guard, bound_host=bound_host)

    @app.api_route("/", methods=READ, response_class=HTMLResponse, include_in_schema=False)
    async def front() -> str:
        return front_page(sidecar.state())

    @app.get("/api/state")
    async def state() -> StateReply:
        return _state(sidecar)

    @app.get("/api/calls")
    async def calls() -> list[CallInFlight]:
        return list(sidecar.calls_in_flight())

    app.include_router(operations_router(sidecar))

    @app.post("/api/drain", status_code=ACCEPTED)
    async def drain() -> DrainReply:
        sidecar.start_drain()
        return DrainReply(sidecar.state().state.value)

    return app


def _state(sidecar: Sidecar) -> StateReply:
    now, health = sidecar.state(), sidecar.ledger_health()
    ledger = LedgerReply(
        is_healthy=not health.problem,
        problem=health.problem,
        rows_written=health.rows_written,
        rows_waiting=health.rows_waiting,
        rows_dropped=health.rows_dropped,
        errors=dict(health.errors),
        last_commit_at=health.last_commit_at,
    )
    counts = Counter(call.attachment for call in sidecar.calls_in_flight())
    in_flight = {str(attachment): counts[attachment] for attachment in Attachment}
    operations = _open_operations(sidecar)
    return StateReply(now.mode, now.version, now.state.value, now.since, now.addresses, ledger, in_flight, operations)


def _open_operations(sidecar: Sidecar) -> dict[str, int]:
    counts = sidecar.open_operations()
    by_state = {str(state): counts.get(state, 0) for state in sorted(OPEN)}
    return {**by_state, ENDED: sum(count for state, count in counts.items() if state not in OPEN)}


def front_page(now: Standing) -> str:
    """A plain page without scripts: what this is, and where the rest is."""
    observe = now.addresses.get("observe", "")
    metrics = f'<li><a href="{escape(observe)}/metrics">metrics</a></li>' if observe else ""
    places = "".join(f"<li>{escape(name)}: {escape(url)}</li>" for name, url in now.addresses.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>inference-sidecar</title></head><body>
<h1>inference-sidecar {escape(now.version)}</h1>
<p>This process stands between an application and the inference APIs that it calls. It records when a caller left, when
the provider's work really ended, and the money in between. State: {escape(now.state.value)}, mode: {escape(now.mode)}.</p>
<ul>{places}</ul>
<ul><li><a href="/api/state">state</a></li><li><a href="/api/calls">calls in flight</a></li>
<li><a href="/api/operations?state=open">open operations</a></li>{metrics}
<li><a href="/api/openapi.json">description of this API</a></li></ul>
<p>To drain: <code>curl -X POST -H '{CONTROL_HEADER}: true' {escape(now.addresses.get("control", ""))}/api/drain</code></p>
</body></html>
"""
