"""Runs an application on a socket, in the event loop that is already there.

uvicorn is made for a process of its own: it takes over SIGTERM and SIGINT, raises them again when it is done (no code
after `serve()` would run), and exits the process when it can't bind. All three are ours to decide, so its signals are disarmed,
the socket is bound here, and its log goes where ours goes.
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from sidecar.config.addresses import Address
from sidecar.control.connection import Connection
from sidecar.control.socket_file import BACKLOG, bind_file, file_of
from sidecar.errors import SettingsError

KEEP_ALIVE_SECONDS = 75
"""Longer than a usual scrape interval, so that a scraper keeps its connection."""
STOP_MARGIN_SECONDS = 1.0
UVICORN_LOGGERS = ("uvicorn.error", "uvicorn.asgi")


class AppServer:
    """One application on one socket. Bound at once, served from `start` to `stop`.

    `key` is the setting that named the address. Port 0 takes a free one; `host` and `port` say what was bound.

    Raises:
        SettingsError: the address can't be bound.
    """

    def __init__(self, host: str, port: int, key: str, events: FilteringBoundLogger) -> None:
        self._socket = bind(host, port, key)
        path = Address(host, port).socket_path
        self.host, self.port = host, 0
        if path is None:
            self.host, self.port = self._socket.getsockname()[:2]
        self._file = None if path is None else file_of(path)
        self._events = events
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it is reached: `http://127.0.0.1:8782`, `unix:/run/sidecar.sock`."""
        return Address(self.host, self.port).url

    async def start(self, app: ASGIApp, stop_seconds: int = 3) -> None:
        """Serve `app`; returns when connections are accepted. At `stop`, replies have `stop_seconds` to end."""
        route_logs(self._events)
        self._server = _Server(_settings(app, stop_seconds))
        self._serving = asyncio.create_task(self._server.serve([self._socket]))
        accepting = asyncio.create_task(self._server.accepting.wait())
        await asyncio.wait({self._serving, accepting}, return_when=asyncio.FIRST_COMPLETED)
        accepting.cancel()
        if self._serving.done():  # it never came to accepting: say why here, not at the end of the program
            await self._serving

    async def stop(self) -> None:
        """Stop accepting, let replies end within their time, close. Does nothing when it does not run."""
        if self._file is not None:
            self._file.remove()
        if self._server is None or self._serving is None:
            self._socket.close()
            return
        self._server.should_exit = True
        patience = (self._server.config.timeout_graceful_shutdown or 0) + STOP_MARGIN_SECONDS
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._serving, patience)
        self._server = self._serving = None


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, and with a moment at which it is known to accept."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()


def _settings(app: ASGIApp, stop_seconds: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=stop_seconds,
    )


def bind(host: str, port: int, key: str) -> socket.socket:
    """A listening socket. `host` is an address or a name of this machine, IPv4 or IPv6; or `unix:` and a path.

    Raises:
        SettingsError: naming `key` and what is in the way.
    """
    if (path := Address(host, port).socket_path) is not None:
        return bind_file(path, key)
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
    except (OSError, UnicodeError) as problem:  # UnicodeError: a name that can't even be looked up
        raise SettingsError(key, *_explained(problem, f"{host}:{port}")) from problem
    return listening


def _explained(problem: OSError | UnicodeError, address: str) -> tuple[str, str]:
    """What is in the way of binding, and what to do."""
    if isinstance(problem, socket.gaierror | UnicodeError):
        return f"{address} is no address of this machine", "use an IP address, such as 127.0.0.1"
    if problem.errno == errno.EADDRINUSE:
        return f"{address} is in use", "stop the program that listens there, or set another port (0 picks a free one)"
    if problem.errno == errno.EACCES:
        return f"{address} needs more rights than this program has", "use a port above 1023"
    return f"{address} can't be bound ({problem.strerror})", "use an address of this machine"


class _ToEvents(logging.Handler):
    """Passes a record of the standard library's logging on to our log."""

    def __init__(self, events: FilteringBoundLogger) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        self._events.log(record.levelno, "http_server", message=record.getMessage(), exc_info=record.exc_info)


def route_logs(events: FilteringBoundLogger) -> None:
    """Send uvicorn's errors to our log, and nothing of it anywhere else. The root logger stays as it is."""
    for name in UVICORN_LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [_ToEvents(events)]
        logger.setLevel(logging.ERROR)  # its warnings tell what peers send, who could fill the log with them
        logger.propagate = False
        logger.disabled = False  # somebody's `logging.config.dictConfig` silences the loggers that it does not name
