"""Clients of three SDKs, synchronous and asynchronous, that are asked the same things and tell what came of it."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from typing import Any, NamedTuple

import anthropic
import openai
from google.genai.types import HttpOptions, HttpRetryOptions

from tests.end_to_end.dialect_wire import MODEL
from tests.sdk_clients import Mode, sdk_client

RETRIES = 1
FAST_SECONDS = 0.01
"""Between two attempts."""
TURN: Any = [{"role": "user", "content": "Tell me about the sea."}]
PLACES = re.compile(r"127\.0\.0\.1:\d+|localhost:\d+")


class Told(NamedTuple):
    """What an SDK gave its caller."""

    items: list[str]
    """The answer, or each event of a stream, as JSON."""
    error: tuple[str, ...] | None
    """Type, status and text of what was raised."""


class Wish(NamedTuple):
    """What is asked of a client."""

    headers: Mapping[str, str]
    is_stream: bool = False
    leaves_after: int | None = None
    """Close the stream after so many events."""
    timeout_seconds: float | None = None
    prompt_bytes: int = 0
    """More bytes in the request."""
    upload: bytes | None = None
    """A file that goes along as multipart, where the SDK has such a call."""


class Sdk:
    """One client of one SDK."""

    def __init__(self, dialect: str, begin: Callable[[Wish], Any], runner: asyncio.Runner | None) -> None:
        self.dialect = dialect
        self._begin, self._runner = begin, runner

    def ask(self, wish: Wish) -> Told:
        """Make the call; errors are told, not raised."""
        items: list[str] = []
        try:
            if self._runner is None:
                _collect(self._begin(wish), wish, items)
            else:
                self._runner.run(_collect_async(self._begin(wish), wish, items))
        except Exception as error:
            return Told(items, _told_error(error))
        return Told(items, None)


def _collect(result: Any, wish: Wish, items: list[str]) -> None:
    if not wish.is_stream:
        items.append(_as_json(result))
        return
    for item in result:
        items.append(_as_json(item))
        if len(items) == wish.leaves_after:
            result.close()
            return


async def _collect_async(begun: Any, wish: Wish, items: list[str]) -> None:
    result = await begun
    if not wish.is_stream:
        items.append(_as_json(result))
        return
    async for item in result:
        items.append(_as_json(item))
        if len(items) == wish.leaves_after:
            await (result.aclose() if hasattr(result, "aclose") else result.close())
            return


def _as_json(item: Any) -> str:
    """Everything in an answer, but for the fields of its head that belong to a hop."""
    told = item.model_dump(mode="json")
    headers = (told.get("sdk_http_response") or {}).get("headers")
    if headers:
        told["sdk_http_response"]["headers"] = {
            name.lower(): value
            for name, value in headers.items()
            if name.lower() not in ("transfer-encoding", "connection")
        }
    return json.dumps(told, sort_keys=True)


def _told_error(error: Exception) -> tuple[str, ...]:
    status = getattr(error, "status_code", None) or getattr(error, "code", None)
    body = getattr(error, "body", None) or getattr(error, "details", None)
    return type(error).__name__, str(status), PLACES.sub("HERE", str(error)), json.dumps(body, default=str)


def _begin_openai(client: Any, wish: Wish) -> Any:
    usual: dict[str, Any] = {"extra_headers": wish.headers, "timeout": wish.timeout_seconds or 20.0}
    if wish.upload is not None:
        return client.images.edit(image=("a.png", wish.upload), prompt="a sea", model=MODEL, **usual)
    messages = [{"role": "user", "content": "x" * wish.prompt_bytes}] if wish.prompt_bytes else TURN
    return client.chat.completions.create(model=MODEL, messages=messages, stream=wish.is_stream, **usual)


def _begin_anthropic(client: Any, wish: Wish) -> Any:
    messages = [{"role": "user", "content": "x" * wish.prompt_bytes}] if wish.prompt_bytes else TURN
    return client.messages.create(
        model=MODEL, max_tokens=16, messages=messages, stream=wish.is_stream,
        extra_headers=wish.headers, timeout=wish.timeout_seconds or 20.0,
    )  # fmt: skip


def _begin_genai(models: Any, wish: Wish) -> Any:
    options = HttpOptions(
        headers=dict(wish.headers),
        timeout=round((wish.timeout_seconds or 20.0) * 1000),
        retry_options=HttpRetryOptions(attempts=1 + RETRIES, initial_delay=FAST_SECONDS, jitter=0.0),
    )
    method = models.generate_content_stream if wish.is_stream else models.generate_content
    return method(model=MODEL, contents="x" * (wish.prompt_bytes or 9), config={"http_options": options})


NAMES = ["openai", "openai async", "anthropic", "anthropic async", "genai", "genai aiohttp", "genai httpx2"]


@contextmanager
def every_sdk(base_url: str) -> Iterator[dict[str, Sdk]]:
    """All clients by name, each with the base URL that its provider's documentation would give it under this one."""
    compatible: dict[str, Any] = {"api_key": "a-key", "base_url": f"{base_url}/v1beta/openai/", "max_retries": RETRIES}
    other: dict[str, Any] = {"api_key": "a-key", "base_url": f"{base_url}/anthropic", "max_retries": RETRIES}
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def entered(client: Any) -> Any:
            return await stack.enter_async_context(client)

        def run(client: Any) -> Any:
            return runner.run(entered(client))

        with (
            openai.OpenAI(**compatible) as one,
            anthropic.Anthropic(**other) as two,
            sdk_client(Mode.GEMINI, base_url) as three,
        ):
            begun = {
                "openai": (_begin_openai, one),
                "openai async": (_begin_openai, run(openai.AsyncOpenAI(**compatible))),
                "anthropic": (_begin_anthropic, two),
                "anthropic async": (_begin_anthropic, run(anthropic.AsyncAnthropic(**other))),
                "genai": (_begin_genai, three.models),
                "genai aiohttp": (_begin_genai, run(sdk_client(Mode.GEMINI, base_url).aio).models),
                "genai httpx2": (_begin_genai, run(sdk_client(Mode.GEMINI, base_url, transport="httpx2").aio).models),
            }
            yield {
                name: Sdk(name.split()[0], _bound(begin, client), runner if " " in name else None)
                for name, (begin, client) in begun.items()
            }
            runner.run(stack.aclose())


def _bound(begin: Callable[[Any, Wish], Any], client: Any) -> Callable[[Wish], Any]:
    return lambda wish: begin(client, wish)
