"""Requests and replies to put on the wire."""

import json
from typing import Any

MODEL = "gemini-2.5-flash"
UNARY_PATH = f"/v1beta/models/{MODEL}:generateContent"
STREAM_PATH = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
UNARY = f"/gemini{UNARY_PATH}"
STREAM = f"/gemini{STREAM_PATH}"
PLAIN = "/gemini/v1beta/models"
"""The target of a request that is no call."""
PROMPT = b'{"contents":[{"parts":[{"text":"hello"}]}]}'


def request(
    target: str = UNARY, body: bytes = PROMPT, *headers: str, method: str = "POST", version: str = "1.1"
) -> bytes:
    """A request with a body of known length; without a body no length is named."""
    lines = [f"{method} {target} HTTP/{version}", "Host: 127.0.0.1", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(target: str = PLAIN, *headers: str, version: str = "1.1") -> bytes:
    """A request without a body."""
    return request(target, b"", *headers, method="GET", version=version)


def reply(body: bytes = b"", *headers: str, status: str = "200 OK") -> bytes:
    """A reply with a body of known length."""
    return head(*headers, f"Content-Length: {len(body)}", status=status) + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    """A reply's head."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


CHUNKED = "Transfer-Encoding: chunked"
SSE = head("Content-Type: text/event-stream", CHUNKED)
"""The head of a stream."""
LAST = b"0\r\n\r\n"


def chunk(payload: bytes) -> bytes:
    """One chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def answer(output: int = 50, prompt: int = 10, finish: str | None = "STOP", text: str = "hello") -> bytes:
    """A `GenerateContentResponse` that reports its usage."""
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": output, "totalTokenCount": prompt + output}
    return json.dumps({"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}).encode()


def event(output: int = 50, finish: str | None = None, text: str = "hello") -> bytes:
    """One chunk that holds one event of a stream."""
    return chunk(b"data: " + answer(output, finish=finish, text=text) + b"\r\n\r\n")


UNARY_REPLY = reply(answer(), "Content-Type: application/json")
