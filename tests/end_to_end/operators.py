"""Programs that open operations with the real SDKs, in processes of their own, so that they can be killed.

A fork server imports the SDKs once; each program is a fork of it, with its own sockets and signals.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple

import anthropic
import openai

from sidecar.clock import Moment
from tests.sdk_clients import sdk_client

PATIENCE_SECONDS = 30.0
TURN: Any = [{"role": "user", "content": "hi"}]
Headers = dict[str, str]


class Family(NamedTuple):
    """One kind of operation as a program meets it."""

    submit: Callable[[str, Headers], str]
    """Open one; returns its id."""
    state: Callable[[str, Headers, str], str]
    """How it stands, in the SDK's word."""
    is_watched_only: bool
    """Meant to outlive its caller: cancelled only when the caller has given a lease."""


def _vertex_batch(base_url: str, headers: Headers) -> str:
    with sdk_client("vertex", f"{base_url}/vertex", headers) as client:
        files: Any = {"model": "gemini-2.5-flash", "src": "gs://bucket/in.jsonl", "config": {"dest": "gs://bucket/out"}}
        return str(client.batches.create(**files).name)


def _vertex_batch_state(base_url: str, headers: Headers, id: str) -> str:
    with sdk_client("vertex", f"{base_url}/vertex", headers) as client:
        return str(getattr(client.batches.get(name=id).state, "name", ""))


def _interaction(base_url: str, headers: Headers) -> str:
    with sdk_client("gemini", f"{base_url}/gemini", headers) as client:
        asked: Any = {"model": "gemini-2.5-flash", "input": "hi", "background": True}
        return str(client.interactions.create(**asked).id)


def _interaction_state(base_url: str, headers: Headers, id: str) -> str:
    with sdk_client("gemini", f"{base_url}/gemini", headers) as client:
        return str(client.interactions.get(id).status)


def _gpt(base_url: str, headers: Headers) -> openai.OpenAI:
    return openai.OpenAI(api_key="a-key", base_url=f"{base_url}/openai/v1", max_retries=0, default_headers=headers)


def _response(base_url: str, headers: Headers) -> str:
    with _gpt(base_url, headers) as client:
        return client.responses.create(model="gpt-5-mini", input="hi", background=True).id


def _response_state(base_url: str, headers: Headers, id: str) -> str:
    with _gpt(base_url, headers) as client:
        return str(client.responses.retrieve(id).status)


def _claude(base_url: str, headers: Headers) -> anthropic.Anthropic:
    url = f"{base_url}/anthropic"
    return anthropic.Anthropic(api_key="a-key", base_url=url, max_retries=0, default_headers=headers)


def _message_batch(base_url: str, headers: Headers) -> str:
    asked: Any = [
        {"custom_id": str(number), "params": {"model": "claude-sonnet-5", "max_tokens": 9, "messages": TURN}}
        for number in range(5)
    ]
    with _claude(base_url, headers) as client:
        return client.messages.batches.create(requests=asked).id


def _message_batch_state(base_url: str, headers: Headers, id: str) -> str:
    with _claude(base_url, headers) as client:
        return str(client.messages.batches.retrieve(id).processing_status)


FAMILIES = {
    "vertex_batch": Family(_vertex_batch, _vertex_batch_state, is_watched_only=True),
    "interaction": Family(_interaction, _interaction_state, is_watched_only=False),
    "response": Family(_response, _response_state, is_watched_only=False),
    "message_batch": Family(_message_batch, _message_batch_state, is_watched_only=True),
}


class Program:
    """A process that has opened one operation and, if it was told to, polls it for ever."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self._process, self._connection = process, connection

    def heard(self, word: str) -> Any:
        """Wait until the program says this; what it says with it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._connection.poll(max(0.0, deadline - time.monotonic())):
            said, detail = self._connection.recv()
            if said == word:
                return detail
            assert said != "error" or word == "error", detail
        raise AssertionError(f"the program never said {word}")

    def kill(self, number: int = signal.SIGKILL) -> Moment:
        """Send a signal, and wait for the end; the moment it was sent."""
        at = time.time_ns() // 1000
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None
        return at


class Operators:
    """Starts programs."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["google.genai", "openai", "anthropic", "tests.end_to_end.operators"])

    @contextmanager
    def program(
        self, family: str, base_url: str, headers: Headers, poll_seconds: float | None = None
    ) -> Iterator[Program]:
        """A program at work. It says `opened` with the operation's id, and `state` at each poll."""
        ours, theirs = self._context.Pipe()
        arguments = (theirs, family, base_url, headers, poll_seconds)
        process = self._context.Process(target=_operate, args=arguments)
        process.start()
        theirs.close()
        try:
            yield Program(process, ours)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            process.close()
            ours.close()


def _operate(say: Connection, family: str, base_url: str, headers: Headers, poll_seconds: float | None) -> None:
    """The program."""
    try:
        id = FAMILIES[family].submit(base_url, headers)
        say.send(("opened", id))
        while True:
            time.sleep(poll_seconds or PATIENCE_SECONDS)
            if poll_seconds is not None:
                say.send(("state", FAMILIES[family].state(base_url, headers, id)))
    except Exception as error:
        say.send(("error", f"{type(error).__name__}: {error}"))


def headers_of(name: str, script: str, lease: str = "") -> Headers:
    """Header fields of a program of this name, whose operation does what the script says."""
    told = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script}
    return told | ({"X-Sidecar-Lease": lease} if lease else {})
