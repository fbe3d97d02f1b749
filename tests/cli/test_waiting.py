"""`sidecar wait`: asks until the sidecar is there, or the time is over."""

import io
from collections.abc import Iterator

import pytest

from sidecar.cli.readiness import Readiness
from sidecar.cli.waiting import PAUSE_SECONDS, NotYet, wait, wait_at
from sidecar.clock import SystemClock
from sidecar.control.observe import observe_app
from sidecar.control.server import AppServer
from sidecar.errors import SettingsError
from sidecar.ledger.contract import LedgerHealth
from sidecar.telemetry.log import open_log
from sidecar.telemetry.program import ProgramState
from sidecar.telemetry.recorder import Recorder
from tests.cli.answering import answering, nobody, reply
from tests.clocks import HandClock
from tests.control.conftest import FakeSidecar, Servers

STARTING, SERVING = reply(503, {"ok": False, "state": "starting"}), reply(200, {"ok": True, "state": "serving"})


class Time(HandClock):
    """Goes on by the pauses that are made."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def test_it_is_asked_until_it_is_there(time: Time):
    with answering(STARTING, STARTING, SERVING) as listening:
        wait_at(listening.address, Readiness.STARTED, 30, time, time.pause)
    assert [asked.split()[1] for asked in listening.asked] == ["/startupz"] * 3
    assert time.pauses == [PAUSE_SECONDS] * 2


def test_it_never_comes__the_time_is_kept_and_its_state_is_said(time: Time):
    began = time.seconds
    with answering(STARTING) as listening, pytest.raises(NotYet) as failed:
        wait_at(listening.address, Readiness.READY, 2.25, time, time.pause)
    assert str(failed.value) == f"the sidecar at http://{listening.address} answers 'starting' (waited 2.25 s)"
    assert time.seconds - began == pytest.approx(2.25)


def test_nobody_answers__said_with_the_address(time: Time):
    with nobody() as address, pytest.raises(NotYet) as failed:
        wait_at(address, Readiness.STARTED, 1, time, time.pause)
    assert str(failed.value) == (
        f"no sidecar answers at http://{address} (Connection refused); is `sidecar serve` running? (waited 1 s)"
    )


def test_no_time_at_all__asked_once(time: Time):
    with answering(STARTING, SERVING) as listening, pytest.raises(NotYet, match=r"answers 'starting'$"):
        wait_at(listening.address, Readiness.STARTED, 0, time, time.pause)
    assert len(listening.asked) == 1
    assert time.pauses == []


def test_no_time_at_all_and_it_is_there__done(time: Time):
    with answering(SERVING) as listening:
        wait_at(listening.address, Readiness.STARTED, 0, time, time.pause)


@pytest.mark.parametrize(
    ("replied", "sentence"),
    [
        (reply(404, {"detail": "Not Found"}), r"is no observe socket of a sidecar \(HTTP 404 for /startupz\)$"),
        (reply(200, b"<html>"), "is no sidecar$"),
        (reply(503, {"state": "\x1b[2J"}), r"answers '\?\[2J'$"),
    ],
)
def test_somebody_else_answers__said(time: Time, replied: bytes, sentence: str):
    with answering(replied) as listening, pytest.raises(NotYet, match=sentence):
        wait_at(listening.address, Readiness.STARTED, 0, time, time.pause)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def program() -> FakeSidecar:
    return FakeSidecar()


@pytest.fixture
def observe(servers: Servers, program: FakeSidecar) -> Iterator[str]:
    log = open_log(SystemClock(), file=io.BytesIO())
    server = AppServer("127.0.0.1", 0, "observe.listen", log.events)
    servers.running.append(server)
    servers.do(server.start(observe_app(program, Recorder("1.2.3", log, LedgerHealth).page)))
    yield server.url
    log.close()


@pytest.mark.parametrize(
    ("readiness", "there_in"),
    [
        (Readiness.STARTED, {ProgramState.SERVING, ProgramState.DRAINING, ProgramState.SETTLING}),
        (Readiness.READY, {ProgramState.SERVING}),
    ],
)
def test_each_state_of_a_real_observe_socket(
    program: FakeSidecar, observe: str, readiness: Readiness, there_in: set[ProgramState]
):
    for state in ProgramState:
        program.is_in = state
        if state in there_in:
            wait(readiness, 0, observe, None)
        else:
            with pytest.raises(NotYet, match=f"answers '{state.value}'$"):
                wait(readiness, 0, observe, None)


def test_port_0_of_the_settings_names_no_sidecar(empty_folder):
    (empty_folder / "sidecar.yaml").write_text('observe: {listen: "127.0.0.1:0"}')
    with pytest.raises(SettingsError, match="name the address by --observe"):
        wait(Readiness.STARTED, 0, None, None)
