"""The demo's fleet: callers as processes, and what becomes of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import msgspec
import pytest

from sidecar.simulator.cast import BY_SIGNAL, Ending, Role, Work
from sidecar.simulator.fleet import SIGNALS, Fleet, FleetLost, Place
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator, running_simulator

A_CALLER = Role(
    name="doomed", work=Work.UNARY, model="gemini-2.5-flash", scripts=("seconds=0.8 prompt=10 output=10",), work_seconds=0.8,
    ending=Ending.KILLED, leaves_after_seconds=0.2,
)  # fmt: skip


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def fleet(simulator: RunningSimulator) -> Iterator[Fleet]:
    fleet = Fleet()
    fleet.place(simulator.url)
    assert fleet.is_ready(30)
    yield fleet
    fleet.close()


def until_vanished(fleet: Fleet) -> list[str]:
    while not (vanished := fleet.look()):
        time.sleep(0.02)
    return vanished


def test_every_ending_by_signal_has_one() -> None:
    assert set(SIGNALS) == BY_SIGNAL


def test_a_caller_that_is_killed_leaves_its_provider_working(simulator: RunningSimulator, fleet: Fleet) -> None:
    fleet.start(A_CALLER)
    simulator.reached("doomed", Milestone.RECEIVED)
    assert fleet.look() == [], "its time begins when its request is seen"
    fleet.arrived(["doomed", "somebody else"])
    assert until_vanished(fleet) == ["doomed"]
    simulator.reached("doomed", Milestone.BILLED)
    (entry,) = simulator.bill.of("doomed")
    assert entry.caller_left_at is not None
    assert entry.usd > 0


def test_a_caller_that_is_restarted_asks_once_more_and_stays(simulator: RunningSimulator, fleet: Fleet) -> None:
    fleet.start(msgspec.structs.replace(A_CALLER, name="again", ending=Ending.RESTARTED))
    simulator.reached("again", Milestone.RECEIVED)
    fleet.arrived(["again"])
    until_vanished(fleet)
    while len(simulator.bill.of("again")) < 2:
        fleet.look()
        fleet.arrived(["again"])
        time.sleep(0.02)
    killed, restarted = sorted(simulator.bill.of("again"), key=lambda entry: entry.number)
    assert killed.caller_left_at is not None
    assert restarted.caller_left_at is None


def test_nursery_is_gone__it_is_said_and_closing_is_no_error() -> None:
    fleet = Fleet()
    os.killpg(fleet._nursery.pid, signal.SIGKILL)
    with pytest.raises(FleetLost):
        fleet.is_ready(10)
    with pytest.raises(FleetLost):
        fleet.start(A_CALLER)
    fleet.close()


def test_demo_dies_without_a_word__its_processes_are_taken_along(simulator: RunningSimulator) -> None:
    with subprocess.Popen(["sleep", "60"]) as ward:
        nursery = subprocess.Popen(
            [sys.executable, "-m", "sidecar.simulator.fleet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        nursery.communicate(msgspec.json.encode(Place(simulator.url, (ward.pid,))) + b"\n", timeout=30)
        assert ward.wait(10) == -signal.SIGTERM
        assert nursery.returncode == -signal.SIGKILL
