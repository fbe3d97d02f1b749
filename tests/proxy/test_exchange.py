"""The life of an exchange told from its end: one settlement, whichever way it went, and metrics that add up."""

import pytest

from sidecar.lifecycle.policy import CutUpstream
from tests.proxy.messages import LAST, PLAIN, SSE, STREAM, UNARY_REPLY, answer, event, get, head, reply, request
from tests.proxy.road import ZERO, Road

pytestmark = pytest.mark.anyio

LIMIT = CutUpstream("a_limit")


async def test_call_that_is_delivered__every_moment_in_order(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(10))
    await caller.read(b"\r\n\r\n\r\n")
    await connection.send(event(50, finish="STOP"))
    await caller.read(b"\r\n\r\n\r\n")
    terminal_at = road.context.clock.now()
    await connection.send(LAST)
    await caller.read(LAST)
    row = await road.settled()
    moments = [row.started_at, row.committed_at, row.answered_at, row.finished_at]
    assert moments == sorted(moments)  # type: ignore[type-var]
    assert row.finished_at is not None
    assert row.finished_at <= terminal_at  # the terminal event, not the last byte
    assert row.settled_at is not None
    assert (row.left_at, row.left_reason, row.http_status) == (None, None, 200)


async def test_exchange_that_is_no_call__counted_and_not_recorded(road: Road) -> None:
    caller = await road.caller(get())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}", status="404 Not Found"))
    assert (await caller.reply("GET")).status == 404
    await road.at_rest()
    assert (road.log.records, len(road.ledger.rows)) == ([], 0)
    assert road.counted("exchanges_total", provider="gemini", code="404") == 1


async def test_call_is_in_the_ledger_from_its_head_on(road: Road) -> None:
    caller = await road.caller(request()[:-5])
    await (await road.provider.connection()).head()
    ((record, _),) = road.ledger.rows.values()
    assert (record.outcome, record.model, record.kind, record.upstream) == (None, "gemini-2.5-flash", "unary", "gemini")
    caller.leave()
    await road.settled()
    assert len(road.ledger.rows) == 1


async def test_calls_started_are_calls_settled_once_all_is_at_rest(road: Road) -> None:
    for leaves in (True, False):
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        if leaves:
            caller.leave()
            await road.until(lambda: road.context.followed)
        await connection.send(UNARY_REPLY.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await road.settled(2 - leaves)
    assert road.counted("calls_started_total") == road.counted("calls_settled_total") == 2
    assert road.counted("calls_in_flight") == 0


async def test_cut_while_the_answer_is_awaited__503_and_the_caller_is_told_why(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    road.live().cut(LIMIT)
    got = await caller.reply()
    assert got.status == 503
    assert b"cut by the sidecar: a_limit" in got.body
    await connection.was_closed()
    row = await road.settled()
    assert (row.outcome, row.finished_at, row.basis_reason) == ("cut_short", None, "no_answer")


async def test_cut_in_the_middle_of_a_reply__the_caller_sees_a_broken_connection(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(10))
    await caller.read(b"\r\n\r\n\r\n")
    road.live().cut(LIMIT)
    assert await caller.until_broken() == b""
    await connection.was_closed()
    row = await road.settled()
    assert (row.outcome, row.usage["output"], row.basis) == ("cut_short", 10, "at_least")


async def test_cut_twice_or_too_late__nothing_more_happens(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    exchange = road.live()
    exchange.cut(LIMIT)
    exchange.cut(LIMIT)
    assert (await road.settled()).outcome == "delivered"
    exchange.conclude()
    exchange.departure.stop()
    assert len(road.log.records) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "429 Too Many Requests", "500 Internal Server Error"])
async def test_provider_declines__its_own_error_byte_for_byte_and_rejected(road: Road, status: str) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    sent = reply(b'{"error": {"code": 1}}', "Retry-After: 7", status=status)
    await connection.send(sent)
    assert await caller.read(b'{"error": {"code": 1}}') == sent
    row = await road.settled()
    assert (row.outcome, row.http_status, row.spend_usd) == ("rejected", int(status[:3]), ZERO)


async def test_overhead_is_counted_for_every_exchange(road: Road) -> None:
    caller = await road.caller(get(PLAIN))
    connection, _ = await road.provider.call()
    await connection.send(head(status="204 No Content"))
    await caller.read(b"\r\n\r\n")
    await road.at_rest()
    assert road.counted("overhead_seconds_count") == 1
