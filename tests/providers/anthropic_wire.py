"""Messages and events in the shapes that anthropic-python 2.12 types, made by us."""

import json
from collections.abc import Iterable
from typing import Any

from sidecar.providers.contract import ReplyHead
from tests.providers.wire import Json

SSE = ReplyHead(200, "text/event-stream; charset=utf-8")
JSON = ReplyHead(200, "application/json")
MODEL = "claude-sonnet-4-5-20250929"


def used(fresh: Any = 25, output: Any = 15, **more: Any) -> Json:
    """`usage` as the API writes it, with what it leaves null."""
    return {
        "input_tokens": fresh,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": None,
        "output_tokens": output,
        "server_tool_use": None,
        "service_tier": "standard",
        "inference_geo": "not_available",
    } | more


def message(usage: Json | None, text: str = "Hi", stop_reason: str | None = "end_turn", **more: Any) -> Json:
    """A whole message."""
    content = [{"type": "text", "text": text}] if text else []
    document = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": content}
    return document | {"stop_reason": stop_reason, "stop_sequence": None, "usage": usage} | more


def start(**more: Any) -> Json:
    """The first event; its output is a placeholder."""
    return {"type": "message_start", "message": message(used(25, 1, **more), "", None)}


def delta(text: str, kind: str = "text") -> Json:
    """A piece of the answer: `text`, `thinking`, `input_json` or `signature`."""
    name = "partial_json" if kind == "input_json" else kind
    return {"type": "content_block_delta", "index": 0, "delta": {"type": f"{kind}_delta", name: text}}


def stop(output: int | None = 15, reason: str | None = "end_turn", **more: Any) -> Json:
    """The event that says what was made."""
    usage = {"output_tokens": output} if output is not None else {}
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage | more}


PING: Json = {"type": "ping"}
END: Json = {"type": "message_stop"}
STREAM: list[Json] = [
    start(),
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    PING,
    delta("Hello "),
    delta('wörld \\ "{'),
    {"type": "content_block_stop", "index": 0},
    stop(),
    END,
]


def named(events: Iterable[Json], end: str = "\n") -> bytes:
    """An event stream as Anthropic sends it: each event with its name."""
    return "".join(f"event: {one.get('type')}{end}data: {json.dumps(one)}{end}{end}" for one in events).encode()
