"""Replies in the shapes of OpenAI's dialect, as providers-wire 4 documents them."""

from typing import Any

from sidecar.providers.contract import NO_FACTS, ReplyReader, Reported
from sidecar.providers.openai_chat import open_chat
from tests.providers.wire import SSE, Json, sse

DONE = b"data: [DONE]\n\n"


def used(prompt: int, completion: int, **more: Any) -> Json:
    """A consistent `usage` of chat."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion} | more


def billed(given: int, made: int, **more: Any) -> Json:
    """A consistent `usage` of everything else."""
    return {"input_tokens": given, "output_tokens": made, "total_tokens": given + made} | more


def chunk(text: str | None = None, *, finish: str | None = None, index: int = 0, **more: Any) -> Json:
    """One `chat.completion.chunk`."""
    delta = {} if text is None else {"content": text}
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-5", "choices": [choice]} | more


def last(usage: Json, **more: Any) -> Json:
    """The chunk that is sent because usage was asked for."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": "gpt-5",
        "choices": [],
        "usage": usage,
    } | more


def chunks(*events: Json) -> bytes:
    """A stream of chunks to its end."""
    return sse(events, "\n") + DONE


def named(*events: Json) -> bytes:
    """A stream of events that have a type, as `responses` sends them."""
    return b"".join(b"event: " + one["type"].encode() + b"\n" + sse([one], "\n") for one in events)


def after(*events: Json) -> ReplyReader:
    """A reader of chat that has seen these chunks, each as a piece of its own; the reply goes on."""
    reader = open_chat(SSE, NO_FACTS)
    for one in events:
        reader.feed(sse([one], "\n"))
    return reader


def judged(got: Reported | None) -> tuple[str, str]:
    """How far a figure can be trusted, and why not further."""
    assert got is not None
    return got.basis, got.reason
