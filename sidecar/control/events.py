"""`GET /api/events`: the live page's stream of server-sent events.

First `event: snapshot` with everything, then `event: changes` with what changed, four times a second at most; a comment every 15
seconds when nothing does. Ends at once when the server stops.
"""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from sidecar.control.connection import connection_of
from sidecar.control.problem import RESPONSES
from sidecar.control.view import Sidecar
from sidecar.control.watchers import Watcher, Watchers

HEARTBEAT_SECONDS: Final = 15.0
HEARTBEAT: Final = b":\n\n"
MEDIA_TYPE: Final = "text/event-stream"
NOT_ACCEPTABLE, FULL = 406, 503
WORDS: Final = {
    200: {
        "description": "`snapshot`, then `changes`, until the server stops.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
    },
    **RESPONSES,
}


def events_router(sidecar: Sidecar) -> APIRouter:
    """`/api/events`."""
    router, watchers = APIRouter(tags=["calls"]), Watchers(sidecar)

    @router.get(
        "/api/events", summary="Everything, as it changes", status_code=200, response_class=EventStream, responses=WORDS
    )
    async def events(request: Request, accept: Annotated[str, Header(max_length=1_000)] = MEDIA_TYPE) -> Response:
        """Server-sent events, the data of each an object.

        `snapshot` has `now`, `state`, `calls`, `operations` (the open ones) and `recent`. `changes` has `now` and, of what
        changed, `calls` and `operations` by id, `calls_gone` and `operations_gone` as ids, `settled` and `state`. A reader that
        falls behind is disconnected; 32 are served at most.
        """
        if not is_acceptable(accept):
            raise HTTPException(NOT_ACCEPTABLE, f"these are server-sent events: accept {MEDIA_TYPE}")
        if watchers.is_full:
            raise HTTPException(FULL, "too many watch already", {"Retry-After": "5"})
        return EventStream(watchers)

    return router


def is_acceptable(accept: str) -> bool:
    """Whether the field `Accept` takes server-sent events (RFC 9110 section 12.5.1), as far as we tell them apart."""
    ranges = (each.partition(";")[0].strip().lower() for each in accept.split(","))
    return any(each in (MEDIA_TYPE, "text/*", "*/*") for each in ranges)


class EventStream(Response):
    """The reply. Ends when its reader leaves, falls behind, or when the server stops."""

    media_type = MEDIA_TYPE

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers
        self.background = None
        self.status_code = 200
        self.init_headers({"X-Accel-Buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it."""
        connection = connection_of(scope)
        watcher = Watcher(connection.break_off if connection is not None else _nothing)
        if connection is not None:
            connection.at_stop(watcher.end)
        leaving = asyncio.ensure_future(_left(receive, watcher))
        try:
            await self._watchers.join(watcher)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._pass_on(watcher, send)
        finally:
            leaving.cancel()
            self._watchers.leave(watcher)
            if connection is not None:
                connection.at_stop(None)

    async def _pass_on(self, watcher: Watcher, send: Send) -> None:
        while True:
            try:
                message = await asyncio.wait_for(watcher.next(), HEARTBEAT_SECONDS)
            except TimeoutError:
                message = HEARTBEAT
            await send(_piece(message or b"", has_more=message is not None))
            if message is None:
                return


def _piece(body: bytes, *, has_more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": has_more}


async def _left(receive: Receive, watcher: Watcher) -> None:
    """Wait until the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    watcher.end()


def _nothing() -> None:
    """There is no connection that could be broken off."""
