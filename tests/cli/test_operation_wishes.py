"""`sidecar operations renew` and `sidecar operations cancel`, against the real control API over a program in any state."""

import io
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sidecar.cli import FAILURE, OK, USAGE
from sidecar.clock import SystemClock
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.view import CancelVerdict
from sidecar.lifecycle.operation import OperationState
from sidecar.telemetry.log import open_log
from tests.cli.ledgers import operation
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


@pytest.fixture(scope="module")
def running(servers: Servers) -> Iterator[Running]:
    log = open_log(SystemClock(), file=io.BytesIO())
    program, server = FakeSidecar(), AppServer("127.0.0.1", 0, "control.listen", log.events)
    servers.running.append(server)
    servers.do(server.start(control_app(program, "127.0.0.1")))
    yield Running(program, ("--control", server.url))
    log.close()


def has_operation(running: Running, state: OperationState, verdict: CancelVerdict = CancelVerdict.TAKEN) -> None:
    running.program.rows = {"o001": operation(1, state=state)}
    running.program.verdict = verdict
    running.program.wishes.clear()


def test_a_cancel_is_taken_and_says_where_to_look(sidecar, running: Running):
    has_operation(running, OperationState.ORPHANED)
    ran = sidecar("operations", "cancel", "o001", *running.control)
    assert ran == (OK, "cancelling o001; `sidecar operations show o001` says what becomes of it\n", "")
    assert running.program.wishes == [("cancel", "o001")]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (CancelVerdict.ENDED, "sidecar: operation o001 has ended: there is nothing to cancel\n"),
        (CancelVerdict.UNSUPPORTED, "sidecar: the provider of operation o001 has no cancel for it\n"),
    ],
)
def test_a_cancel_that_can_not_be__failure_and_why(sidecar, running: Running, verdict: CancelVerdict, words: str):
    has_operation(running, OperationState.SUCCEEDED, verdict)
    assert sidecar("operations", "cancel", "o001", *running.control) == (FAILURE, "", words)


def test_a_renewal_says_for_how_long(sidecar, running: Running):
    has_operation(running, OperationState.RUNNING)
    assert sidecar("operations", "renew", "o001", *running.control) == (OK, "renewed o001 for 1m00s\n", "")


def test_a_renewal_that_comes_too_late__failure(sidecar, running: Running):
    has_operation(running, OperationState.CANCELLING)
    ran = sidecar("operations", "renew", "o001", *running.control)
    assert ran == (FAILURE, "", "sidecar: operation o001 is cancelling: too late to renew it\n")


@pytest.mark.parametrize("wish", ["renew", "cancel"])
@pytest.mark.parametrize("id", ["o9", "../drain", "a/b", "ü"])
def test_an_operation_that_is_not_there__failure(sidecar, running: Running, wish: str, id: str):
    has_operation(running, OperationState.RUNNING)
    ran = sidecar("operations", wish, id, *running.control)
    assert ran.code == FAILURE
    assert running.program.drains == 0


@pytest.mark.parametrize("wish", ["renew", "cancel"])
def test_nobody_runs__failure_that_says_so(sidecar, wish: str):
    ran = sidecar("operations", wish, "o001", "--control", "http://127.0.0.1:1")
    assert ran.code == FAILURE
    assert "no sidecar answers at http://127.0.0.1:1" in ran.err
    assert "is `sidecar serve` running?" in ran.err


def test_an_address_that_is_none__usage_error(sidecar):
    assert sidecar("operations", "cancel", "o001", "--control", "here").code == USAGE
