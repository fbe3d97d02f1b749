"""A sidecar whose standard output nobody reads, or can be written: its addresses are chosen beforehand."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tests.faults.waiting import until

START_SECONDS: Final = 60.0


def free_port() -> int:
    """A port that nobody listened at a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def command(*before: str) -> list[str]:
    """The command line, behind a program that starts it."""
    return [*before, sys.executable, "-m", "sidecar", "serve"]


def environment(directory: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Variables for a sidecar whose ledger is in this directory, and that listens where it is told or finds room."""
    sockets = {f"{name}__LISTEN": "127.0.0.1:0" for name in ("PROXY", "CONTROL", "OBSERVE")}
    told = sockets | {"LEDGER__URL": f"sqlite:///{directory / 'ledger.db'}"} | dict(settings)
    return {**os.environ, **{f"SIDECAR_{name}": value for name, value in told.items()}}


@contextmanager
def bare_sidecar(
    directory: Path, settings: Mapping[str, str], stdout: int | IO[bytes], before: Sequence[str] = ()
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """The process, and where its proxy listens."""
    port = free_port()
    listening = {"PROXY__LISTEN": f"127.0.0.1:{port}"}
    with (
        (directory / "stderr").open("wb") as stderr,
        subprocess.Popen(
            command(*before),
            cwd=directory,
            env=environment(directory, {**settings, **listening}),
            stdout=stdout,
            stderr=stderr,
        ) as process,
    ):
        try:
            assert until(lambda: is_listening(port), START_SECONDS) is not None, (directory / "stderr").read_text()
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def is_listening(port: int) -> bool:
    """Whether somebody accepts there."""
    with socket.create_connection(("127.0.0.1", port), 1):
        return True
