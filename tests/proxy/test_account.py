"""What the account of a call learns from its request's body, and when."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.providers.openai import OPENAI
from tests.proxy.messages import reply, request
from tests.proxy.openai_messages import CHAT, DONE, MODEL, SSE, answer, chat, delta, usage_event
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("stream", "kind"), [(None, CallKind.UNARY), (False, CallKind.UNARY), (True, CallKind.STREAM)])
async def test_model_and_kind_stand_in_the_body(openai: Road, stream: bool | None, kind: CallKind) -> None:
    caller = await openai.caller(chat(stream=stream))
    connection, _ = await openai.provider.call()
    await connection.send(SSE + usage_event() + DONE if stream else answer())
    await caller.reply()
    row = await openai.settled()
    assert (row.model, row.kind, row.usage) == (MODEL, kind, {"input": 10, "output": 50})
    assert openai.counted("calls_started_total", model=MODEL, kind=kind) == 1
    assert openai.counted("calls_settled_total", model=MODEL, kind=kind, outcome="delivered") == 1


async def test_call_counts_under_its_labels_once_its_request_is_whole(openai: Road) -> None:
    raw = chat(stream=True)
    caller = await openai.caller(raw[:-1])
    await (await openai.provider.connection()).head()
    assert openai.counted("calls_started_total") == 0
    await caller.send(raw[-1:])
    await openai.until(lambda: openai.counted("calls_started_total", model=MODEL, kind="stream") == 1)
    assert openai.counted("calls_in_flight", kind="stream", attachment="attached") == 1


async def test_caller_that_leaves_during_its_upload_counts_too(openai: Road) -> None:
    caller = await openai.caller(chat()[:-1])
    await (await openai.provider.connection()).head()
    caller.leave()
    row = await openai.settled()
    assert (row.outcome, row.model, row.spend_usd) == ("left_early", "", Decimal(0))
    assert openai.counted("calls_started_total") == openai.counted("calls_settled_total") == 1


async def test_answer_before_the_request_has_ended__what_is_known_by_then_counts(openai: Road) -> None:
    caller = await openai.caller(chat()[:-1])
    connection = await openai.provider.connection()
    await connection.head()
    await connection.send(reply(b"{}", status="413 Content Too Large"))
    assert (await caller.reply()).status == 413
    caller.leave()
    await openai.settled()
    assert openai.counted("calls_started_total") == openai.counted("calls_settled_total") == 1


async def test_what_is_done_when_the_caller_leaves_hangs_on_the_kind_that_the_body_tells(openai: Road) -> None:
    stream = await openai.caller(chat(stream=True))
    connection, _ = await openai.provider.call()
    await connection.send(SSE + delta())
    await stream.read(b"\n\n\r\n")
    stream.leave()
    await connection.was_closed()
    whole = await openai.caller(chat())
    connection, _ = await openai.provider.call()
    whole.leave()
    await openai.until(lambda: openai.context.followed)
    await connection.send(answer())
    await openai.settled(2)
    assert [record.outcome for record in openai.log.records] == ["orphan_cut", "orphan_finished"]


async def test_stream_that_was_cut_is_estimated_from_its_deltas_and_its_request(openai: Road) -> None:
    caller = await openai.caller(chat(stream=True))
    connection, _ = await openai.provider.call()
    await connection.send(SSE + delta() + delta() + delta())
    await caller.read(b"\n\n\r\n")
    caller.leave()
    await connection.was_closed()
    row = await openai.settled()
    assert row.usage == {"input": -(-len(f"{MODEL}userhello") // 4), "output": 3}
    assert (row.basis, row.basis_reason) == ("estimated", "counted_deltas")


async def test_call_that_was_cut_unanswered_is_estimated_from_its_request(openai: Road) -> None:
    caller = await openai.caller(chat(CHAT, "X-Sidecar-On-Departure: cut"))
    connection, _ = await openai.provider.call()
    caller.leave()
    await connection.was_closed()
    row = await openai.settled()
    assert set(row.usage) == {"input"}
    assert (row.basis, row.basis_reason) == ("estimated", "no_answer")


async def test_background_work_is_no_call_with_a_price(openai: Road) -> None:
    caller = await openai.caller(request("/openai/v1/responses", b'{"model":"gpt-4o-mini","background":true}'))
    connection, _ = await openai.provider.call()
    await connection.send(reply(b'{"id":"r1","status":"queued","usage":null}', "Content-Type: application/json"))
    await caller.reply()
    row = await openai.settled()
    assert (row.spend_usd, row.unpriced_reason) == (None, "operation")


async def test_retry_names_the_attempt_before(openai: Road) -> None:
    caller = await openai.caller(chat())
    connection, _ = await openai.provider.call()
    await connection.send(reply(b"{}", status="500 Internal Server Error"))
    await caller.reply()
    await caller.send(chat(CHAT, "x-stainless-retry-count: 1"))
    await connection.request()
    await connection.send(answer())
    await caller.reply()
    await openai.settled(2)
    first, second = openai.log.records
    assert (first.attempt_of, second.attempt_of) == (None, first.id)


async def test_labels_that_are_allowed_are_kept_and_no_others() -> None:
    changes: dict[str, Any] = {"name": "openai", "dialect": OPENAI, "label_names": ("team",)}
    async with a_road(**changes) as road:
        caller = await road.caller(chat(CHAT, "X-Sidecar-Label-Team: Research", "X-Sidecar-Label-Other: x"))
        connection, seen = await road.provider.call()
        await connection.send(answer())
        await caller.reply()
        assert (await road.settled()).labels == {"team": "Research"}
        assert b"abel" not in seen.head
