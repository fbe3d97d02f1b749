"""The end of the sidecar: drained by SIGTERM, at once by a second one, and what the next start makes of a SIGKILL."""

import http.client
import json
import signal
import sqlite3
import threading
import uuid
from pathlib import Path

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.callers import Client, Nursery
from tests.end_to_end.rig import RunningSidecar, running_sidecar, usd

CLIENT = Client("gemini", "sync")
BODY = b'{"contents":[{"parts":[{"text":"hello"}]}]}'


class Calling:
    """A plain HTTP caller in a thread, that keeps what it was answered."""

    def __init__(self, sidecar: RunningSidecar, script: str, method: str = "generateContent") -> None:
        self.name = uuid.uuid4().hex
        self.status: int | None = None
        self.body = b""
        self.error: Exception | None = None
        self._address = sidecar.proxy.removeprefix("http://")
        self._script, self._method = script, method
        self._thread = threading.Thread(target=self._call)
        self._thread.start()

    def _call(self) -> None:
        headers = {"X-Simulator": self._script, "X-Simulator-Call": self.name, "X-Sidecar-Caller": self.name}
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("POST", f"/gemini/v1/models/gemini-2.5-flash:{self._method}", BODY, headers)
            reply = connection.getresponse()
            self.status = reply.status
            self.body = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.error = error
        finally:
            connection.close()

    def ended(self) -> None:
        self._thread.join(30)


def test_live_calls_end_before_the_sidecar_does(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator) as sidecar:
        calling = Calling(sidecar, "seconds=0.7 output=100")
        simulator.reached(calling.name, Milestone.RECEIVED)
        assert sidecar.end(signal.SIGTERM) == 0
        calling.ended()
        assert calling.status == 200
        assert json.loads(calling.body)["usageMetadata"]["candidatesTokenCount"] == 100
        assert sidecar.row(calling.name)["outcome"] == "delivered"


def test_no_new_call_is_taken_while_draining(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator) as sidecar:
        calling = Calling(sidecar, "seconds=0.7")
        simulator.reached(calling.name, Milestone.RECEIVED)
        sidecar.process.send_signal(signal.SIGTERM)
        sidecar.logged("draining")
        late = Calling(sidecar, "seconds=0.1")
        late.ended()
        assert isinstance(late.error, ConnectionRefusedError)
        calling.ended()


def test_orphans_are_followed_to_their_end(simulator: RunningSimulator, nursery: Nursery, tmp_path: Path) -> None:
    name = uuid.uuid4().hex
    with running_sidecar(tmp_path, simulator) as sidecar:
        with nursery.caller(CLIENT, f"{sidecar.proxy}/gemini", name, "seconds=1.0 output=200", "unary") as caller:
            simulator.reached(name, Milestone.RECEIVED)
            caller.kill(signal.SIGKILL)
        assert sidecar.end(signal.SIGTERM) == 0
        row = sidecar.row(name)
        (truth,) = simulator.bill.of(name)
        assert row["outcome"] == "orphan_finished"
        assert usd(row) == truth.usd


@pytest.mark.parametrize(
    ("method", "outcome", "basis"),
    [("generateContent", "cut_short", "estimated"), ("streamGenerateContent?alt=sse", "cut_short", "at_least")],
)
def test_a_call_that_outlives_the_deadline_is_cut_short(
    simulator: RunningSimulator, tmp_path: Path, method: str, outcome: str, basis: str
) -> None:
    is_unanswered = method == "generateContent"
    with running_sidecar(tmp_path, simulator, {"DRAIN__DEADLINE_SECONDS": "0.5"}) as sidecar:
        calling = Calling(sidecar, "seconds=20 chunks=100 output=10000", method)
        simulator.reached(calling.name, Milestone.RECEIVED if is_unanswered else Milestone.FIRST_BYTE)
        assert sidecar.end(signal.SIGTERM) == 0
        calling.ended()
        row = sidecar.row(calling.name)
        assert row["outcome"] == outcome
        assert row["basis"] == basis
        assert usd(row) > 0
        if is_unanswered:
            assert calling.status == 503
        else:
            assert calling.error is not None  # broken off, never a clean end


def test_an_orphan_that_outlives_the_deadline_is_cut(
    simulator: RunningSimulator, nursery: Nursery, tmp_path: Path
) -> None:
    name = uuid.uuid4().hex
    with running_sidecar(tmp_path, simulator, {"DRAIN__DEADLINE_SECONDS": "0.5"}) as sidecar:
        with nursery.caller(CLIENT, f"{sidecar.proxy}/gemini", name, "seconds=20", "unary") as caller:
            simulator.reached(name, Milestone.RECEIVED)
            caller.kill(signal.SIGKILL)
        assert sidecar.end(signal.SIGTERM) == 0
        row = sidecar.row(name)
        assert row["outcome"] == "orphan_cut"
        assert row["basis_reason"] == "no_answer"
        assert row["finished_at"] is None


def test_second_sigterm_exits_at_once(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator) as sidecar:
        calling = Calling(sidecar, "seconds=20")
        simulator.reached(calling.name, Milestone.RECEIVED)
        sidecar.process.send_signal(signal.SIGTERM)
        sidecar.logged("draining")
        assert sidecar.end(signal.SIGTERM) == 128 + signal.SIGTERM
        calling.ended()


def test_calls_that_a_killed_sidecar_left_open_are_lost_and_nothing_is_made_up(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    with running_sidecar(tmp_path, simulator) as first:
        finished = Calling(first, "seconds=0 output=10")
        finished.ended()
        before = first.row(finished.name)
        open_calls = [Calling(first, "seconds=20") for _ in range(3)]
        for calling in open_calls:
            simulator.reached(calling.name, Milestone.RECEIVED)
        _wait_for_rows(first, 4)
        first.end(signal.SIGKILL)
        for calling in open_calls:
            calling.ended()
    with running_sidecar(tmp_path, simulator) as second:
        rows = {row["caller"]: row for row in second.rows()}
        assert rows[finished.name] == before
        for calling in open_calls:
            row = rows[calling.name]
            assert row["outcome"] == "lost"
            assert row["unpriced_reason"] == "lost"
            assert row["spend_usd"] is None
            assert row["finished_at"] is None
        assert second.total("calls_settled_total", outcome="lost") == 3
        assert second.total("calls_started_total") == second.total("calls_settled_total")


def _wait_for_rows(sidecar: RunningSidecar, count: int) -> None:
    """The first row of a call is in the next group commit, within 20 ms of its head."""
    for _ in range(1000):
        with sqlite3.connect(f"file:{sidecar.ledger}?mode=ro", uri=True) as ledger:
            (rows,) = ledger.execute("SELECT count(*) FROM calls").fetchone()
        ledger.close()
        if rows == count:
            return
    raise AssertionError(f"{rows} rows, not {count}")
