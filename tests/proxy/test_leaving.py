"""The caller leaves at every point there is, by FIN and by reset; the rules say what follows, and nothing is left over."""

import asyncio
from collections.abc import Callable

import pytest

from sidecar.lifecycle.call import Downstream
from tests.proxy.messages import (
    CHUNKED,
    LAST,
    SSE,
    STREAM,
    UNARY,
    UNARY_REPLY,
    event,
    get,
    reply,
    request,
)
from tests.proxy.road import ZERO, Road, a_road
from tests.proxy.sockets import Caller

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("error::ResourceWarning")]

LEAVES = {"fin": Caller.leave, "rst": Caller.reset}
Leave = Callable[[Caller], None]


@pytest.fixture(params=LEAVES)
def reason(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def is_gone(road: Road) -> bool:
    return any(exchange.call.downstream is Downstream.GONE for exchange in road.context.live)


async def test_before_the_head_is_whole__nothing_has_happened(road: Road, reason: str) -> None:
    caller = await road.caller(request()[:40])
    await road.until(lambda: road.context.downstreams)
    LEAVES[reason](caller)
    await road.until(lambda: not road.context.downstreams)
    assert (road.log.records, road.provider.accepted, road.counted("calls_started_total")) == ([], [], 0)


async def test_between_requests__nothing_has_happened(road: Road, reason: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    await road.settled()
    LEAVES[reason](caller)
    await road.until(lambda: not road.context.downstreams)
    assert road.log.records[0].outcome == "delivered"


@pytest.mark.parametrize(
    "start", [request(UNARY, b"", "Content-Length: 100") + b"half", request(UNARY, b"", CHUNKED) + b"4\r\nha"]
)
async def test_during_the_upload__left_early_and_the_provider_never_has_the_whole(
    road: Road, reason: str, start: bytes
) -> None:
    caller = await road.caller(start)
    connection = await road.provider.connection()
    await connection.head()
    LEAVES[reason](caller)
    assert LAST not in await connection.was_closed()
    row = await road.settled()
    assert (row.outcome, row.left_reason, row.committed_at, row.finished_at) == ("left_early", reason, None, None)
    assert (row.spend_usd, row.basis) == (ZERO, "exact")


async def test_while_a_connection_is_made__left_early_and_it_is_not_kept(stuck_port: int, reason: str) -> None:
    async with a_road(port=stuck_port) as road:
        caller = await road.caller(request())
        await road.until(lambda: road.context.pool._connecting)
        LEAVES[reason](caller)
        row = await road.settled()
        assert (row.outcome, row.left_reason, row.spend_usd) == ("left_early", reason, ZERO)
        assert not road.context.pool._connecting


async def test_right_behind_the_request__nothing_is_left_over_whichever_was_first(road: Road, reason: str) -> None:
    for _ in range(20):
        caller = await road.caller(request())
        LEAVES[reason](caller)
    await road.until(lambda: len(road.log.records) == len(road.ledger.rows) and not road.context.downstreams)
    assert {row.outcome for row in road.log.records} <= {"left_early", "orphan_finished"}


async def test_while_the_answer_is_awaited__read_to_its_end(road: Road, reason: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    assert road.context.followed == 1
    await connection.send(UNARY_REPLY)
    row = await road.settled()
    assert (row.outcome, row.left_reason, row.basis) == ("orphan_finished", reason, "exact")
    assert row.orphaned_usd == row.spend_usd != 0
    assert row.committed_at < row.left_at < row.finished_at  # type: ignore[operator]


async def test_while_the_pod_is_ending__that_is_why_the_caller_left(road: Road, reason: str) -> None:
    road.context.pod_is_ending = True
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    await connection.send(UNARY_REPLY)
    row = await road.settled()
    assert (row.outcome, row.left_reason) == ("orphan_finished", "pod_ending")
    assert road.counted("departures_total", reason="pod_ending") == 1


async def test_in_the_middle_of_a_stream__the_rest_is_orphaned(road: Road, reason: str) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(10))
    await caller.read(b"\r\n\r\n\r\n")
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    await connection.send(event(20), event(50, finish="STOP") + LAST)
    row = await road.settled()
    assert (row.outcome, row.usage, row.avoidable_basis) == ("orphan_finished", {"input": 10, "output": 50}, "exact")
    assert 0 < row.orphaned_usd < row.spend_usd  # type: ignore[operator]
    assert row.orphaned_usd == row.avoidable_usd


async def test_in_the_middle_of_a_unary_reply__all_of_it_is_orphaned(road: Road, reason: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY[:-10])
    await caller.read(b"\r\n\r\n")
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    await connection.send(UNARY_REPLY[-10:])
    row = await road.settled()
    assert row.outcome == "orphan_finished"
    assert row.orphaned_usd == row.spend_usd


@pytest.mark.parametrize(("reason", "outcome"), [("fin", "delivered"), ("rst", "orphan_finished")])
async def test_after_the_terminal_event__a_close_is_no_loss_and_a_reset_is(
    road: Road, reason: str, outcome: str
) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(50, finish="STOP"))
    await caller.read(b"\r\n\r\n\r\n")
    await road.until(lambda: not road.live().reply.unacknowledged())
    LEAVES[reason](caller)
    await road.until(lambda: road.live().downstream is None)
    assert road.context.followed == 1
    await connection.send(LAST)
    row = await road.settled()
    assert row.outcome == outcome
    assert row.avoidable_usd == 0
    assert len(road.context.pool._idle) == 1


@pytest.mark.parametrize(("reason", "outcome"), [("fin", "delivered"), ("rst", "undelivered")])
async def test_right_after_the_last_byte__a_close_is_no_loss_and_a_reset_is(
    road: Road, reason: str, outcome: str
) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    LEAVES[reason](caller)
    row = await road.settled()
    assert row.outcome == outcome
    assert (row.orphaned_usd == row.spend_usd) is (outcome == "undelivered")
    assert row.avoidable_usd == 0


async def test_with_the_reply_unread__undelivered(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await road.until(lambda: road.live().awaits_handover)
    await road.until(lambda: not road.live().reply.unacknowledged())
    caller.leave()  # the kernel resets a connection that is closed with bytes unread
    row = await road.settled()
    assert (row.outcome, row.left_reason) == ("undelivered", "rst")


async def test_from_what_is_no_call__the_provider_is_let_go(road: Road, reason: str) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    LEAVES[reason](caller)
    await connection.was_closed()
    await road.at_rest()
    assert (road.log.records, len(road.ledger.rows)) == ([], 0)


async def test_while_the_provider_takes_an_upload_slowly__seen_although_nothing_is_read(
    road: Road, reason: str
) -> None:
    caller = await road.caller(request(UNARY, b"", "Content-Length: 100000000"))
    connection = await road.provider.connection()
    await connection.head()
    while road.is_reading():  # piece by piece, for a FIN behind more than the kernel takes would not arrive
        await caller.send(bytes(64 * 1024))
        await asyncio.sleep(0)
    LEAVES[reason](caller)
    row = await road.settled()
    assert (row.outcome, row.spend_usd) == ("left_early", ZERO)


async def test_while_it_reads_slowly__the_rest_is_read_for_the_record(road: Road, reason: str) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    sending = road.loop.create_task(connection.send(SSE + event(text="x" * 3_000_000) + event(finish="STOP") + LAST))
    await road.until(lambda: road.only_downstream().is_writing_paused)
    LEAVES[reason](caller)
    row = await road.settled()
    await sending
    assert (row.outcome, row.usage["output"]) == ("orphan_finished", 50)


async def test_and_the_provider_fails_afterwards__orphan_failed(road: Road, reason: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    await connection.close()
    row = await road.settled()
    assert (row.outcome, row.unpriced_reason, row.spend_usd) == ("orphan_failed", "no_usage", None)


async def test_and_the_provider_declines_afterwards__orphan_failed_and_free(road: Road, reason: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    LEAVES[reason](caller)
    await road.until(lambda: is_gone(road))
    await connection.send(reply(b"{}", status="429 Too Many Requests"))
    row = await road.settled()
    assert (row.outcome, row.spend_usd, row.http_status) == ("orphan_failed", ZERO, 429)
