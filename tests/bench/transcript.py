"""What goes through every contender: Gemini's replies, byte for byte the same, and the requests that ask for them."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

MODEL = "gemini-2.5-flash"
WORDS = "Say something useful about the sea. " * 15
ANSWER = "Something useful about the sea. " * 12

HEADERS = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "google-genai-sdk/3.4.0 gl-python/3.11.7",
    "x-goog-api-client": "google-genai-sdk/3.4.0 gl-python/3.11.7",
    "x-goog-api-key": "sk-not-a-key-but-as-long-as-gateways-want-one",
}

REPLY = json.dumps({
    "candidates": [
        {
            "content": {"parts": [{"text": ANSWER}], "role": "model"},
            "finishReason": "STOP",
            "index": 0,
        }
    ],
    "usageMetadata": {
        "promptTokenCount": 120,
        "candidatesTokenCount": 96,
        "thoughtsTokenCount": 40,
        "totalTokenCount": 256,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 120}],
    },
    "modelVersion": MODEL,
    "responseId": "r-1",
}).encode()  # fmt: skip
"""Reply to every unary call."""

STAMP = re.compile(rb"written at (\d{20})")
PACE = re.compile(rb"chunks=(\d+) every_ms=(\d+)")


class Pace(NamedTuple):
    """How the provider writes one reply. The prompt says it, since that is what every gateway passes on."""

    chunks: int = 1
    every_ms: int = 0
    """Before a unary reply, and between the chunks of a stream."""


AT_ONCE = Pace()


def pace_of(body: bytes) -> Pace:
    """The pace that a request's body asks for."""
    found = PACE.search(body)
    return Pace(int(found[1]), int(found[2])) if found else AT_ONCE


class Dialect(NamedTuple):
    """What a contender wants to be asked in, and where."""

    unary: str
    """Path of a unary call."""
    stream: str
    is_openai: bool = False

    def prompt(self, pace: Pace, is_stream: bool = False, words: str = WORDS) -> bytes:
        """The body of a request."""
        said = f"chunks={pace.chunks} every_ms={pace.every_ms} {words}"
        asked: dict[str, Any] = {"contents": [{"parts": [{"text": said}], "role": "user"}]}
        if self.is_openai:
            asked = {"model": MODEL, "messages": [{"role": "user", "content": said}], "stream": is_stream}
        return json.dumps(asked).encode()


def gemini(base: str) -> Dialect:
    """Gemini's own dialect, below a path."""
    return Dialect(f"{base}/models/{MODEL}:generateContent", f"{base}/models/{MODEL}:streamGenerateContent?alt=sse")


def event(number: int, is_last: bool, nanoseconds: int) -> bytes:
    """One event of a stream as Google writes it; its text says when it was written (monotonic clock)."""
    finish = b'"finishReason": "STOP",' if is_last else b""
    return (
        b'data: {"candidates": [{"content": {"parts": [{"text": " some words, written at %020d"}],"role": "model"},'
        b'%b"index": 0}],"usageMetadata": {"promptTokenCount": 120,"candidatesTokenCount": %d,"totalTokenCount": %d,'
        b'"promptTokensDetails": [{"modality": "TEXT","tokenCount": 120}]},"modelVersion": "gemini-2.5-flash",'
        b'"responseId": "r-1"}\r\n\r\n'
    ) % (nanoseconds, finish, 8 * number, 120 + 8 * number)


def request(path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """A whole request."""
    fields = {"Host": "provider", **HEADERS, **headers, "Content-Length": str(len(body))}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body
