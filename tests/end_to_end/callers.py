"""Callers: real google-genai clients in processes of their own, so that they can be interrupted and killed."""

import asyncio
import os
import signal
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any, Literal, NamedTuple

from tests.end_to_end.program import Program, Programs

MODEL = "gemini-2.5-flash"
PROMPT = "Tell me about the sea."

Doing = Literal["unary", "stream", "stream_then_leave", "unary_with_timeout"]


class Client(NamedTuple):
    """Which of the SDK's clients a caller is."""

    mode: str
    """`gemini` or `vertex`."""
    transport: str
    """`sync`, `aiohttp` or `httpx2`."""

    def __str__(self) -> str:
        return f"{self.mode}-{self.transport}"


CLIENTS = [Client(mode, transport) for mode in ("gemini", "vertex") for transport in ("sync", "httpx2", "aiohttp")]


class Nursery(Programs):
    """Starts callers, which make one call each. They say `calling`, `chunk`, `answer` and `error`."""

    def __init__(self) -> None:
        super().__init__("google.genai", "aiohttp", "httpx2", "tests.sdk_clients", "tests.end_to_end.callers")

    def caller(
        self, client: Client, base_url: str, name: str, script: str, doing: Doing
    ) -> AbstractContextManager[Program]:
        """A caller at work. `name` becomes its `X-Sidecar-Caller` and its tag on the simulator's bill."""
        return self.started(_call, client, base_url, name, script, doing)


def _call(say: Connection, client: Client, base_url: str, name: str, script: str, doing: Doing) -> None:
    """The caller's program."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    headers = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script}
    try:
        if client.transport == "sync":
            _call_sync(say, client, base_url, headers, doing)
        else:
            asyncio.run(_call_async(say, client, base_url, headers, doing))
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        say.send(("error", f"{type(error).__name__}: {error}"))


def _call_sync(say: Connection, client: Client, base_url: str, headers: dict[str, str], doing: Doing) -> None:
    from tests.sdk_clients import sdk_client

    timeout = 0.5 if doing == "unary_with_timeout" else None
    with sdk_client(client.mode, base_url, headers, timeout_seconds=timeout) as genai:
        say.send(("calling", None))
        if doing in ("unary", "unary_with_timeout"):
            say.send(("answer", genai.models.generate_content(model=MODEL, contents=PROMPT).text))
            return
        for chunk in genai.models.generate_content_stream(model=MODEL, contents=PROMPT):
            say.send(("chunk", chunk.text))
            if doing == "stream_then_leave" and _is_last(chunk):
                os._exit(0)  # at once: no reading on, no closing in order
        say.send(("answer", None))


async def _call_async(say: Connection, client: Client, base_url: str, headers: dict[str, str], doing: Doing) -> None:
    from tests.sdk_clients import sdk_client

    async with sdk_client(client.mode, base_url, headers, transport=client.transport).aio as genai:
        say.send(("calling", None))
        if doing == "unary":
            say.send(("answer", (await genai.models.generate_content(model=MODEL, contents=PROMPT)).text))
            return
        if doing == "unary_with_timeout":
            await asyncio.wait_for(genai.models.generate_content(model=MODEL, contents=PROMPT), 0.5)
            return
        async for chunk in await genai.models.generate_content_stream(model=MODEL, contents=PROMPT):
            say.send(("chunk", chunk.text))
            if doing == "stream_then_leave" and _is_last(chunk):
                os._exit(0)
        say.send(("answer", None))


def _is_last(chunk: Any) -> bool:
    return bool(chunk.candidates and chunk.candidates[0].finish_reason)
