"""The two providers of the benchmark: nginx where a call is one reply, ours where it takes time; with or without TLS."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.certificates import make_certificate
from tests.bench.places import Place, Upstream, written
from tests.bench.processes import LOAD_CPU, free_port, running
from tests.bench.transcript import REPLY

CERTIFICATE = "provider.pem"


@contextmanager
def replying(folder: Path, is_tls: bool = False) -> Iterator[Upstream]:
    """A provider that replies at once, at the least cost."""
    place = Place(folder / "upstream", free_port(), Upstream(0, folder / "upstream" / CERTIFICATE if is_tls else None))
    place.folder.mkdir(exist_ok=True)
    if is_tls:
        make_certificate(place.folder / CERTIFICATE, place.folder / "provider.key")
    settings = written(place, "upstream.conf.in", REPLY=REPLY.decode())
    with running(["nginx", "-c", str(settings)], LOAD_CPU, place.folder / "output", {}):
        _wait_until_it_listens(place.port)
        yield place.upstream._replace(port=place.port)


@contextmanager
def pacing(folder: Path) -> Iterator[Upstream]:
    """A provider that takes the time it is told to take."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.provider", str(port)]
    with running(command, LOAD_CPU, folder / "provider.output", {}):
        _wait_until_it_listens(port)
        yield Upstream(port)


def _wait_until_it_listens(port: int, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
