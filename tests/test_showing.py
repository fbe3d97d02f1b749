"""What the program shows of its calls, its money and its settings."""

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.clock import SECOND
from sidecar.config.load import Loaded
from sidecar.config.settings import Settings
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.lifecycle.operation import GoneReason, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.showing import Showing
from sidecar.telemetry.log import open_log
from tests.ledger.given import SOON, START, settled_call
from tests.ledger.operations_given import operation
from tests.proxy.messages import UNARY_REPLY, answer, reply
from tests.proxy.rescuing import abandoned, call
from tests.proxy.road import Road, a_road

LAST_REPLY = reply(answer(), "Content-Type: application/json", "Connection: close")
pytestmark = pytest.mark.anyio


def showing(road: Road, **settings: object) -> Showing:
    loaded = Loaded(Settings.model_validate(settings), {"mode": "file s.yaml:1"}, None)
    log = open_log(road.context.clock, file=io.BytesIO())
    shown = Showing(lambda: loaded, road.context, log)
    log.close()
    return shown


async def test_orphans_are_counted_and_listed() -> None:
    async with a_road() as road:
        await abandoned(road, call())
        shown = showing(road)
        assert dict(shown.attachments()) == {"orphaned": 1}
        assert [row.attachment for row in shown.watch_calls()()] == ["orphaned"]
        assert [row.attachment for row in await shown.calls_in_flight()] == ["orphaned"]


async def test_call_that_settles_is_remembered_and_counted() -> None:
    async with a_road() as road:
        shown = showing(road)
        await road.caller(call())
        provider, _ = await road.provider.call()
        await provider.send(UNARY_REPLY)
        await road.settled()
        assert [record.outcome for record in shown.recent()] == ["delivered"]
        totals = shown.totals()
        assert (totals["calls"], totals["exposure_usd"]) == ({"delivered": 1}, "0")


async def test_open_sockets_and_tunnels_are_those_of_the_metrics() -> None:
    async with a_road() as road:
        road.recorder.live("gemini").open.value += 2
        road.recorder.tunnels.open.value += 1
        shown = showing(road)
        assert (shown.live_sockets(), shown.tunnels()) == ({"gemini": 2}, 1)


async def test_exposure_is_what_the_metric_says() -> None:
    async with a_road() as road:
        for count in range(1, 6):
            await road.caller(call())
            provider, _ = await road.provider.call()
            await provider.send(LAST_REPLY)
            await road.settled(count)
        await abandoned(road, call())
        exposure = Decimal(str(showing(road).totals()["exposure_usd"]))
        assert float(exposure) == pytest.approx(road.counted("exposure_usd"))
        assert exposure > 0


@pytest.fixture
def since() -> Callable[[Showing], int]:
    return lambda shown: shown._since


async def test_running_operation_has_a_lease_that_ends(since: Callable[[Showing], int]) -> None:
    async with a_road() as road:
        shown = showing(road)
        later = since(shown) + SECOND
        record = operation(state=S.RUNNING, renewed_at=later)
        assert shown.prospect(record) == (later + 60 * SECOND, None, None)


async def test_no_lease_is_judged_for_a_whole_one_after_our_start(since: Callable[[Showing], int]) -> None:
    async with a_road() as road:
        shown = showing(road)
        assert shown.prospect(operation(state=S.RUNNING, renewed_at=START)).lease_ends_at == since(shown) + 60 * SECOND


async def test_orphan_has_a_grace_where_it_is_cancelled_after_it(since: Callable[[Showing], int]) -> None:
    async with a_road() as road:
        shown = showing(road, operations={"grace_seconds": 7})
        lapsed = since(shown) + SECOND
        orphan = orphaned(lapsed)
        assert shown.prospect(orphan) == (None, lapsed + 7 * SECOND, None)
        watched = showing(road, operations={"on_orphan": {"background": "watch"}})
        assert watched.prospect(orphan).grace_ends_at is None


def orphaned(lapsed_at: int) -> OperationRecord:
    return operation(state=S.ORPHANED, lapsed_at=lapsed_at, gone_reason=GoneReason.PROCESS_EXITED)


@pytest.mark.parametrize("record", [operation(state=S.RUNNING, is_detached=True), operation(state=S.SUCCEEDED)])
async def test_detached_or_ended_operation_has_nothing_to_come(record: OperationRecord) -> None:
    async with a_road() as road:
        assert showing(road).prospect(record) == (None, None, None)


async def test_ledger_is_asked_for_what_is_not_in_memory(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    async with a_road() as road:
        ledger = SqliteLedger.open(url, clock=road.context.clock, instance="me")
        ledger.put(settled_call("c1"))
        assert ledger.flush(SOON)
        shown = showing(road, ledger={"url": url})
        assert [record.id for record in await shown.history(CallQuery(limit=5))] == ["c1"]
        found = await shown.call("c1")
        assert found is not None
        assert await shown.call("c") is None  # an id's beginning is not the id
        (step,) = await shown.spending(START, 60 * SECOND, 1)
        assert (step.calls, step.spend_usd) == (1, Decimal("0.000123"))
        ledger.close(SOON)


async def test_settings_are_those_in_force_with_their_origins() -> None:
    async with a_road() as road:
        lines = {line.key: line for line in showing(road, mode="enforce").settings()}
        assert lines["mode"] == ("mode", "enforce", "file s.yaml:1")
        assert lines["log.level"].origin is None


async def test_log_level_is_the_logs() -> None:
    async with a_road() as road:
        shown = showing(road)
        assert shown.log_level == "info"
        shown.log_level = "error"
        assert shown.log_level == "error"
