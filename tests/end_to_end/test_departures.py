"""The main job: a real google-genai caller vanishes in every way there is, and the sidecar tells the truth about it.

Each test compares the ledger's row with what was done to the caller and with the simulator's own bill.
"""

import signal
import uuid
from decimal import Decimal

import pytest

from sidecar.cli.rows import call_row
from sidecar.clock import Moment
from sidecar.ledger.reader import SqliteReader
from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.callers import CLIENTS, Client, Nursery
from tests.end_to_end.leaving_scene import eventually
from tests.end_to_end.rig import Row, RunningSidecar, moment, usd

LOOSELY = 0.25
"""Seconds that a recorded moment may differ from the truth; the benchmark says how small it really is."""

UNARY = "seconds=0.6 prompt=120 output=300 thoughts=40 cached=20 tool=5"
STREAM = "seconds=0.8 chunks=8 prompt=120 output=300 thoughts=40"


@pytest.fixture(params=CLIENTS, ids=str)
def client(request: pytest.FixtureRequest) -> Client:
    chosen: Client = request.param
    return chosen


class Stage:
    """A named call, seen from both sides."""

    def __init__(self, simulator: RunningSimulator, sidecar: RunningSidecar, nursery: Nursery) -> None:
        self.simulator, self.sidecar, self.nursery = simulator, sidecar, nursery
        self.name = uuid.uuid4().hex[:12]

    def base_url(self, client: Client) -> str:
        return f"{self.sidecar.proxy}/{client.mode}"

    def truth(self) -> Entry:
        """The simulator's entry, once the call is over."""
        self.simulator.reached(self.name, Milestone.BILLED)
        (entry,) = self.simulator.bill.of(self.name)
        return entry

    def row(self) -> Row:
        """As `sidecar calls list` writes it, which is asked itself once, in the first test: a process for each takes a second."""
        (settled,) = self.sidecar.settled(self.name)
        reader, found = SqliteReader.open(f"sqlite:///{self.sidecar.ledger}"), list[CallRecord]()

        def has_come() -> bool:
            record = reader.call(settled["id"])
            found.extend([record] if record is not None and record.outcome else [])
            return bool(found)

        eventually(has_come)
        return dict(call_row(found[0]))

    def check(self, outcome: str, told: Row | None = None) -> tuple[Row, Entry]:
        """The row and the entry, with everything that must agree in each scenario."""
        truth, row = self.truth(), told or self.row()
        assert row["outcome"] == outcome
        assert usd(row) == truth.usd
        assert row["basis"] == "exact"
        assert row["dialect"] == truth.dialect
        late = (moment(row, "finished_at") - truth.finished_at) / 1e6
        print(f"finished_at is {late * 1000:.1f} ms after the provider's own finish")
        assert -0.001 <= late < LOOSELY
        return row, truth

    def check_left(self, row: Row, at: Moment, reason: str = "fin") -> None:
        late = (moment(row, "left_at") - at) / 1e6
        print(f"left_at is {late * 1000:.1f} ms after the fact")
        assert -0.001 <= late < LOOSELY
        assert row["left_reason"] == reason


@pytest.fixture
def stage(simulator: RunningSimulator, sidecar: RunningSidecar, nursery: Nursery) -> Stage:
    return Stage(simulator, sidecar, nursery)


def test_unary_caller_stays__delivered(stage: Stage, client: Client) -> None:
    with stage.nursery.caller(client, stage.base_url(client), stage.name, UNARY, "unary") as caller:
        assert caller.heard("answer")
        caller.ended()
    row, _ = stage.check("delivered", stage.sidecar.row(stage.name) if client == CLIENTS[0] else None)
    assert usd(row, "orphaned_usd") == 0
    assert row["left_at"] is None
    assert row["usage"] == {"input": 100, "cached_input": 20, "output": 300, "reasoning": 40, "tool_use": 5}


def test_stream_caller_stays__delivered(stage: Stage, client: Client) -> None:
    with stage.nursery.caller(client, stage.base_url(client), stage.name, STREAM, "stream") as caller:
        caller.heard("answer")
        caller.ended()
    row, _ = stage.check("delivered")
    assert usd(row, "orphaned_usd") == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
def test_caller_is_killed_before_the_answer__orphan_finished(stage: Stage, client: Client, number: int) -> None:
    with stage.nursery.caller(client, stage.base_url(client), stage.name, UNARY, "unary") as caller:
        stage.simulator.reached(stage.name, Milestone.RECEIVED)
        killed_at = caller.kill(number)
        row, truth = stage.check("orphan_finished")
    stage.check_left(row, killed_at)
    assert usd(row, "orphaned_usd") == truth.usd
    assert 0 < usd(row, "avoidable_usd") < truth.usd
    assert truth.caller_left_at is None  # nobody told the provider: the sidecar read on


def test_caller_loses_patience__orphan_finished(stage: Stage, client: Client) -> None:
    script = UNARY.replace("seconds=0.6", "seconds=1.2")
    with stage.nursery.caller(client, stage.base_url(client), stage.name, script, "unary_with_timeout") as caller:
        error = caller.heard("error")
        caller.ended()
        row, truth = stage.check("orphan_finished")
    assert "imeout" in error
    left_after = (moment(row, "left_at") - truth.received_at) / 1e6
    assert 0.3 < left_after < 0.5 + LOOSELY
    assert usd(row, "orphaned_usd") == truth.usd


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
def test_caller_is_killed_midway_through_a_stream__output_until_then_is_delivered(
    stage: Stage, client: Client, number: int
) -> None:
    with stage.nursery.caller(client, stage.base_url(client), stage.name, STREAM, "stream") as caller:
        caller.heard("chunk")
        killed_at = caller.kill(number)
        row, truth = stage.check("orphan_finished")
    stage.check_left(row, killed_at, reason=row["left_reason"])
    assert row["left_reason"] in ("fin", "rst")  # a reset when a chunk arrived that was never read
    assert 0 < usd(row, "orphaned_usd") < truth.usd
    assert usd(row, "avoidable_usd") == usd(row, "orphaned_usd")


def test_caller_leaves_right_after_the_last_frame__delivered(stage: Stage, client: Client) -> None:
    script = f"{STREAM} tail=0.4"
    with stage.nursery.caller(client, stage.base_url(client), stage.name, script, "stream_then_leave") as caller:
        caller.ended()
        row, _ = stage.check("delivered")
    assert row["left_at"] is None
    assert usd(row, "orphaned_usd") == Decimal(0)
