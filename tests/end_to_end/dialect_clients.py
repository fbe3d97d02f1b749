"""Clients of the SDKs of Google, Mistral, Cohere and Ollama, each with its own way to take headers."""

from collections.abc import Generator
from typing import Any

import httpx
import ollama
from cohere import ClientV2
from google.genai.types import HttpOptions, HttpRetryOptions
from mistralai.client import Mistral

from tests.end_to_end.asking import KEY, PATIENCE_SECONDS, PROMPT, TURN, Asking, items_of
from tests.sdk_clients import Mode, sdk_client


def mistral_chat(asking: Asking) -> Generator[Any, None, None]:
    """`chat.complete` and `chat.stream`; the SDK adds `/v1` to the server's URL."""
    with Mistral(api_key=KEY, server_url=asking.base_url, timeout_ms=round(PATIENCE_SECONDS * 1000)) as client:
        method = client.chat.stream if asking.is_stream else client.chat.complete
        told = method(model=asking.model, messages=TURN, http_headers=dict(asking.headers), **asking.options)
        yield from items_of(told, asking)


def cohere_chat(asking: Asking) -> Generator[Any, None, None]:
    """`chat` and `chat_stream` of v2."""
    with httpx.Client(headers=dict(asking.headers), timeout=PATIENCE_SECONDS) as transport:
        client = ClientV2(KEY, base_url=asking.base_url, httpx_client=transport, max_retries=asking.retries)
        method: Any = client.chat_stream if asking.is_stream else client.chat
        yield from items_of(method(model=asking.model, messages=TURN, **asking.options), asking)


def ollama_chat(asking: Asking) -> Generator[Any, None, None]:
    """`chat`."""
    with ollama.Client(asking.base_url, headers=dict(asking.headers), timeout=PATIENCE_SECONDS) as client:
        told = client.chat(asking.model, messages=TURN, stream=asking.is_stream, options=asking.options)
        yield from items_of(told, asking)


def _options(asking: Asking) -> HttpOptions:
    retry = HttpRetryOptions(attempts=1 + asking.retries, initial_delay=0.01, jitter=0.0)
    return HttpOptions(headers=dict(asking.headers), retry_options=retry if asking.retries else None)


def genai_content(asking: Asking, mode: Mode = Mode.GEMINI) -> Generator[Any, None, None]:
    """`generate_content` and `generate_content_stream`."""
    with sdk_client(mode, asking.base_url, timeout_seconds=PATIENCE_SECONDS) as client:
        method: Any = client.models.generate_content_stream if asking.is_stream else client.models.generate_content
        config = {"http_options": _options(asking), **asking.options}
        yield from items_of(method(model=asking.model, contents=PROMPT, config=config), asking)


def genai_content_on_vertex(asking: Asking) -> Generator[Any, None, None]:
    """The same on Vertex AI."""
    yield from genai_content(asking, Mode.VERTEX)


def genai_embed(asking: Asking) -> Generator[Any, None, None]:
    """`embed_content`."""
    with sdk_client(Mode.GEMINI, asking.base_url, timeout_seconds=PATIENCE_SECONDS) as client:
        config: Any = {"http_options": _options(asking)}
        yield from items_of(client.models.embed_content(model=asking.model, contents=PROMPT, config=config), asking)


def genai_interaction(asking: Asking) -> Generator[Any, None, None]:
    """`interactions.create`."""
    with sdk_client(Mode.GEMINI, asking.base_url, timeout_seconds=PATIENCE_SECONDS) as client:
        told = client.interactions.create(
            model=asking.model, input=PROMPT, stream=asking.is_stream, extra_headers=dict(asking.headers),
            **asking.options,
        )  # fmt: skip
        yield from items_of(told, asking)
