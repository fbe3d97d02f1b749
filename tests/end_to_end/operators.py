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
