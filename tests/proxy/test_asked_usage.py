"""Usage asked for in the place of the caller: what the provider gets, and that the caller sees nothing of it."""

import json
from collections.abc import AsyncIterator

import pytest

from sidecar.providers.openai import OPENAI
from sidecar.proxy import asked_usage
from tests.proxy.messages import chunk, reply
from tests.proxy.openai_messages import CHAT, DONE, JSON, SSE, answer, chat, delta, usage_event
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

ANSWER = [delta("a"), delta("b", finish="stop")]


@pytest.fixture
async def asking() -> AsyncIterator[Road]:
    """A road whose upstream is set to `inject_usage`."""
    async with a_road(name="openai", dialect=OPENAI, inject_usage=True) as road:
        yield road


def payloads(*events: bytes) -> bytes:
    """The bodies of chunks, without their framing."""
    return b"".join(event.split(b"\r\n", 1)[1].removesuffix(b"\r\n") for event in events)


async def test_provider_is_asked_and_the_caller_sees_nothing_of_it(asking: Road) -> None:
    caller = await asking.caller(chat(stream=True))
    connection, seen = await asking.provider.call()
    assert json.loads(seen.body) == json.loads(chat(stream=True).partition(b"\r\n\r\n")[2]) | {
        "stream_options": {"include_usage": True}
    }
    await connection.send(SSE, *ANSWER, usage_event(), DONE)
    assert (await caller.reply()).body == payloads(*ANSWER) + b"data: [DONE]\n\n"
    row = await asking.settled()
    assert (row.usage, row.basis) == ({"input": 10, "output": 50}, "exact")


@pytest.mark.parametrize("at", [1, 40, 80])
async def test_request_that_comes_in_pieces_is_held_until_it_is_whole(asking: Road, at: int) -> None:
    raw = chat(stream=True)
    caller = await asking.caller(raw[:-at])
    await asking.until(lambda: asking.context.live)
    assert asking.live().upstream is None
    await caller.send(raw[-at:])
    connection, seen = await asking.provider.call()
    assert b"include_usage" in seen.body
    await connection.send(SSE, *ANSWER, usage_event(), DONE)
    await caller.reply()


async def test_chunked_request_goes_on_with_a_length(asking: Road) -> None:
    head, _, body = chat(stream=True).partition(b"\r\n\r\n")
    head = head.replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
    caller = await asking.caller(head + b"\r\n\r\n" + chunk(body) + b"0\r\n\r\n")
    connection, seen = await asking.provider.call()
    assert b"\r\ncontent-length: %d\r\n" % len(seen.body) in seen.head.lower()
    assert b"transfer-encoding" not in seen.head.lower()
    await connection.send(SSE, *ANSWER, usage_event(), DONE)
    await caller.reply()


@pytest.mark.parametrize(
    "raw",
    [
        chat(),
        chat(stream=False),
        chat(stream=True, stream_options={"include_usage": True}),
        chat("/openai/v1/embeddings", stream=True),
    ],
)
async def test_request_that_needs_no_asking_goes_on_as_it_came(asking: Road, raw: bytes) -> None:
    caller = await asking.caller(raw)
    connection, seen = await asking.provider.call()
    assert seen.body == raw.partition(b"\r\n\r\n")[2]
    await connection.send(answer())
    await caller.reply()


async def test_reply_that_is_no_stream_passes_as_it_is(asking: Road) -> None:
    caller = await asking.caller(chat(stream=True))
    connection, _ = await asking.provider.call()
    await connection.send(reply(b'{"error":{"message":"no"}}', JSON, status="400 Bad Request"))
    assert (await caller.reply()).body == b'{"error":{"message":"no"}}'


async def test_coded_reply_is_not_asked_for(asking: Road) -> None:
    caller = await asking.caller(chat(CHAT, "Accept-Encoding: gzip", stream=True))
    connection, seen = await asking.provider.call()
    assert b"accept-encoding" not in seen.head.lower()
    await connection.send(SSE, *ANSWER, usage_event(), DONE)
    await caller.reply()


async def test_request_that_is_too_large_to_be_held_goes_on_as_it_comes(
    asking: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_usage, "MOST_HELD", 20)
    raw = chat(stream=True)
    caller = await asking.caller(raw[:-30], raw[-30:])
    connection, seen = await asking.provider.call()
    assert seen.body == raw.partition(b"\r\n\r\n")[2]
    await connection.send(SSE, *ANSWER, DONE)
    await caller.reply()
    assert (await asking.settled()).basis == "estimated"


async def test_caller_that_leaves_while_its_request_is_held(asking: Road) -> None:
    caller = await asking.caller(chat(stream=True)[:-1])
    await asking.until(lambda: asking.context.live)
    caller.leave()
    assert (await asking.settled()).outcome == "left_early"
