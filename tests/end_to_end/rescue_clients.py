"""Clients that wait for a second and come again: by their SDK's own retries, and in one case by the program's.

Each makes one call, in a thread of its own, and returns what its program had in the end.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from typing import Any, NamedTuple

import anthropic
import boto3
import botocore.session
import openai
from botocore.config import Config
from google.genai.types import HttpOptions, HttpRetryOptions

from tests.end_to_end.asking import KEY, PROMPT, TURN, Asking, plain
from tests.end_to_end.boto3_clients import ACCESS_KEY, SECRET_KEY
from tests.end_to_end.sdk_road import of_any_answer
from tests.sdk_clients import Mode, sdk_client

PATIENCE_SECONDS = 1.0
RESCUED = "x-sidecar-rescued"
_BOTOCORE = botocore.session.get_session()
"""Keeps the service models, which take long to read."""


class Told(NamedTuple):
    """What a program had in the end."""

    answer: str
    """The answer, or the items of a stream, as JSON; without what is of this one answer alone."""
    rescued: str | None = None
    """The answer's `X-Sidecar-Rescued`."""
    error: str | None = None
    """Instead of an answer: the type of what was raised."""


RetryingClient = Callable[[Asking], Told]


def told(items: Iterable[Any], headers: Mapping[str, str]) -> Told:
    """An answer, with the fields of its head."""
    return Told(of_any_answer(json.dumps([plain(item) for item in items])), headers.get(RESCUED))


def told_by(client: RetryingClient, asking: Asking) -> Told:
    """Make the call; errors are told, not raised."""
    try:
        return client(asking)
    except Exception as error:
        return Told("", error=type(error).__name__)


# === OpenAI's SDK ===


def _openai(asking: Asking) -> openai.OpenAI:
    return openai.OpenAI(
        api_key=KEY, base_url=f"{asking.base_url}/v1", default_headers=asking.headers, timeout=PATIENCE_SECONDS
    )


def openai_chat(asking: Asking) -> Told:
    """`chat.completions`, with the retries that the SDK makes unless it is told otherwise."""
    with _openai(asking) as client:
        chat = client.chat.completions.with_raw_response
        reply = chat.create(model=asking.model, messages=TURN, stream=asking.is_stream, **asking.options)
        parsed = reply.parse()
        return told(parsed if asking.is_stream else [parsed], reply.headers)


def openai_stream_given_up(asking: Asking) -> Told:
    """A stream that the program closes when its time is over, and asks for again."""
    with _openai(asking) as client:
        chat = client.chat.completions.with_raw_response
        deadline = time.monotonic() + PATIENCE_SECONDS
        with chat.create(model=asking.model, messages=TURN, stream=True, **asking.options).parse() as first:
            for _ in first:
                if time.monotonic() > deadline:
                    break
        reply = chat.create(model=asking.model, messages=TURN, stream=True, **asking.options)
        return told(reply.parse(), reply.headers)


# === Anthropic's ===


def anthropic_messages(asking: Asking) -> Told:
    """`messages`, with the retries that the SDK makes unless it is told otherwise."""
    client = anthropic.Anthropic(
        api_key=KEY, base_url=asking.base_url, default_headers=asking.headers, timeout=PATIENCE_SECONDS
    )
    with client:
        reply = client.messages.with_raw_response.create(model=asking.model, max_tokens=1024, messages=TURN)
        return told([reply.parse()], reply.headers)


# === Google's ===


def genai_content(asking: Asking) -> Told:
    """`generate_content` with `retry_options`.

    The SDK would tell Google to stop after the second too (`X-Server-Timeout`, google-wire 5.4); so it says itself that Google
    may take longer than one attempt waits.
    """
    options = HttpOptions(
        headers={**asking.headers, "X-Server-Timeout": "60"},
        timeout=round(PATIENCE_SECONDS * 1000),
        retry_options=HttpRetryOptions(attempts=3, initial_delay=0.5, jitter=0.0),
    )
    with sdk_client(Mode.GEMINI, asking.base_url) as client:
        config: Any = {"http_options": options}
        return _told_by_google(client.models.generate_content(model=asking.model, contents=PROMPT, config=config))


def genai_content_aiohttp(asking: Asking) -> Told:
    """The same over aiohttp without any options: when its connection ends, the SDK waits 1 to 10 s and posts again."""

    async def make() -> Told:
        config: Any = {"http_options": HttpOptions(headers=dict(asking.headers))}
        async with sdk_client(Mode.GEMINI, asking.base_url).aio as client:
            answer = await client.models.generate_content(model=asking.model, contents=PROMPT, config=config)
            return _told_by_google(answer)

    return asyncio.run(make())


def _told_by_google(answer: Any) -> Told:
    headers = {name.lower(): value for name, value in answer.sdk_http_response.headers.items()}
    return told([answer], headers)


# === Amazon's ===


def bedrock_converse(asking: Asking) -> Told:
    """`converse`, with the retries that the SDK makes unless it is told otherwise. It signs each attempt anew."""
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1", botocore_session=_BOTOCORE)
    config = Config(read_timeout=PATIENCE_SECONDS)

    def add(request: Any, **_: Any) -> None:
        for name, value in asking.headers.items():
            request.headers[name] = value

    with closing(session.client("bedrock-runtime", endpoint_url=asking.base_url, config=config)) as client:
        client.meta.events.register("before-send.bedrock-runtime", add)
        turn = [{"role": "user", "content": [{"text": PROMPT}]}]
        answer = client.converse(modelId=asking.model, messages=turn)
        head = answer.pop("ResponseMetadata")["HTTPHeaders"]
        del answer["metrics"]  # how long it took
        return told([answer], head)
