"""The programs of the demo's callers, before a simulator alone."""

import pytest

from sidecar.simulator.callers import PROGRAMS, ROWS
from sidecar.simulator.cast import Ending, Role, Work
from sidecar.simulator.fleet import Fleet
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator, running_simulator


def test_every_kind_of_work_has_a_program() -> None:
    assert set(PROGRAMS) == set(Work)


def a_role(**said: object) -> Role:
    told = {
        "name": "a-caller", "work": Work.UNARY, "model": "gemini-2.5-flash", "scripts": ("seconds=0.4 prompt=10 output=10",),
        "work_seconds": 0.4, **said,
    }  # fmt: skip
    return Role(**told)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def played() -> RunningSimulator:
    """What all of them have cost, without a sidecar between: the simulator minds no base path."""
    with running_simulator() as simulator:
        fleet = Fleet()
        try:
            fleet.place(simulator.url)
            for role in (
                a_role(name="stays"),
                a_role(name="streams", work=Work.STREAM),
                a_role(name="closes", work=Work.STREAM, ending=Ending.CLOSED, leaves_after_seconds=0.1),
                a_role(name="waits-no-longer", ending=Ending.TIMED_OUT, leaves_after_seconds=0.15),
                a_role(name="research", work=Work.BACKGROUND, scripts=("seconds=0.2", "seconds=0.3")),
                a_role(name="nightly", work=Work.BATCH),
                a_role(name="hourly", work=Work.LEASED_BATCH, model="claude-haiku-4-5", lease_seconds=2),
                a_role(name="film", work=Work.VIDEO, model="veo-3.1-fast-generate-preview"),
            ):
                fleet.start(role)
                simulator.reached(role.name, Milestone.BILLED)
        finally:
            fleet.close()
        return simulator


@pytest.mark.parametrize("name", ["stays", "streams", "nightly", "hourly", "film"])
def test_a_caller_makes_the_request_that_its_role_is_named_for(played: RunningSimulator, name: str) -> None:
    (entry,) = played.bill.of(name)
    assert entry.caller_left_at is None
    assert entry.usd > 0


@pytest.mark.parametrize("name", ["closes", "waits-no-longer"])
def test_a_caller_that_gives_up_leaves_its_provider_working(played: RunningSimulator, name: str) -> None:
    (entry,) = played.bill.of(name)
    assert entry.caller_left_at is not None
    assert entry.caller_left_at < entry.finished_at


def test_an_agent_opens_an_answer_for_each_script(played: RunningSimulator) -> None:
    assert [entry.kind for entry in played.bill.of("research")] == ["background", "background"]


def test_a_batch_has_rows(played: RunningSimulator) -> None:
    (entry,) = played.bill.of("nightly")
    assert entry.usage["prompt_tokens"] == ROWS * 10
