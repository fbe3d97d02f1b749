"""The requests that real SDKs send for one call of theirs, as they came: the first attempt, and those after it."""

import asyncio
import contextlib
import io
import socket
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import anthropic
import boto3
import cohere
import groq
import openai
from botocore.config import Config
from google.genai.types import HttpOptions, HttpRetryOptions

from sidecar.http1.head import RequestHead, read_request_head
from tests.sdk_clients import Mode, Transport, sdk_client

TURN: Any = [{"role": "user", "content": "Tell me about the sea."}]
KEY = "a-key"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After-Ms: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
"""Every SDK here tries again upon it, most of them at once."""

SdkCall = Callable[[str], object]
"""One call at a base URL. Fails, since its every attempt does."""


class Recorded(NamedTuple):
    """What became of one call of an SDK's."""

    heads: list[RequestHead]
    """Of all requests that came, one for each attempt."""
    error: Exception | None
    """What the SDK raised in its caller."""


def recorded(call: SdkCall, reply: bytes = BUSY) -> Recorded:
    """Make a call whose every request is answered so."""
    heads: list[RequestHead] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=_answer, args=(listener, reply, heads), daemon=True)
        server.start()
        error = None
        try:
            call(f"http://127.0.0.1:{listener.getsockname()[1]}")
        except Exception as raised:  # each SDK has its own
            error = raised
        listener.shutdown(socket.SHUT_RDWR)
        server.join()
    return Recorded(heads, error)


def attempts_of(call: SdkCall) -> list[RequestHead]:
    """The heads of all attempts at one call."""
    return recorded(call).heads


def _answer(listener: socket.socket, reply: bytes, heads: list[RequestHead]) -> None:
    """One request on each connection, until the listener is shut down."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as received:
                heads.append(_head(received))
                connection.sendall(reply)


def _head(received: io.BufferedReader) -> RequestHead:
    """The head of a request whose body is read as well."""
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        raw += received.readline()
    head = read_request_head(raw)
    received.read(int(head.noted.get(b"content-length", b"0")))
    return head


# === calls ===


def openai_chat(url: str, retries: int = 1) -> object:
    with openai.OpenAI(api_key=KEY, base_url=url, max_retries=retries, timeout=7.5) as client:
        return client.chat.completions.create(model="m", messages=TURN)


def openai_stream(url: str) -> object:
    with openai.OpenAI(api_key=KEY, base_url=url, max_retries=1) as client:
        return client.chat.completions.create(model="m", messages=TURN, stream=True)


def openai_upload(url: str) -> object:
    with openai.OpenAI(api_key=KEY, base_url=url, max_retries=1) as client:
        return client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF" + bytes(40)))


def openai_async(url: str) -> object:
    async def call() -> object:
        async with openai.AsyncOpenAI(api_key=KEY, base_url=url, max_retries=1) as client:
            return await client.responses.create(model="m", input="x")

    return asyncio.run(call())


def anthropic_message(url: str) -> object:
    with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=1) as client:
        return client.messages.create(model="m", max_tokens=9, messages=TURN)


def anthropic_stream(url: str) -> object:
    with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=1, timeout=7.5) as client:
        return client.messages.create(model="m", max_tokens=9, messages=TURN, stream=True)


def anthropic_on_bedrock(url: str) -> object:
    place: Any = {"aws_access_key": "AKIAEXAMPLE", "aws_secret_key": "a-secret", "aws_region": "us-east-1"}
    with anthropic.AnthropicBedrock(base_url=url, max_retries=1, **place) as client:
        return client.messages.create(model="m", max_tokens=9, messages=TURN)


def groq_chat(url: str) -> object:
    with groq.Groq(api_key=KEY, base_url=url, max_retries=1) as client:
        return client.chat.completions.create(model="m", messages=TURN)


def cohere_chat(url: str) -> object:
    return cohere.ClientV2(KEY, base_url=url, max_retries=1).chat(model="m", messages=TURN)


TWICE: Any = {
    "http_options": HttpOptions(retry_options=HttpRetryOptions(attempts=2, initial_delay=0.001, jitter=0.001))
}


def genai_content(url: str, mode: Mode = Mode.GEMINI) -> object:
    with sdk_client(mode, url, timeout_seconds=7.5) as client:
        return client.models.generate_content(model="m", contents="x", config=TWICE)


def genai_on_vertex(url: str) -> object:
    return genai_content(url, Mode.VERTEX)


def genai_async(url: str, transport: Transport = Transport.AIOHTTP) -> object:
    async def call() -> object:
        async with sdk_client(Mode.GEMINI, url, transport=transport).aio as client:
            return await client.models.generate_content(model="m", contents="x", config=TWICE)

    return asyncio.run(call())


def bedrock_converse(url: str, mode: str = "standard") -> object:
    session = boto3.Session("AKIAEXAMPLE", "a-secret", "a-session", region_name="us-east-1")
    config = Config(retries={"mode": mode, "total_max_attempts": 2})
    with contextlib.closing(session.client("bedrock-runtime", endpoint_url=url, config=config)) as client:
        return client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}])


def bedrock_legacy(url: str) -> object:
    return bedrock_converse(url, "legacy")


RETRYING: Mapping[str, SdkCall] = MappingProxyType({
    "openai": openai_chat,
    "openai stream": openai_stream,
    "openai upload": openai_upload,
    "openai async": openai_async,
    "anthropic": anthropic_message,
    "anthropic stream": anthropic_stream,
    "groq": groq_chat,
    "cohere": cohere_chat,
    "google-genai": genai_content,
    "google-genai on vertex": genai_on_vertex,
    "google-genai async": genai_async,
    "boto3": bedrock_converse,
    "boto3 legacy": bedrock_legacy,
})  # fmt: skip
"""Calls that are tried twice."""
