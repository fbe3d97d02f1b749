"""The people's side: requests to the control API, as its server hands them on, head and body.

An input is a request line, header lines, an empty line, and a body.
"""

import asyncio
import atexit
import json
from collections.abc import Iterator
from typing import Any

from sidecar.clock import rfc3339
from sidecar.control.asked import moment_in
from sidecar.control.people import control_app
from tests.control.conftest import FakeSidecar
from tests.fuzz.target import Target
from tests.ledger.operations_given import operation

LOOP = asyncio.new_event_loop()
atexit.register(LOOP.close)
SIDECAR = FakeSidecar()
APP = control_app(SIDECAR, "127.0.0.1")
STREAMS = ("/api/events",)
"""Never end."""


def control(data: bytes) -> None:
    """Whatever is asked is answered below 500, and in JSON where it is the API; without the header for it nothing is changed."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    method, _, target = first.decode("latin-1").partition(" ")
    path, _, query = target.partition("?")
    if path.startswith(STREAMS) or not path.startswith("/"):
        return
    pairs = [line.partition(b":") for line in lines]
    headers = [(b"host", b"127.0.0.1"), *((name.strip().lower(), value.strip()) for name, _, value in pairs)]
    vars(SIDECAR).update(
        vars(FakeSidecar()), rows={"o1": operation("o1")}
    )  # as it was at first; the application is not made anew, which takes long
    status, answered = LOOP.run_until_complete(asked(method, path, query, headers, body))
    assert status < 500, f"{status}: {answered[:200]!r}"
    if path.startswith("/api/") and answered and method != "HEAD":
        json.loads(answered)
    if not any(name == b"x-sidecar-control" and value.lower() == b"true" for name, value in headers):
        assert (SIDECAR.drains, SIDECAR.quits, SIDECAR.wishes) == (0, 0, [])


async def asked(
    method: str, path: str, query: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> tuple[int, bytes]:
    """Status and body of the answer."""
    sent: list[dict[str, Any]] = []
    received: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": body[:9], "more_body": True}, {"type": "http.request", "body": body[9:]}]
    )

    async def receive() -> dict[str, Any]:
        return next(received, {"type": "http.disconnect"})

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode("latin-1"), "query_string": query.encode("latin-1"), "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8780), "root_path": "",
    }  # fmt: skip
    await APP(scope, receive, send)  # type: ignore[arg-type]
    return int(sent[0]["status"]), b"".join(message.get("body", b"") for message in sent[1:])


def moment(data: bytes) -> None:
    """A moment in a query is one that can be written again, or it is refused by the one error."""
    try:
        found = moment_in(data.decode("latin-1"))
    except ValueError:
        return
    assert moment_in(rfc3339(found)) == found


def ask(line: str, body: bytes = b"", *fields: str) -> bytes:
    return "\n".join([line, *fields]).encode("latin-1") + b"\n\n" + body


WISH = "X-Sidecar-Control: true"
JSON = "Content-Type: application/json"

TARGETS = (
    Target(
        "control",
        control,
        [
            ask("PUT /api/log-level", b'{"level": "debug"}', WISH, JSON),
            ask("PUT /api/log-level", b"[]", WISH),
            ask("POST /api/drain", b"", WISH),
            ask("POST /api/operations/o1/cancel", b"", WISH, "Origin: http://evil.example"),
            ask("POST /api/operations/o1/renew", b"{}", WISH),
            ask(
                "GET /api/calls/history?since=2026-11-20T10:00:00Z&kind=live&limit=5&orphaned=true&outcome=open&model=*"
            ),
            ask("GET /api/calls/c1"),
            ask("GET /api/operations?state=RUNNING&limit=1001&kind=batch"),
            ask("GET /api/spend?by=model&since=2026"),
            ask("POST /quitquitquit", b"", WISH),
            ask("GET /api/state", b"", "Host: evil.example"),
            ask("GET /api/configuration"),
            ask("GET /", b"", "Accept-Encoding: gzip"),
            ask("GET /api/openapi.json"),
        ],
        (
            "control/asked.py",
            "control/calls.py",
            "control/operations.py",
            "control/spend.py",
            "control/guard.py",
            "control/problem.py",
            "control/log_level.py",
            "control/people.py",
            "control/state.py",
            "control/configuration.py",
            "control/page.py",
        ),
        (
            b"GET ",
            b"POST ",
            b"PUT ",
            b"HEAD ",
            b"OPTIONS ",
            b"/api/",
            b"?since=",
            b"&until=",
            b"&limit=",
            b"X-Sidecar-Control: true\n",
            b"Host: ",
            b"Origin: ",
            b"Content-Type: application/json\n",
            b"\n\n",
            b'{"level": "',
            b"%00",
            b"%ff",
            b"..%2f",
        ),
        512,
    ),
    Target(
        "moment",
        moment,
        [
            b"2026-11-20T10:00:00Z",
            b"2026-W47-5",
            b"20261120T10",
            b"0001-01-01T00:00:00+23:59",
            b"2026-11-20 10:00:00.123456789 05:00",
        ],
        ("control/asked.py", "clock.py"),
        (b"T", b"Z", b"+", b" ", b":", b"W", b"-", b"."),
        64,
    ),
)
