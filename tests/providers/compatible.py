"""Replies in the shape that OpenAI's dialect gives them, for those who speak it too (providers-wire 4)."""

import json
from collections.abc import Iterable

from sidecar.providers.contract import (
    NO_FACTS,
    Dialect,
    ReplyHead,
    ReplyReader,
    Reported,
    RequestFacts,
    RequestHead,
    Route,
)
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.wire import JSON, SSE, Json, read, whole

CHAT = "/v1/chat/completions"


def chunk(text: str = "", *, finish: str | None = None, **more: object) -> Json:
    """One chunk of a chat."""
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return {"id": "gen-1", "object": "chat.completion.chunk", "model": "m1", "choices": [choice]} | more


def sse(chunks: Iterable[Json], end: bytes = b"data: [DONE]\n\n") -> bytes:
    return b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in chunks) + end


def completion(used: object, **more: object) -> Json:
    """A whole chat."""
    message = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    return {"id": "gen-1", "object": "chat.completion", "model": "m1", "choices": [message], "usage": used} | more


def used(prompt: int, answer: int, **more: object) -> Json:
    """A consistent `usage`."""
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer} | more


def route(dialect: Dialect, verb: str, path: str) -> Route:
    """The route of a request that has one."""
    found = dialect.route(verb, path)
    assert found is not None
    return found


def opened(dialect: Dialect, head: ReplyHead = JSON, path: str = CHAT, facts: RequestFacts = NO_FACTS) -> ReplyReader:
    """The reader of the reply to a POST."""
    return route(dialect, "POST", path).open_reply(head, facts)


def asked(dialect: Dialect, path: str, body: object) -> RequestFacts:
    """What a POST says."""
    opening = route(dialect, "POST", path).open_request
    assert opening is not None
    reader = opening(RequestHead("application/json"))
    reader.feed(json.dumps(body).encode())
    reader.finish()
    return reader.facts()


def reports_everywhere(dialect: Dialect, document: Json, expected: Reported, path: str = CHAT) -> None:
    """A whole reply reports the same at every cut, in gzip and plain."""
    body = whole(document)
    gzip = ReplyHead(200, "application/json", "gzip")
    assert all(read(opened(dialect, JSON, path), *pieces) == expected for pieces in in_two(body))
    assert all(read(opened(dialect, gzip, path), *pieces) == expected for pieces in in_two(zipped(body)))


def streams_everywhere(dialect: Dialect, body: bytes, expected: Reported, path: str = CHAT) -> None:
    """A stream reports the same at every cut, in gzip and plain."""
    gzip = ReplyHead(200, "text/event-stream", "gzip")
    for head, sent in ((SSE, body), (gzip, zipped(body))):
        for pieces in [bytewise(sent), *in_two(sent)]:
            reader = opened(dialect, head, path)
            assert read(reader, *pieces) == expected
            assert (reader.is_terminal, reader.gave_up) == (True, "")
