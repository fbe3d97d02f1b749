"""Programs that open operations with the real SDKs, in processes of their own, so that they can be killed."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import anthropic
import openai

from tests.end_to_end.program import PATIENCE_SECONDS, Program, Programs
from tests.sdk_clients import sdk_client

TURN: Any = [{"role": "user", "content": "hi"}]
Headers = dict[str, str]


class Family(NamedTuple):
    """One kind of operation as a program meets it."""

    client: Callable[[str, Headers], AbstractContextManager[Any]]
    """The SDK's client; takes half a second of CPU to make."""
    submit: Callable[[Any], str]
    """Open one; returns its id."""
    state: Callable[[Any, str], str]
    """How it stands, in the SDK's word."""
    is_watched_only: bool
    """Meant to outlive its caller: cancelled only when the caller has given a lease."""


def _vertex(base_url: str, headers: Headers) -> AbstractContextManager[Any]:
    return sdk_client("vertex", f"{base_url}/vertex", headers)


def _gemini(base_url: str, headers: Headers) -> AbstractContextManager[Any]:
    return sdk_client("gemini", f"{base_url}/gemini", headers)


def _gpt(base_url: str, headers: Headers) -> AbstractContextManager[Any]:
    return openai.OpenAI(api_key="a-key", base_url=f"{base_url}/openai/v1", max_retries=0, default_headers=headers)


def _claude(base_url: str, headers: Headers) -> AbstractContextManager[Any]:
    url = f"{base_url}/anthropic"
    return anthropic.Anthropic(api_key="a-key", base_url=url, max_retries=0, default_headers=headers)


def _vertex_batch(client: Any) -> str:
    files = {"model": "gemini-2.5-flash", "src": "gs://bucket/in.jsonl", "config": {"dest": "gs://bucket/out"}}
    return str(client.batches.create(**files).name)


def _message_batch(client: Any) -> str:
    rows = [
        {"custom_id": str(number), "params": {"model": "claude-sonnet-5", "max_tokens": 9, "messages": TURN}}
        for number in range(5)
    ]
    return str(client.messages.batches.create(requests=rows).id)


FAMILIES = {
    "vertex_batch": Family(
        _vertex, _vertex_batch, lambda client, id: str(client.batches.get(name=id).state.name), is_watched_only=True
    ),
    "interaction": Family(
        _gemini,
        lambda client: str(client.interactions.create(model="gemini-2.5-flash", input="hi", background=True).id),
        lambda client, id: str(client.interactions.get(id).status),
        is_watched_only=False,
    ),
    "response": Family(
        _gpt,
        lambda client: str(client.responses.create(model="gpt-5-mini", input="hi", background=True).id),
        lambda client, id: str(client.responses.retrieve(id).status),
        is_watched_only=False,
    ),
    "message_batch": Family(
        _claude,
        _message_batch,
        lambda client, id: str(client.messages.batches.retrieve(id).processing_status),
        is_watched_only=True,
    ),
}


class Operators(Programs):
    """Starts programs that open one operation each and, if they are told to, poll it for ever."""

    def __init__(self) -> None:
        super().__init__("google.genai", "openai", "anthropic", "tests.end_to_end.operators")

    def program(
        self, family: str, base_url: str, headers: Headers, poll_seconds: float | None = None
    ) -> AbstractContextManager[Program]:
        """A program at work. It says `opened` with the operation's id, and `state` at each poll."""
        return self.started(_operate, family, base_url, headers, poll_seconds)


def _operate(say: Connection, family: str, base_url: str, headers: Headers, poll_seconds: float | None) -> None:
    """The program."""
    try:
        with FAMILIES[family].client(base_url, headers) as client:
            id = FAMILIES[family].submit(client)
            say.send(("opened", id))
            while True:
                time.sleep(poll_seconds or PATIENCE_SECONDS)
                if poll_seconds is not None:
                    say.send(("state", FAMILIES[family].state(client, id)))
    except Exception as error:
        say.send(("error", f"{type(error).__name__}: {error}"))


def headers_of(name: str, script: str, lease: str = "") -> Headers:
    """Header fields of a program of this name, whose operation does what the script says."""
    told = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script}
    return told | ({"X-Sidecar-Lease": lease} if lease else {})
