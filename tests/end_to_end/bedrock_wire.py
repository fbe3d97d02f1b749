"""Bedrock's answers by its documentation (providers-wire 4 and 8), and AWS's own check of a request's signature."""

import base64
import json
import struct
from decimal import Decimal
from typing import Any
from zlib import crc32

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.end_to_end.dialect_wire import chunk, head, whole
from tests.end_to_end.documented_wire import MTOK, SAID
from tests.end_to_end.scripted_provider import Answer, Asked

MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
USAGE = {"input": 40, "output": 9}
USD = (40 * Decimal("3.30") + 9 * Decimal("16.50")) / MTOK
REGION = "us-east-1"
HOST = f"bedrock-runtime.{REGION}.amazonaws.com"
FRAMES = "application/vnd.amazon.eventstream"
STRING = 7
"""The type of a header's value."""


def frame(event_type: str, payload: dict[str, Any]) -> bytes:
    """An event: lengths, checksum of these, headers, payload, checksum of all before."""
    named = {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + struct.pack(">BH", STRING, len(value)) + value.encode()
        for name, value in named.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    before = prelude + struct.pack(">I", crc32(prelude)) + headers + body
    return before + struct.pack(">I", crc32(before))


def _invoked(event: dict[str, Any]) -> bytes:
    return frame("chunk", {"bytes": base64.b64encode(json.dumps(event).encode()).decode()})


def _stream(*frames: bytes) -> Answer:
    return Answer((head("Transfer-Encoding: chunked", content_type=FRAMES), *map(chunk, frames), b"0\r\n\r\n"))


CONVERSED = {"usage": {"inputTokens": 40, "outputTokens": 9, "totalTokens": 49}, "metrics": {"latencyMs": 9}}
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929", "stop_sequence": None,
    "content": [{"type": "text", "text": "".join(SAID)}], "stop_reason": "end_turn",
    "usage": {"input_tokens": 40, "output_tokens": 9},
}  # fmt: skip
COUNTED = (
    "x-amzn-bedrock-input-token-count: 40", "x-amzn-bedrock-output-token-count: 9",
    "x-amzn-bedrock-invocation-latency: 9",
)  # fmt: skip

ANSWERS = {
    "Converse": whole(
        json.dumps({
            "output": {"message": {"role": "assistant", "content": [{"text": "".join(SAID)}]}},
            "stopReason": "end_turn", **CONVERSED,
        }).encode()
    ),
    "ConverseStream": _stream(
        frame("messageStart", {"role": "assistant"}),
        *(frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}) for text in SAID),
        frame("contentBlockStop", {"contentBlockIndex": 0}),
        frame("messageStop", {"stopReason": "end_turn"}),
        frame("metadata", CONVERSED),
    ),
    "InvokeModel": whole(json.dumps(MESSAGE).encode(), *COUNTED),
    "InvokeModelWithResponseStream": _stream(
        _invoked({"type": "message_start", "message": MESSAGE | {
            "content": [], "stop_reason": None, "usage": {"input_tokens": 40, "output_tokens": 1},
        }}),
        _invoked({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        *(
            _invoked({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
            for text in SAID
        ),
        _invoked({"type": "content_block_stop", "index": 0}),
        _invoked({
            "type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 9},
        }),
        _invoked({"type": "message_stop", "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": 40, "outputTokenCount": 9, "invocationLatency": 9, "firstByteLatency": 3,
        }}),
    ),
}  # fmt: skip
"""By the operation."""


def signature_of(asked: Asked, credentials: Credentials) -> str:
    """The signature that AWS works out for a request that came to its host, from those headers that it says are signed."""
    _, _, signed = asked.field("authorization").partition("SignedHeaders=")
    names = signed.partition(",")[0].split(";")
    came = {name: asked.field(name) for name in names} | {"host": HOST}
    request = AWSRequest(asked.method, f"http://{HOST}{asked.target}", headers=came, data=asked.body)
    request.context["timestamp"] = asked.field("x-amz-date")
    auth = SigV4Auth(credentials, "bedrock", REGION)
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))
