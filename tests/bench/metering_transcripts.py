"""Replies of a few dialects in their documented shapes, of a usual size: an answer of some 150 words."""

import json
from typing import Any, NamedTuple

from tests.bench.transcript_frames import frame

TEXT = "The sea is never quite the same twice, and those who live beside it know that well enough. " * 9
PROMPT = "Tell me about the sea, and what those who live beside it know of it. " * 12
WORD = " wave"


class Transcript(NamedTuple):
    """One dialect's calls."""

    path: str
    stream_path: str
    model: str
    request: bytes
    reply: bytes
    stream_type: str
    opening: bytes
    """Of a stream, before the chunks."""
    chunk: bytes
    """One that carries a word and nothing else."""
    chunk_json: bytes
    """The JSON in it."""


def dumped(document: Any) -> bytes:
    """JSON as most servers send it."""
    return json.dumps(document, separators=(",", ":")).encode()


def sse(document: Any, event: str = "") -> bytes:
    """One event."""
    return (f"event: {event}\n" if event else "").encode() + b"data: " + dumped(document) + b"\n\n"


MESSAGES = [{"role": "user", "content": PROMPT}]

GEMINI_CHUNK = {
    "candidates": [{"content": {"parts": [{"text": WORD}], "role": "model"}, "index": 0}],
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
}
GEMINI = {
    "candidates": [{"content": {"parts": [{"text": TEXT}], "role": "model"}, "finishReason": "STOP", "index": 0}],
    "usageMetadata": {
        "promptTokenCount": 210, "candidatesTokenCount": 200, "totalTokenCount": 410,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 210}],
    },
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
}  # fmt: skip
CHAT_CHUNK = {
    "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "system_fingerprint": "fp",
    "choices": [{"index": 0, "delta": {"content": WORD}, "logprobs": None, "finish_reason": None}],
}  # fmt: skip
CHAT = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini", "service_tier": "default",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT, "refusal": None}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 210, "completion_tokens": 200, "total_tokens": 410,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
}  # fmt: skip
ANTHROPIC_USAGE = {
    "input_tokens": 210, "output_tokens": 200, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
    "service_tier": "standard",
}  # fmt: skip
ANTHROPIC = {
    "id": "m1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": TEXT}], "usage": ANTHROPIC_USAGE,
}  # fmt: skip
ANTHROPIC_CHUNK = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": WORD}}
ANTHROPIC_START = {
    "type": "message_start",
    "message": ANTHROPIC | {"content": [], "usage": ANTHROPIC_USAGE | {"output_tokens": 1}},
}
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}}, "stopReason": "end_turn",
    "usage": {"inputTokens": 210, "outputTokens": 200, "totalTokens": 410}, "metrics": {"latencyMs": 900},
}  # fmt: skip
CONVERSE_CHUNK = {"contentBlockIndex": 0, "delta": {"text": WORD}, "p": "abcdefgh"}
OLLAMA = {
    "model": "llama3.2", "created_at": "2026-11-20T00:00:00Z", "message": {"role": "assistant", "content": TEXT}, "done": True,
    "prompt_eval_count": 210, "eval_count": 200,
}  # fmt: skip
OLLAMA_CHUNK = {
    "model": "llama3.2",
    "created_at": "2026-11-20T00:00:00Z",
    "message": {"role": "assistant", "content": WORD},
    "done": False,
}

_GEMINI = "/v1beta/models/gemini-2.5-flash:"
_CLAUDE = "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/"
TRANSCRIPTS = {
    "gemini": Transcript(
        _GEMINI + "generateContent", _GEMINI + "streamGenerateContent", "gemini-2.5-flash",
        dumped({"contents": [{"parts": [{"text": PROMPT}]}]}), dumped(GEMINI), "text/event-stream", b"",
        sse(GEMINI_CHUNK), dumped(GEMINI_CHUNK),
    ),
    "openai": Transcript(
        "/v1/chat/completions", "/v1/chat/completions", "gpt-4o-mini",
        dumped({"model": "gpt-4o-mini", "messages": MESSAGES}), dumped(CHAT), "text/event-stream", b"",
        sse(CHAT_CHUNK), dumped(CHAT_CHUNK),
    ),
    "anthropic": Transcript(
        "/v1/messages", "/v1/messages", "claude-haiku-4-5",
        dumped({"model": "claude-haiku-4-5", "max_tokens": 1024, "messages": MESSAGES}), dumped(ANTHROPIC),
        "text/event-stream", sse(ANTHROPIC_START, "message_start"), sse(ANTHROPIC_CHUNK, "content_block_delta"),
        dumped(ANTHROPIC_CHUNK),
    ),
    "bedrock": Transcript(
        _CLAUDE + "converse", _CLAUDE + "converse-stream", "anthropic.claude-haiku-4-5-20251001-v1:0",
        dumped({"messages": [{"role": "user", "content": [{"text": PROMPT}]}]}), dumped(CONVERSE),
        "application/vnd.amazon.eventstream", b"", frame("contentBlockDelta", dumped(CONVERSE_CHUNK)),
        dumped(CONVERSE_CHUNK),
    ),
    "ollama": Transcript(
        "/api/chat", "/api/chat", "llama3.2", dumped({"model": "llama3.2", "messages": MESSAGES}), dumped(OLLAMA),
        "application/x-ndjson", b"", dumped(OLLAMA_CHUNK) + b"\n", dumped(OLLAMA_CHUNK),
    ),
}  # fmt: skip
"""By dialect."""
