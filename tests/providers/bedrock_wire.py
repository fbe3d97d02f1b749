"""Frames and replies of Bedrock in the shapes that botocore models, encoded by us from the specification."""

import base64
import json
import struct
import zlib
from collections.abc import Iterable, Mapping

from sidecar.providers.contract import ReplyHead
from tests.providers.wire import Json

FRAMES = ReplyHead(200, "application/vnd.amazon.eventstream")
JSON = ReplyHead(200, "application/json")


def header(name: str, value: str, kind: int = 7) -> bytes:
    """One header of a frame, a string unless said otherwise."""
    text = value.encode()
    return bytes([len(name)]) + name.encode() + bytes([kind]) + struct.pack(">H", len(text)) + text


def framed(headers: bytes, payload: bytes) -> bytes:
    """A frame around headers that are encoded already."""
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return body + struct.pack(">I", zlib.crc32(body))


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A frame."""
    return framed(b"".join(header(name, value) for name, value in headers.items()), payload)


def event(name: str, document: Json) -> bytes:
    """An event of a stream, padded as Bedrock pads it."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, json.dumps(document | {"p": "abcdefgh"}, separators=(",", ":")).encode())


def exception(name: str = "throttlingException") -> bytes:
    """The frame with which a stream breaks off."""
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return frame(headers, b'{"message":"Too many"}')


def chunk(document: Json) -> bytes:
    """A model's own event in a stream of InvokeModel."""
    return event("chunk", {"bytes": base64.b64encode(json.dumps(document).encode()).decode()})


def metrics(fresh: int, output: int, **more: int) -> Json:
    """What Bedrock adds to the last chunk."""
    counts = {"inputTokenCount": fresh, "outputTokenCount": output, "invocationLatency": 900, "firstByteLatency": 90}
    return {"amazon-bedrock-invocationMetrics": counts | more}


def tokens(fresh: int, output: int, **more: object) -> Json:
    """`usage` of Converse."""
    cached = {"cacheReadInputTokens": 0, "cacheWriteInputTokens": 0, "serverToolUsage": {}} | more
    total = fresh + output + int(cached["cacheReadInputTokens"]) + int(cached["cacheWriteInputTokens"])  # type: ignore[call-overload]
    return {"inputTokens": fresh, "outputTokens": output, "totalTokens": total} | cached


def text(said: str) -> bytes:
    """A piece of an answer of Converse."""
    return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": said}})


def metadata(usage: Json, **more: object) -> bytes:
    """The last event of Converse."""
    return event("metadata", {"metrics": {"latencyMs": 900}, "usage": usage} | more)


CONVERSE = [
    event("messageStart", {"role": "assistant"}),
    text("Hello "),
    text("wörld"),
    event("contentBlockStop", {"contentBlockIndex": 0}),
    event("messageStop", {"stopReason": "end_turn"}),
    metadata(tokens(18, 386, cacheReadInputTokens=7502)),
]


def invoked(events: Iterable[Json], fresh: int, output: int, **more: int) -> list[bytes]:
    """A stream of InvokeModel: a model's own events, the last with Bedrock's metrics."""
    *first, last = events
    return [*(chunk(one) for one in first), chunk(last | metrics(fresh, output, **more))]


def counted(fresh: int, output: int | None = None, **more: str) -> ReplyHead:
    """The head of a whole reply that counts what was made."""
    headers = {"x-amzn-bedrock-input-token-count": str(fresh)}
    if output is not None:
        headers["x-amzn-bedrock-output-token-count"] = str(output)
    return ReplyHead(
        200, "application/json", "", headers | {f"x-amzn-bedrock-{name}": value for name, value in more.items()}
    )
