"""What real SDKs do with sockets: google-genai's Live, OpenAI's Realtime, Responses and Live sessions, Azure's Realtime.

Each client makes turns, and gives every message of one as JSON. They run in processes of their own (`live_programs.py`), so that
they can be killed in the middle of one.
"""

import base64
import json
import warnings
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any, NamedTuple

LIVE_MODEL, REALTIME_MODEL, RESPONSES_MODEL = "gemini-live-2.5-flash", "gpt-realtime-mini", "gpt-5-mini"
QUESTION = "Tell me about the sea."
ITEM: Any = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": QUESTION}]}
IN_TEXT: Any = {"type": "realtime", "output_modalities": ["text"]}
SOUND = base64.b64encode(bytes(3 * 48_000)).decode()
"""Three seconds of it."""

AsyncTurn = Callable[[], AsyncIterator[str]]
Turn = Callable[[], Iterator[str]]


class Wish(NamedTuple):
    """Where a client goes, and as whom."""

    url: str
    headers: Mapping[str, str]
    handle: str | None = None
    """Gemini: goes on with this session; empty asks for handles."""


@asynccontextmanager
async def genai(wish: Wish, mode: str) -> AsyncIterator[AsyncTurn]:
    """google-genai, as an application uses it."""
    from tests.sdk_clients import sdk_client

    config: Any = {"response_modalities": ["TEXT"]}
    if wish.handle is not None:
        config["session_resumption"] = {"handle": wish.handle or None}
    content: Any = {"role": "user", "parts": [{"text": QUESTION}]}
    with sdk_client(mode, wish.url, wish.headers) as client:
        async with client.aio.live.connect(model=LIVE_MODEL, config=config) as session:

            async def turn() -> AsyncIterator[str]:
                await session.send_client_content(turns=content, turn_complete=True)
                async for message in session.receive():
                    yield message.model_dump_json(exclude_none=True)

            yield turn
    await client.aio.aclose()


@contextmanager
def realtime(client: Any, wish: Wish) -> Iterator[Turn]:
    """Realtime, in words: what is said is an item of the conversation."""
    with client.realtime.connect(model=REALTIME_MODEL, extra_headers=wish.headers) as connection:
        connection.session.update(session=IN_TEXT)

        def turn() -> Iterator[str]:
            connection.conversation.item.create(item=ITEM)
            connection.response.create()
            yield from until("rate_limits.updated", connection)

        yield turn


@asynccontextmanager
async def realtime_async(client: Any, wish: Wish) -> AsyncIterator[AsyncTurn]:
    """The same, in speech: the provider hears when it ends, and answers unasked."""
    async with client.realtime.connect(model=REALTIME_MODEL, extra_headers=wish.headers) as connection:

        async def turn() -> AsyncIterator[str]:
            await connection.input_audio_buffer.append(audio=SOUND)
            await connection.input_audio_buffer.commit()
            async for event in connection:
                yield as_json(event)
                if event.type == "rate_limits.updated":
                    return

        yield turn


@contextmanager
def responses(client: Any, wish: Wish) -> Iterator[Turn]:
    """Responses, each going on from the one before."""
    before: dict[str, Any] = {}
    with client.responses.connect(extra_headers=wish.headers) as connection:

        def turn() -> Iterator[str]:
            connection.response.create(model=RESPONSES_MODEL, input=QUESTION, **before)
            for told in until("response.completed", connection):
                before["previous_response_id"] = json.loads(told).get("response", {}).get("id")
                yield told

        yield turn


@asynccontextmanager
async def responses_async(client: Any, wish: Wish) -> AsyncIterator[AsyncTurn]:
    """Responses that have nothing to do with each other."""
    async with client.responses.connect(extra_headers=wish.headers) as connection:

        async def turn() -> AsyncIterator[str]:
            await connection.response.create(model=RESPONSES_MODEL, input=QUESTION)
            async for event in connection:
                yield as_json(event)
                if event.type == "response.completed":
                    return

        yield turn


@contextmanager
def live_session(client: Any, wish: Wish) -> Iterator[Turn]:
    """A Live session; a turn is what it delegates. It is asked to close, and says when it has."""
    delegation = {"type": "responses", "responses": {"model": RESPONSES_MODEL}}
    with client.live.connect(extra_headers=wish.headers) as connection:
        connection.send({"type": "session.start", "session": {"model": "gpt-live-1", "delegation": delegation}})
        list(until("session.started", connection))

        def turn() -> Iterator[str]:
            connection.send({"type": "session.input_audio.append", "audio": SOUND})
            connection.send({"type": "response.item.create", "item": ITEM})
            connection.send({"type": "response.create"})
            yield from until("response.completed", connection)

        yield turn
        connection.send({"type": "session.close"})
        list(until("session.closed", connection))


def until(mark: str, connection: Any) -> Iterator[str]:
    """The events up to the one that has, or carries, this type."""
    for event in connection:
        yield as_json(event)
        if mark in (event.type, getattr(event, "event", {}).get("type") if event.type == "response.event" else None):
            return


def is_piece(message: str) -> bool:
    """A piece of an answer, in whatever dialect."""
    return '"model_turn"' in message or '.delta"' in message


def as_json(event: Any) -> str:
    """Everything in an event, as it came: the SDK's own types do not know all of the words for its items."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return json.dumps(json.loads(event.to_json(indent=None)), sort_keys=True)


def openai_client(wish: Wish, *, is_async: bool = False) -> Any:
    """A client of OpenAI's."""
    import openai

    return (openai.AsyncOpenAI if is_async else openai.OpenAI)(api_key="a-key", base_url=f"{wish.url}/v1")


def azure_client(wish: Wish, *, is_async: bool = False) -> Any:
    """A client of Azure's, which knows no way to a socket but TLS."""
    import openai

    kind = openai.AsyncAzureOpenAI if is_async else openai.AzureOpenAI
    return kind(api_key="a-key", base_url=f"{wish.url}/openai", api_version="2025-04-01-preview")


SYNC: Mapping[str, Callable[[Wish], AbstractContextManager[Turn]]] = {
    "realtime": lambda wish: realtime(openai_client(wish), wish),
    "azure": lambda wish: realtime(azure_client(wish), wish),
    "responses": lambda wish: responses(openai_client(wish), wish),
    "live session": lambda wish: live_session(openai_client(wish), wish),
}
ASYNC: Mapping[str, Callable[[Wish], AbstractAsyncContextManager[AsyncTurn]]] = {
    "gemini": lambda wish: genai(wish, "gemini"),
    "vertex": lambda wish: genai(wish, "vertex"),
    "realtime async": lambda wish: realtime_async(openai_client(wish, is_async=True), wish),
    "azure async": lambda wish: realtime_async(azure_client(wish, is_async=True), wish),
    "responses async": lambda wish: responses_async(openai_client(wish, is_async=True), wish),
}
CLIENTS = (*SYNC, *ASYNC)
