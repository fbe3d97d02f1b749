"""Answers in the dialects of the three SDKs, as bytes on the wire."""

import gzip
import json
from typing import Any

from tests.end_to_end.scripted_provider import Answer, Then

MODEL = "a-model"
JSON, SSE = "application/json", "text/event-stream"

UNARY: dict[str, dict[str, Any]] = {
    "openai": {
        "id": "c-1", "object": "chat.completion", "created": 1, "model": MODEL,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "the sea"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    },
    "anthropic": {
        "id": "m-1", "type": "message", "role": "assistant", "model": MODEL, "stop_reason": "end_turn",
        "stop_sequence": None, "content": [{"type": "text", "text": "the sea"}],
        "usage": {"input_tokens": 3, "output_tokens": 2},
    },
    "genai": {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "the sea"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
        "modelVersion": MODEL,
    },
}  # fmt: skip

MESSAGE_STARTED = UNARY["anthropic"] | {"content": [], "stop_reason": None}
EVENTS: dict[str, list[dict[str, Any]]] = {
    "openai": [
        {
            "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL,
            "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": end}],
        }
        for word, end in (("the ", None), ("sea", None), ("", "stop"))
    ],
    "anthropic": [
        {"type": "message_start", "message": MESSAGE_STARTED},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "the sea"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ],
    "genai": [
        {"candidates": [{"content": {"role": "model", "parts": [{"text": "the "}]}}], "modelVersion": MODEL},
        UNARY["genai"],
    ],
}  # fmt: skip

ERRORS: dict[str, dict[str, Any]] = {
    "openai": {"error": {"message": "no", "type": "invalid_request_error", "param": None, "code": "a_code"}},
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "no"}, "request_id": "r-1"},
    "genai": {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}},
}


def whole(body: bytes, *fields: str, status: int = 200, content_type: str = JSON, then: Then = Then.KEEP) -> Answer:
    """A reply with a body of known length."""
    return Answer((head(f"Content-Length: {len(body)}", *fields, status=status, content_type=content_type), body), then)


def head(*fields: str, status: int = 200, content_type: str = JSON) -> bytes:
    """A reply's head."""
    return "\r\n".join([f"HTTP/1.1 {status} Told", f"Content-Type: {content_type}", *fields, "", ""]).encode()


def chunk(payload: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def unary(dialect: str, *, padding: int = 0) -> bytes:
    """The body of an answer, with so many bytes of a field that nobody knows."""
    return json.dumps(UNARY[dialect] | ({"x_padding": "x" * padding} if padding else {})).encode()


def error(dialect: str, status: int, *fields: str) -> Answer:
    """The provider declines."""
    return whole(json.dumps(ERRORS[dialect]).encode(), "X-Request-Id: r-1", "Request-Id: r-1", *fields, status=status)


def events(dialect: str) -> list[bytes]:
    """The events of a stream, without its end."""
    lines = []
    for told in EVENTS[dialect]:
        name = f"event: {told['type']}\n".encode() if dialect == "anthropic" else b""
        lines.append(name + b"data: " + json.dumps(told).encode() + b"\n\n")
    return lines


def error_event(dialect: str) -> bytes:
    """An error in the middle of a stream."""
    name = b"event: error\n" if dialect == "anthropic" else b""
    return name + b"data: " + json.dumps(ERRORS[dialect]).encode() + b"\n\n"


def stream(*told: bytes, last: bytes = b"0\r\n\r\n", then: Then = Then.KEEP) -> Answer:
    """A chunked stream of these events; `last` ends its framing."""
    return Answer(
        (head("Transfer-Encoding: chunked", content_type=SSE), *map(chunk, told), *([last] if last else [])), then
    )


def whole_stream(dialect: str) -> Answer:
    """All events, and the end that the dialect has for them."""
    return stream(*events(dialect), *([b"data: [DONE]\n\n"] if dialect == "openai" else []))


def gzipped(body: bytes, content_type: str = JSON) -> Answer:
    """A reply that is compressed as a whole."""
    return whole(gzip.compress(body), "Content-Encoding: gzip", content_type=content_type)


def cut_short(body: bytes, then: Then = Then.CLOSE) -> Answer:
    """Half of a body whose whole length was promised."""
    return Answer((head(f"Content-Length: {len(body)}"), body[: len(body) // 2]), then)
