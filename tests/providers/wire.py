"""Replies in the shapes that google-wire documents, and what a reader says of them."""

import json
from collections.abc import Iterable
from typing import Any

from sidecar.providers.contract import ReplyHead, ReplyReader, Reported

Json = dict[str, Any]

SSE = ReplyHead(200, "text/event-stream")
JSON = ReplyHead(200, "application/json; charset=UTF-8")


def usage(prompt: int, answer: int = 0, **more: Any) -> Json:
    """A consistent `usageMetadata`."""
    others = more.get("thoughtsTokenCount", 0) + more.get("toolUsePromptTokenCount", 0)
    known = {"promptTokenCount": prompt, "candidatesTokenCount": answer, "totalTokenCount": prompt + answer + others}
    return {name: count for name, count in known.items() if count} | more


def event(
    text: str = "", *, finish: str | None = None, used: Json | None = None, index: int | None = None, **more: Any
) -> Json:
    """One `GenerateContentResponse`."""
    candidate: Json = {"content": {"role": "model", "parts": [{"text": text}]}}
    if finish is not None:
        candidate["finishReason"] = finish
    if index is not None:
        candidate["index"] = index
    document: Json = {"candidates": [candidate]}
    if used is not None:
        document["usageMetadata"] = used
    return document | {"modelVersion": "gemini-3-flash", "responseId": "r1"} | more


def sse(events: Iterable[Any], end: str = "\r\n") -> bytes:
    """An event stream as Google sends it."""
    return "".join(f"data: {json.dumps(one)}{end}{end}" for one in events).encode()


def array(events: Iterable[Any]) -> bytes:
    """The same without `alt=sse`."""
    return ("[" + ",\r\n".join(json.dumps(one, indent=2) for one in events) + "\n]\n").encode()


def whole(document: Any) -> bytes:
    """A unary reply, printed as Google prints it."""
    return json.dumps(document, indent=2).encode()


def read(reader: ReplyReader, *pieces: bytes) -> Reported | None:
    """What a reader reports of a body that came in these pieces."""
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.reported()
