"""`sidecar drain` and `sidecar shutdown`, against the real control API over a program in any state."""

import io
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sidecar.cli import FAILURE, OK, USAGE
from sidecar.clock import SystemClock
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.telemetry.log import open_log
from tests.cli.answering import nobody
from tests.control.conftest import FakeSidecar, Servers


class Running(NamedTuple):
    """A program, and the flag that names it."""

    program: FakeSidecar
    control: tuple[str, str]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def running(servers: Servers) -> Iterator[Running]:
    log = open_log(SystemClock(), file=io.BytesIO())
    program, server = FakeSidecar(), AppServer("127.0.0.1", 0, "control.listen", log.events)
    servers.running.append(server)
    servers.do(server.start(control_app(program, "127.0.0.1")))
    yield Running(program, ("--control", server.url))
    log.close()


def test_a_drain_is_begun_and_the_state_printed(sidecar, running: Running):
    assert sidecar("drain", *running.control) == (OK, "draining\n", "")
    assert (running.program.drains, running.program.quits) == (1, 0)


def test_a_drain_finds_its_sidecar_by_the_settings(sidecar, running: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIDECAR_CONTROL__LISTEN", running.control[1].removeprefix("http://"))
    assert sidecar("drain").out == "draining\n"


def test_a_shutdown_that_is_allowed__ending(sidecar, running: Running):
    running.program.allows_quit = True
    assert sidecar("shutdown", *running.control) == (OK, "ending\n", "")
    assert running.program.quits == 1


def test_a_shutdown_that_is_not_allowed__failure_that_names_the_setting(sidecar, running: Running):
    ran = sidecar("shutdown", *running.control)
    assert (ran.code, ran.out) == (FAILURE, "")
    assert ran.err.startswith("sidecar: POST /quitquitquit is off: it needs the setting control.allow_quit ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("command", ["drain", "shutdown"])
def test_nobody_runs__failure_that_says_so(sidecar, command: str):
    with nobody() as address:
        ran = sidecar(command, "--control", f"http://{address}")
    assert (ran.code, ran.out) == (FAILURE, "")
    assert ran.err.startswith(f"sidecar: no sidecar answers at http://{address} ")


@pytest.mark.parametrize("command", ["drain", "shutdown"])
def test_an_address_that_is_none__usage_error(sidecar, command: str):
    assert sidecar(command, "--control", "here").code == USAGE


def test_nobody_reads_what_is_printed__quietly_done(sidecar, running: Running, monkeypatch: pytest.MonkeyPatch):
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Gone())
        assert sidecar("drain", *running.control).code == OK
