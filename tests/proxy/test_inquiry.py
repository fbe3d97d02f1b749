"""A call that was cut, and the provider asked what it cost."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.openrouter import OPENROUTER
from sidecar.proxy import inquiry
from tests.proxy.messages import CHUNKED, head, reply
from tests.proxy.openai_messages import DONE, chat, delta, usage_event
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection

pytestmark = pytest.mark.anyio

PATH = "/openrouter/api/v1/chat/completions"
ASKED = head("Content-Type: text/event-stream", CHUNKED, "X-Generation-Id: gen-1")
TOLD = b"""{"data":{"id":"gen-1","model":"openai/gpt-4o-mini","cancelled":true,"total_cost":0.000123,
"native_tokens_prompt":10,"native_tokens_completion":7}}"""


@pytest.fixture
async def openrouter(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Road]:
    monkeypatch.setattr(inquiry, "DELAYS_SECONDS", (0.01, 0.02, 0.03))
    facts = dict.fromkeys(CallKind, OnClose.STOPS)
    async with a_road(name="openrouter", dialect=OPENROUTER, on_close_as_set=facts) as road:
        yield road


async def cut(road: Road, opening: bytes = ASKED) -> None:
    caller = await road.caller(chat(PATH, "Authorization: Bearer sk-secret", stream=True, model="openai/gpt-4o-mini"))
    connection, _ = await road.provider.call()
    await connection.send(opening)
    await caller.read(b"\r\n\r\n")
    caller.leave()
    await connection.was_closed()


async def asked(road: Road) -> Connection:
    connection, question = await road.provider.call()
    assert question.lines[0] == b"GET /api/v1/generation?id=gen-1 HTTP/1.1"
    assert b"authorization: Bearer sk-secret" in question.lines
    return connection


async def test_provider_says_what_a_cut_call_cost(openrouter: Road) -> None:
    await cut(openrouter)
    assert not openrouter.log.records
    await (await asked(openrouter)).send(reply(TOLD))
    row = await openrouter.settled()
    assert (row.outcome, row.spend_usd, row.basis) == ("orphan_cut", Decimal("0.000123"), "exact")
    assert row.usage == {"input": 10, "output": 7}
    assert not openrouter.context.inquiries


async def test_record_that_is_not_there_yet_is_asked_for_again(openrouter: Road) -> None:
    await cut(openrouter)
    connection = await asked(openrouter)
    await connection.send(reply(b"{}", status="404 Not Found"))
    await connection.request()
    await connection.send(reply(TOLD))
    assert (await openrouter.settled()).basis == "exact"


@pytest.mark.parametrize("nonsense", [b"", b"null", b'{"data":null}', b"x" * 70_000])
async def test_call_settles_with_what_its_stream_told_when_there_is_no_answer(
    openrouter: Road, nonsense: bytes
) -> None:
    await cut(openrouter)
    for _ in range(3):
        await (await asked(openrouter)).send(reply(nonsense, "Connection: close"))
    assert (await openrouter.settled()).basis == "estimated"


async def test_call_without_a_name_to_ask_about_settles_at_once(openrouter: Road) -> None:
    await cut(openrouter, head("Content-Type: text/event-stream", CHUNKED))
    assert (await openrouter.settled()).basis == "estimated"
    assert not openrouter.context.inquiries


async def test_delivered_call_is_not_asked_about(openrouter: Road) -> None:
    caller = await openrouter.caller(chat(PATH, stream=True))
    connection, _ = await openrouter.provider.call()
    await connection.send(ASKED + delta(), usage_event(), DONE)
    await caller.reply()
    assert (await openrouter.settled()).outcome == "delivered"
    assert not openrouter.context.inquiries


async def test_drain_does_not_wait_for_answers(openrouter: Road) -> None:
    await cut(openrouter)
    await asked(openrouter)
    assert openrouter.context.inquiries
    await openrouter.stop()
    assert (await openrouter.settled()).basis == "estimated"


async def test_broken_connection_is_no_answer(openrouter: Road) -> None:
    await cut(openrouter)
    await (await asked(openrouter)).close()
    await (await asked(openrouter)).send(reply(TOLD))
    assert (await openrouter.settled()).basis == "exact"
