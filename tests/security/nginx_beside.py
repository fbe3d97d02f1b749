"""A real nginx: a reader of its own, the one before us, and the one behind us; and the sidecar between two of them."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests import parts
from tests.end_to_end.rig import running_sidecar
from tests.proxy.readings import Heard
from tests.security.listening import PATIENCE_SECONDS, Hearing, answered

CONFIGURATION = """
worker_processes 1; daemon off; pid {run}/nginx.pid; error_log {run}/nginx.err;
events {{ worker_connections 256; }}
http {{
  access_log off; proxy_http_version 1.1; proxy_ignore_client_abort on; proxy_request_buffering {buffering};
  proxy_set_header Connection ""; lingering_close off;
  client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fastcgi;
  uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
  upstream next {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://next; }} }}
}}
"""


class Beside(NamedTuple):
    """Three ways to the one that hears: through nginx alone, through us and then nginx, through nginx and then us."""

    hearing: Hearing
    alone: int
    behind: int
    before: int

    def heard(self, port: int, raw: bytes) -> list[Heard]:
        """What is heard of bytes that go this way."""
        self.hearing.heard, self.hearing.surplus = [], []
        answered(port, raw)
        assert self.hearing.surplus == []
        return self.hearing.heard


@contextmanager
def nginx(directory: Path, upstream: int, *, buffering: bool = True) -> Iterator[int]:
    """One that passes on to a port; the port that it listens on."""
    directory.mkdir()
    port = free_port()
    words = {"run": directory, "port": port, "upstream": upstream, "buffering": "on" if buffering else "off"}
    (directory / "nginx.conf").write_text(CONFIGURATION.format(**words))
    command = [
        str(parts.part("nginx").path()),
        "-p",
        str(directory),
        "-c",
        "nginx.conf",
        "-e",
        str(directory / "nginx.err"),
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until_it_listens(port)
            yield port
        finally:
            process.terminate()


@contextmanager
def a_sidecar(directory: Path, upstream: int) -> Iterator[int]:
    """One whose gemini leads to a port; the port that it takes calls on."""
    directory.mkdir()
    with running_sidecar(directory, f"http://127.0.0.1:{upstream}") as sidecar:
        yield int(urlsplit(sidecar.proxy).port or 0)


@contextmanager
def beside(directory: Path) -> Iterator[Beside]:
    """All of them."""
    with ExitStack() as stack:
        hearing = stack.enter_context(Hearing())
        alone = stack.enter_context(nginx(directory / "alone", hearing.port))
        behind = stack.enter_context(a_sidecar(directory / "first", alone))
        last = stack.enter_context(a_sidecar(directory / "last", hearing.port))
        before = stack.enter_context(nginx(directory / "before", last, buffering=False))
        yield Beside(hearing, alone, behind, before)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_until_it_listens(port: int) -> None:
    """Connect until that can be done."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nobody listens on {port}"
            time.sleep(0.02)
