"""The observe socket: metrics and probes, read only; in Kubernetes it is reachable from outside the pod.

Readiness is this program's own state and nothing else. A native sidecar's readiness counts for its whole pod, so a provider
that is down, or a ledger that cannot be written, must not take the application out of its Service: those have metrics
and alerts. Liveness is the answer itself: an event loop that is stuck gives none.
"""

import asyncio
from collections.abc import Callable

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.background import BackgroundTask

from sidecar.control.linger import Linger
from sidecar.control.view import Sidecar
from sidecar.telemetry.page import Page, expose
from sidecar.telemetry.program import ProgramState

READ = ["GET", "HEAD"]
OK, UNAVAILABLE = 200, 503


def observe_app(sidecar: Sidecar, page: Callable[[], Page], linger: Linger | None = None) -> FastAPI:
    """The application. `page` gives the metrics of this instant; it is called on the event loop and rendered in a thread.

    Pages are rendered one at a time, so that many scrapers at once can't take the processor from the calls. `linger` is told of
    every whole page that was sent.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    one_at_a_time = asyncio.Lock()

    @app.api_route("/metrics", methods=READ)
    async def metrics(request: Request) -> Response:
        asked = request.headers
        names = request.query_params.getlist("name[]")
        async with one_at_a_time:
            told = _told(linger, request)  # in the step that takes the page: it says whether the figures are final
            accept, encoding = asked.get("accept", ""), asked.get("accept-encoding", "")
            shown = await asyncio.to_thread(expose, page(), accept, encoding, names)
        coding = {"Content-Encoding": "gzip"} if shown.is_gzipped else {}
        headers = {"Content-Type": shown.content_type, "Vary": "Accept, Accept-Encoding", **coding}
        return Response(shown.body, headers=headers, background=told)

    @app.api_route("/startupz", methods=READ)
    async def startupz() -> JSONResponse:
        return _answer(sidecar.state().state, bad={ProgramState.STARTING})

    @app.api_route("/livez", methods=READ)
    async def livez() -> JSONResponse:
        return _answer(sidecar.state().state, bad=set())

    @app.api_route("/readyz", methods=READ)
    async def readyz() -> JSONResponse:
        return _answer(sidecar.state().state, bad=set(ProgramState) - {ProgramState.SERVING})

    return app


def _told(linger: Linger | None, request: Request) -> BackgroundTask | None:
    """What tells `linger` of a reply when it was sent; None for a reply that is not the whole page."""
    if linger is None or request.method != "GET" or "name[]" in request.query_params:
        return None
    return BackgroundTask(linger.served, request.headers.get("accept", ""), is_settled=linger.is_settled)


def _answer(state: ProgramState, bad: set[ProgramState]) -> JSONResponse:
    """A probe's answer: 200, or 503 in one of the `bad` states; the reason is the state either way."""
    is_ok = state not in bad
    headers = {"Cache-Control": "no-store"}
    return JSONResponse({"ok": is_ok, "state": state.value}, OK if is_ok else UNAVAILABLE, headers)
