"""How the callers make their calls: with the asynchronous SDK of each house, as its documentation tells."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import anthropic
import openai
from google.genai.types import EmbedContentConfig, GenerateContentConfig, GenerateImagesConfig, HttpOptions

from tests.end_to_end.mixed_plans import Plan
from tests.sdk_clients import Mode, Transport, sdk_client

Clients = dict[tuple[str, str], Any]
"""Upstream and transport -> client; only google-genai has a choice of transports."""


async def async_clients(proxy: str, stack: AsyncExitStack) -> Clients:
    """A client for each upstream, entered on the stack."""
    clients: Clients = {}
    for temper in ("", "-stops"):
        for mode in Mode:
            for transport in Transport:
                client = sdk_client(mode, f"{proxy}/{mode}{temper}", transport=transport).aio
                clients[f"{mode}{temper}", transport] = await stack.enter_async_context(client)
        gpt = openai.AsyncOpenAI(api_key="a-key", base_url=f"{proxy}/openai{temper}/v1", max_retries=0)
        claude = anthropic.AsyncAnthropic(api_key="a-key", base_url=f"{proxy}/anthropic{temper}", max_retries=0)
        clients[f"openai{temper}", ""] = await stack.enter_async_context(gpt)
        clients[f"anthropic{temper}", ""] = await stack.enter_async_context(claude)
    return clients


async def make(plan: Plan, clients: Clients) -> None:
    """Make the call and read its answer to the end."""
    transport = plan.transport if plan.dialect in ("gemini", "vertex") else ""
    await MAKERS[plan.dialect](plan, clients[plan.upstream, transport])


async def _google(plan: Plan, client: Any) -> None:
    options, models = HttpOptions(headers=plan.headers), client.models
    if plan.doing == "embed":
        embedding = EmbedContentConfig(http_options=options)
        await models.embed_content(model="gemini-embedding-001", contents=plan.prompt, config=embedding)
    elif plan.doing == "image":
        images = GenerateImagesConfig(http_options=options, number_of_images=2)
        await models.generate_images(model="imagen-4.0-generate-001", prompt=plan.prompt, config=images)
    elif plan.doing == "stream":
        config = GenerateContentConfig(http_options=options)
        async for _ in await models.generate_content_stream(model=plan.model, contents=plan.prompt, config=config):
            pass
    else:
        config = GenerateContentConfig(http_options=options)
        await models.generate_content(model=plan.model, contents=plan.prompt, config=config)


async def _openai(plan: Plan, client: Any) -> None:
    extra: dict[str, Any] = {"extra_headers": plan.headers}
    what, is_stream = plan.doing.split()[0], plan.doing.endswith("stream")
    if what == "embed":
        await client.embeddings.create(model="text-embedding-3-small", input=plan.prompt, **extra)
    elif what == "image":
        await client.images.generate(model="gpt-image-1-mini", prompt=plan.prompt, n=1, **extra)
    elif what == "responses":
        await _read(await client.responses.create(model=plan.model, input=plan.prompt, stream=is_stream, **extra))
    else:
        if is_stream and plan.asks_usage:
            extra["stream_options"] = {"include_usage": True}
        turn = [{"role": "user", "content": plan.prompt}]
        await _read(await client.chat.completions.create(model=plan.model, messages=turn, stream=is_stream, **extra))


async def _anthropic(plan: Plan, client: Any) -> None:
    turn = [{"role": "user", "content": plan.prompt}]
    answer = await client.messages.create(
        model=plan.model, messages=turn, max_tokens=1000, stream=plan.doing == "stream", extra_headers=plan.headers
    )
    await _read(answer)


async def _read(answer: Any) -> None:
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass


MAKERS: dict[str, Callable[[Plan, Any], Coroutine[Any, Any, None]]] = {
    "gemini": _google,
    "vertex": _google,
    "openai": _openai,
    "anthropic": _anthropic,
}
