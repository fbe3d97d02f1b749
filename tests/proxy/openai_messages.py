"""Requests and replies of OpenAI's dialect to put on the wire."""

import json
from typing import Any

from tests.proxy.messages import CHUNKED, LAST, chunk, head, reply, request

MODEL = "gpt-4o-mini"
CHAT = "/openai/v1/chat/completions"
SSE = head("Content-Type: text/event-stream", CHUNKED)
DONE = chunk(b"data: [DONE]\n\n") + LAST
JSON = "Content-Type: application/json"


def chat(target: str = CHAT, *headers: str, stream: bool | None = None, model: str = MODEL, **more: Any) -> bytes:
    """A request for an answer; whole, or piece by piece."""
    told = {} if stream is None else {"stream": stream}
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]} | told | more
    return request(target, json.dumps(body).encode(), JSON, *headers)


def used(prompt: int = 10, completion: int = 50) -> dict[str, int]:
    """A `usage` object."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def answer(**usage: int) -> bytes:
    """A whole reply that reports its usage."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    document = {"id": "c1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": used(**usage)}
    return reply(json.dumps(document).encode(), JSON)


def delta(text: str = "hi", finish: str | None = None) -> bytes:
    """One chunk that holds one event of a stream."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event({"id": "c1", "object": "chat.completion.chunk", "model": MODEL, "choices": [choice]})


def usage_event(**usage: int) -> bytes:
    """The chunk that reports usage where it was asked for."""
    return event({"id": "c1", "object": "chat.completion.chunk", "model": MODEL, "choices": [], "usage": used(**usage)})


def event(document: dict[str, Any]) -> bytes:
    """One chunk of the body that holds one event."""
    return chunk(b"data: " + json.dumps(document).encode() + b"\n\n")
