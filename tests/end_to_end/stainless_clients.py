"""Clients of the SDKs that Stainless generates, which take their arguments alike: OpenAI's, Anthropic's, Groq's."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

import anthropic
import groq
import openai

from tests.end_to_end.asking import KEY, PATIENCE_SECONDS, PROMPT, TURN, Asking, Client, items_of, plain

END = object()
"""Stands behind the last item."""


# === the clients of OpenAI's SDK ===


def _of_openai(asking: Asking, path: str = "/v1") -> dict[str, Any]:
    return {
        "api_key": KEY, "base_url": asking.base_url + path, "max_retries": asking.retries,
        "default_headers": asking.headers, "timeout": PATIENCE_SECONDS,
    }  # fmt: skip


def _chat(asking: Asking) -> dict[str, Any]:
    return {"model": asking.model, "messages": TURN, "stream": asking.is_stream, **asking.options}


def openai_chat(asking: Asking, path: str = "/v1") -> Generator[Any, None, None]:
    """`chat.completions`."""
    with openai.OpenAI(**_of_openai(asking, path)) as client:
        yield from items_of(client.chat.completions.create(**_chat(asking)), asking)


def openai_chat_at_google(asking: Asking) -> Generator[Any, None, None]:
    """The same, at the Gemini API's endpoint for OpenAI's clients."""
    yield from openai_chat(asking, "/v1beta/openai")


def openai_responses(asking: Asking) -> Generator[Any, None, None]:
    """`responses`."""
    with openai.OpenAI(**_of_openai(asking)) as client:
        told = client.responses.create(model=asking.model, input=PROMPT, stream=asking.is_stream, **asking.options)
        yield from items_of(told, asking)


def openai_embeddings(asking: Asking) -> Generator[Any, None, None]:
    """`embeddings`."""
    with openai.OpenAI(**_of_openai(asking)) as client:
        yield from items_of(client.embeddings.create(model=asking.model, input=PROMPT), asking)


def azure_chat(asking: Asking) -> Generator[Any, None, None]:
    """`chat.completions` at a deployment of one's own, whose name is in the path."""
    client = openai.AzureOpenAI(
        api_key=KEY, api_version="2024-10-21", azure_endpoint=asking.base_url, azure_deployment=asking.model,
        max_retries=asking.retries, default_headers=asking.headers, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    with client:
        told = client.chat.completions.create(**_chat(asking) | {"model": "as-deployed"})
        yield from items_of(told, asking)


def groq_chat(asking: Asking) -> Generator[Any, None, None]:
    """`chat.completions`; the SDK adds `/openai/v1` to the base URL."""
    client = groq.Groq(
        api_key=KEY, base_url=asking.base_url, max_retries=asking.retries,
        default_headers=asking.headers, timeout=PATIENCE_SECONDS,
    )  # fmt: skip
    with client:
        yield from items_of(client.chat.completions.create(**_chat(asking)), asking)


# === the clients of Anthropic's SDK ===


def _message(asking: Asking) -> dict[str, Any]:
    return {"model": asking.model, "max_tokens": 1024, "messages": TURN, "stream": asking.is_stream, **asking.options}


def _of_anthropic(asking: Asking) -> dict[str, Any]:
    return {
        "base_url": asking.base_url, "max_retries": asking.retries,
        "default_headers": asking.headers, "timeout": PATIENCE_SECONDS,
    }  # fmt: skip


def anthropic_messages(asking: Asking) -> Generator[Any, None, None]:
    """`messages`."""
    with anthropic.Anthropic(api_key=KEY, **_of_anthropic(asking)) as client:
        yield from items_of(client.messages.create(**_message(asking)), asking)


def anthropic_on_vertex(asking: Asking) -> Generator[Any, None, None]:
    """`messages` on Vertex AI: `rawPredict` and `streamRawPredict`."""
    place: dict[str, Any] = {"region": "us-east5", "project_id": "a-project", "access_token": "a-token"}
    arguments = _of_anthropic(asking) | {"base_url": f"{asking.base_url}/v1"}
    with anthropic.AnthropicVertex(**place, **arguments) as client:
        yield from items_of(client.messages.create(**_message(asking)), asking)


# === asynchronous clients ===


async def _openai_async(asking: Asking) -> AsyncGenerator[Any, None]:
    async with openai.AsyncOpenAI(**_of_openai(asking)) as client:
        told = await client.chat.completions.create(**_chat(asking))
        async for item in _items_of_async(told, asking):
            yield item


async def _anthropic_async(asking: Asking) -> AsyncGenerator[Any, None]:
    async with anthropic.AsyncAnthropic(api_key=KEY, **_of_anthropic(asking)) as client:
        told = await client.messages.create(**_message(asking))
        async for item in _items_of_async(told, asking):
            yield item


async def _items_of_async(told: Any, asking: Asking) -> AsyncGenerator[Any, None]:
    if not asking.is_stream:
        yield plain(told)
        return
    async for item in told:
        yield plain(item)


def _as_sync(begin: Callable[[Asking], AsyncGenerator[Any, None]]) -> Client:
    """A client whose items are made in a loop of its own. To close it is to cancel the task that waits for the next one."""

    def client(asking: Asking) -> Generator[Any, None, None]:
        items = begin(asking)

        async def following() -> Any:
            return await anext(items, END)

        with asyncio.Runner() as runner:
            try:
                while (item := runner.run(following())) is not END:
                    yield item
            finally:
                runner.run(items.aclose())

    return client


openai_chat_async = _as_sync(_openai_async)
anthropic_messages_async = _as_sync(_anthropic_async)
