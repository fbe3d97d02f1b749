"""Callers: real google-genai clients in processes of their own, so that they can be interrupted and killed.

A fork server imports the SDK once; each caller is a fork of it, with its own sockets, loop and signals.
"""

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Literal, NamedTuple

from sidecar.clock import Moment

MODEL = "gemini-2.5-flash"
PROMPT = "Tell me about the sea."
PATIENCE_SECONDS = 30.0

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


class Caller:
    """A process that makes one call. `heard` waits for what it says: `calling`, `chunk`, `answer`, `error`."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self._process, self._connection = process, connection

    def heard(self, word: str) -> Any:
        """Wait until the caller says this; what it says with it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._connection.poll(max(0.0, deadline - time.monotonic())):
            said, detail = self._connection.recv()
            if said == word:
                return detail
            assert said != "error" or word == "error", detail
        raise AssertionError(f"the caller never said {word}")

    def kill(self, number: int) -> Moment:
        """Send a signal; the moment it was sent."""
        at = time.time_ns() // 1000
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
        return at

    def ended(self) -> None:
        """Wait until the process has ended."""
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None


class Nursery:
    """Starts callers."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(
            ["google.genai", "aiohttp", "httpx2", "tests.sdk_clients", "tests.end_to_end.callers"]
        )

    @contextmanager
    def caller(self, client: Client, base_url: str, name: str, script: str, doing: Doing) -> Iterator[Caller]:
        """A caller at work. `name` becomes its `X-Sidecar-Caller` and its tag on the simulator's bill."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_call, args=(theirs, client, base_url, name, script, doing))
        process.start()
        theirs.close()
        try:
            yield Caller(process, ours)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            process.close()
            ours.close()


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
