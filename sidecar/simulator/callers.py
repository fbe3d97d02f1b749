"""The programs of the demo's callers: google-genai as an application uses it, and some that speak HTTP themselves.

Each runs in a process of its own and waits until it has what it wants; whoever is to vanish is ended from outside, or gives up
as its role says.
"""

import contextlib
import http.client
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from sidecar.clock import SystemClock
from sidecar.simulator.cast import Ending, Role, Work

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import HttpOptions

PROMPT: Final = "Tell me about the sea."
KEY: Final = "no-key-is-needed"
GOOGLE_KEY: Final = {"x-goog-api-key": KEY}
ANTHROPIC_KEY: Final = {"x-api-key": KEY, "anthropic-version": "2023-06-01"}
POLL_SECONDS: Final = 1.2
ROWS: Final = 8
"""Requests of a batch."""
RETRY_SECONDS: Final = 0.3
ATTEMPTS: Final = 4
GOOGLE_MAY_TAKE_SECONDS: Final = "60"
"""With a timeout of its own the SDK would tell Google to stop after the same time (`X-Server-Timeout`, google-wire 5.4)."""


def play(client: "Client", proxy_url: str, role: Role) -> None:
    """The life of one caller, in a process that nothing else depends on: it never returns to whoever forked it.

    What a role gives up by itself ends its process in silence; any other error is a line on standard error.
    """
    try:
        PROGRAMS[role.work](client, proxy_url, role)
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)  # as a script that is interrupted: no goodbye to anybody
    except Exception as error:
        if role.ending is not Ending.TIMED_OUT:
            os.write(2, f"{role.name}: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    os._exit(0)


def _headers(role: Role, nth: int = 0) -> dict[str, str]:
    told = {"X-Sidecar-Caller": role.name, "X-Simulator-Call": role.name, "X-Simulator": role.scripts[nth]}
    return told | ({"X-Sidecar-Lease": f"{role.lease_seconds}s"} if role.lease_seconds else {})


def _options(role: Role) -> "HttpOptions":
    """How the SDK sends the request, and how long it waits for an answer."""
    from google.genai.types import HttpOptions, HttpRetryOptions

    if role.ending not in {Ending.TIMED_OUT, Ending.RETRIES}:
        return HttpOptions(headers=_headers(role))
    attempts = ATTEMPTS if role.ending is Ending.RETRIES else 1
    return HttpOptions(
        headers={**_headers(role), "X-Server-Timeout": GOOGLE_MAY_TAKE_SECONDS},
        timeout=round(role.leaves_after_seconds * 1000),
        retry_options=HttpRetryOptions(attempts=attempts, initial_delay=RETRY_SECONDS, jitter=0.0),
    )


def _unary(client: "Client", _proxy_url: str, role: Role) -> None:
    config: Any = {"http_options": _options(role)}
    client.models.generate_content(model=role.model, contents=PROMPT, config=config)


def _stream(client: "Client", _proxy_url: str, role: Role) -> None:
    config: Any = {"http_options": _options(role)}
    began = SystemClock().monotonic_ns()
    for _ in client.models.generate_content_stream(model=role.model, contents=PROMPT, config=config):
        has_enough = (SystemClock().monotonic_ns() - began) / 1e9 >= role.leaves_after_seconds
        if role.ending is Ending.CLOSED and has_enough:
            os._exit(0)


def _background(client: "Client", _proxy_url: str, role: Role) -> None:
    opened = [_interaction(client, role, nth) for nth in range(len(role.scripts))]
    for _ in _polls():
        opened = [id for id in opened if client.interactions.get(id).status == "in_progress"]
        if not opened:
            return


def _interaction(client: "Client", role: Role, nth: int) -> str:
    create: Any = client.interactions.create
    return str(create(model=role.model, input=PROMPT, background=True, extra_headers=_headers(role, nth)).id)


def _video(_client: "Client", proxy_url: str, role: Role) -> None:
    """Over HTTP: google-genai 3.4 makes videos on Vertex only, and Vertex wants an account for its tokens."""
    wanted = {"instances": [{"prompt": PROMPT}], "parameters": {"durationSeconds": 4}}
    create = f"/gemini/v1beta/models/{role.model}:predictLongRunning"
    with _connected(proxy_url) as connection:
        name = _asked(connection, "POST", create, wanted, {**_headers(role), **GOOGLE_KEY})["name"]
        for _ in _polls():
            if _asked(connection, "GET", f"/gemini/v1beta/{name}", None, GOOGLE_KEY).get("done"):
                return


def _batch(client: "Client", _proxy_url: str, role: Role) -> None:
    config: Any = {"display_name": role.name, "http_options": _options(role)}
    rows: Any = [{"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]} for _ in range(ROWS)]
    name = str(client.batches.create(model=role.model, src=rows, config=config).name)
    for _ in _polls():
        if client.batches.get(name=name).done:
            return


def _leased_batch(_client: "Client", proxy_url: str, role: Role) -> None:
    """Anthropic's batches, over HTTP: the demo needs no SDK that the sidecar does not need."""
    turn = [{"role": "user", "content": PROMPT}]
    rows = [
        {"custom_id": str(nth), "params": {"model": role.model, "max_tokens": 64, "messages": turn}}
        for nth in range(ROWS)
    ]
    path, pause_seconds = "/anthropic/v1/messages/batches", role.lease_seconds / 2
    with _connected(proxy_url) as connection:
        batch = _asked(connection, "POST", path, {"requests": rows}, {**_headers(role), **ANTHROPIC_KEY})
        for _ in _polls(pause_seconds):
            told = _asked(connection, "GET", f"{path}/{batch['id']}", None, ANTHROPIC_KEY)
            if told["processing_status"] == "ended":
                return


def _connected(url: str) -> "contextlib.closing[http.client.HTTPConnection]":
    """A connection that is kept, as SDKs do. http.client asks no proxy, whatever the environment says."""
    return contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc))


def _asked(
    connection: http.client.HTTPConnection, method: str, path: str, body: object, headers: dict[str, str]
) -> dict[str, Any]:
    """One exchange, in JSON."""
    told = {"content-type": "application/json", **headers}
    connection.request(method, path, None if body is None else json.dumps(body), told)
    answer: dict[str, Any] = json.load(connection.getresponse())
    return answer


def _polls(pause_seconds: float = POLL_SECONDS) -> Iterator[None]:
    """A turn after each pause, for ever."""
    never = threading.Event()
    while not never.wait(pause_seconds):
        yield


PROGRAMS: Final[dict[Work, Callable[["Client", str, Role], None]]] = {
    Work.UNARY: _unary,
    Work.STREAM: _stream,
    Work.BACKGROUND: _background,
    Work.VIDEO: _video,
    Work.BATCH: _batch,
    Work.LEASED_BATCH: _leased_batch,
}
