"""The control socket: the live page, the API, and what keeps everybody else away from both."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.security import HTTPBearer

from sidecar.control.asked import Wish
from sidecar.control.calls import calls_router
from sidecar.control.configuration import configuration_router
from sidecar.control.events import events_router
from sidecar.control.guard import Guard
from sidecar.control.log_level import log_level_router
from sidecar.control.operations import operations_router
from sidecar.control.page import page_files, page_router
from sidecar.control.problem import RESPONSES, tell_problems
from sidecar.control.spend import spend_router
from sidecar.control.state import state_router
from sidecar.control.token import TokenGate
from sidecar.control.view import Sidecar

ACCEPTED, NOT_FOUND = 202, 404
QUIT_IS_OFF = (
    "POST /quitquitquit is off: it needs the setting control.allow_quit (SIDECAR_CONTROL__ALLOW_QUIT=true); "
    "SIGTERM works without"
)
ABOUT = """Calls, operations and money of one sidecar, and a person's word to it.

Moments are RFC 3339 in UTC, money is US dollars as decimal text, and null always means that nothing is known. Every error is
`application/problem+json` (RFC 9457). What changes something needs the header `X-Sidecar-Control: true`. Where the settings name
a token (`control.token`), every request needs it: `Authorization: Bearer ...`."""
BEARER = HTTPBearer(auto_error=False, description="The token that `control.token` names.")
"""Only said in the description of the API: who asks for it is `token.py`, of whatever there is."""


@dataclass(frozen=True, slots=True)
class DrainReply:
    """The answer to `POST /api/drain`: the state after it."""

    state: str


@dataclass(frozen=True, slots=True)
class QuitReply:
    """The answer to `POST /quitquitquit`: it ends now, and settles what is open before it exits."""

    is_ending: bool


def control_app(sidecar: Sidecar, bound_host: str, token: str | None = None) -> FastAPI:
    """The application. `bound_host` is the address of the socket it is served on, without the port.

    With a `token`, every request but those for the page itself has to bring it.
    """
    app = FastAPI(
        title="inference-sidecar",
        description=ABOUT,
        version=sidecar.state().version,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses=RESPONSES,
        dependencies=[] if token is None else [Depends(BEARER)],
    )
    if token is not None:
        app.add_middleware(TokenGate, token=token)
    app.add_middleware(Guard, bound_host=bound_host)  # the last one added is asked first
    tell_problems(app)
    app.include_router(page_router(page_files()))
    routers = (
        state_router, calls_router, operations_router, spend_router, events_router, configuration_router, log_level_router,
        ending_router,
    )  # fmt: skip
    for router in routers:
        app.include_router(router(sidecar))
    return app


def ending_router(sidecar: Sidecar) -> APIRouter:
    """What ends the program, or says that its end is near."""
    router = APIRouter(tags=["program"])

    @router.post("/api/drain", status_code=ACCEPTED, summary="Announce the end")
    async def drain(_: Wish) -> DrainReply:
        """From now on it is not ready. Ends nothing; may be said twice."""
        sidecar.start_drain()
        return DrainReply(sidecar.state().state.value)

    @router.post("/quitquitquit", status_code=ACCEPTED, summary="End")
    async def quit(_: Wish) -> QuitReply:
        """As SIGTERM does. 404 unless `control.allow_quit` is set."""
        if not sidecar.quit():
            raise HTTPException(NOT_FOUND, QUIT_IS_OFF)
        return QuitReply(is_ending=True)

    return router
