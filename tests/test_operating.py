"""What knows of operations, built and joined in this process; what real programs make of it is in end_to_end/."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sidecar.app import Application
from sidecar.control.view import CancelVerdict
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import CancelResult, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.operating import reply_headers_of, verdict_of, wire_of
from sidecar.simulator.server import Simulator
from tests.test_app import settings_for

pytestmark = pytest.mark.anyio
SCRIPT = "never_ending=1 seconds=600"


def a_record(**fields: Any) -> OperationRecord:
    usual: dict[str, Any] = {
        "id": "o1", "upstream": "openai", "provider": "openai", "dialect": "openai", "method": "responses",
        "kind": OperationKind.BACKGROUND, "model": "m", "opened_at": 1, "path": "/v1/responses", "lease_seconds": 60.0,
        "renewed_at": 1, "due_at": 1,
    }  # fmt: skip
    return OperationRecord(**(usual | fields))


class Scene:
    """A sidecar before a simulator, in this loop."""

    def __init__(self, application: Application, simulator: Simulator, proxy: str) -> None:
        self.application, self.simulator, self.proxy = application, simulator, proxy

    async def opened(self) -> OperationRecord:
        """A background response of a caller in this process."""
        headers = {"Authorization": "Bearer a-key", "X-Simulator": SCRIPT, "Content-Type": "application/json"}
        body = json.dumps({"model": "gpt-5-mini", "input": "hi", "background": True})
        async with httpx2.AsyncClient() as client:
            answer = await client.post(f"{self.proxy}/openai/v1/responses", content=body, headers=headers)
        assert answer.status_code == 200
        return await self.row_with("running")

    async def row_with(self, state: str) -> OperationRecord:
        """The one operation, once it is in this state."""
        async with asyncio.timeout(20):
            while True:
                rows = await self.application.operations(OperationQuery(limit=2))
                if rows and rows[0].state == state:
                    return rows[0]
                await asyncio.sleep(0.02)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with Simulator() as simulator:
        settings = settings_for(
            tmp_path,
            upstreams={"openai": {"dialect": "openai", "url": simulator.url}},
            drain={"deadline_seconds": 5, "callers_are_gone": True},
            mode="enforce",
        )
        application = Application(settings)
        addresses = await application.start()
        yield Scene(application, simulator, addresses["proxy"])
        await application.stop()


async def test_operation_is_seen_from_the_control_side(scene: Scene) -> None:
    record = await scene.opened()
    assert await scene.application.operation(record.id) == record
    assert await scene.application.operation(record.id[:8]) is None
    assert [move.event for move in await scene.application.moves(record.id)] == ["opened", "accepted"]
    async with asyncio.timeout(10):  # the row is there a moment before the reaper has heard of it
        while scene.application.open_operations()[OperationState.RUNNING] != 1:
            await asyncio.sleep(0.01)


async def test_renewed_by_a_person(scene: Scene) -> None:
    record = await scene.opened()
    renewed = await scene.application.renew_operation(record.id)
    assert renewed is not None
    assert renewed.renewed_at > record.renewed_at


async def test_operation_that_can_not_be_written_is_an_error_of_the_ledger(scene: Scene) -> None:
    assert scene.application.ledger_health().errors["operation"] == 0
    scene.application._operating._say_of_ledger("the disk is full")
    assert scene.application.ledger_health().errors["operation"] == 1


async def test_cancelled_by_a_person(scene: Scene) -> None:
    record = await scene.opened()
    assert await scene.application.cancel_operation(record.id) is CancelVerdict.TAKEN
    cancelled = await scene.row_with("cancelled")
    assert (cancelled.cancel_trigger, cancelled.cancel_result) == ("asked", "confirmed")
    assert [len(seen.cancels) for seen in scene.simulator.operations] == [1]


async def test_told_to_end_after_its_callers__what_they_left_is_cancelled(scene: Scene) -> None:
    await scene.opened()
    await scene.application.stop()
    (seen,) = scene.simulator.operations
    assert (len(seen.cancels), str(seen.finished_how)) == (1, "cancelled")


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"state": OperationState.CANCELLING}, CancelVerdict.TAKEN),
        ({"state": OperationState.SUCCEEDED}, CancelVerdict.ENDED),
        ({"state": OperationState.OPENING}, CancelVerdict.OPENING),
        ({"state": OperationState.RUNNING, "cancel_result": CancelResult.UNSUPPORTED}, CancelVerdict.UNSUPPORTED),
        (
            {"state": OperationState.SUCCEEDED, "cancel_result": CancelResult.UNSUPPORTED, "ended_at": 2},
            CancelVerdict.ENDED,
        ),
    ],
)
def test_verdict_is_told_from_the_row(fields: dict[str, Any], verdict: CancelVerdict) -> None:
    assert verdict_of(a_record(**fields)) is verdict


def test_what_is_not_there_can_not_be_cancelled() -> None:
    assert verdict_of(None) is CancelVerdict.UNKNOWN


def test_wire_is_found_again_by_the_request_that_opened_it() -> None:
    wire = wire_of(a_record(dialect="azure", path="/openai/batches?api-version=2025-04-01"))
    assert wire is not None
    assert wire.kind is OperationKind.BATCH


@pytest.mark.parametrize("fields", [{"dialect": "gone"}, {"path": "/v1/nothing"}])
def test_row_of_what_we_do_not_know_any_more_has_no_wire(fields: dict[str, Any]) -> None:
    assert wire_of(a_record(**fields)) is None
    assert reply_headers_of(a_record(**fields)) == ()


def test_headers_that_a_reader_needs_are_asked_for() -> None:
    assert reply_headers_of(a_record(dialect="fal_queue", path="/fal-ai/flux/dev")) == ("x-fal-billable-units",)
