"""Transcripts of dialects that the simulator does not speak, made by us from the documented shapes (providers-wire 4 and 8).

Each has an answer in one piece, the same answer as a stream, and what a reader of the documentation would say was used.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from tests.end_to_end.dialect_wire import SSE, chunk, head, whole
from tests.end_to_end.scripted_provider import Answer, Then

NDJSON = "application/x-ndjson"
MTOK = Decimal(1_000_000)
SAID = ("The sea ", "is wide.")


class Transcript(NamedTuple):
    """One answer of one dialect."""

    model: str
    document: dict[str, Any]
    events: tuple[bytes, ...]
    usage: Mapping[str, int]
    usd: Decimal | None
    """At the list price of 2026-11, per million tokens; None where nobody asks for money."""
    content_type: str = SSE

    def whole(self) -> Answer:
        """In one piece."""
        return whole(json.dumps(self.document).encode())

    def stream(self) -> Answer:
        """Event by event."""
        return Answer((self._head(), *map(chunk, self.events), b"0\r\n\r\n"))

    def begun(self, events: int) -> Answer:
        """So many events, and nothing more."""
        return Answer((self._head(), *map(chunk, self.events[:events])), Then.HANG)

    def _head(self) -> bytes:
        return head("Transfer-Encoding: chunked", content_type=self.content_type)


def data(event: dict[str, Any]) -> bytes:
    """An event without a name."""
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def named(name: str, event: dict[str, Any]) -> bytes:
    """An event with a name."""
    return b"event: " + name.encode() + b"\n" + data(event)


def line(event: dict[str, Any]) -> bytes:
    """A line of JSON."""
    return json.dumps(event).encode() + b"\n"


DONE = b"data: [DONE]\n\n"
NOTHING: Mapping[str, object] = {}

# === OpenAI's dialect, as others speak it ===


def completion(model: str, usage: dict[str, Any], **more: object) -> dict[str, Any]:
    """An answer of `/chat/completions`."""
    return {
        "id": "c-1", "object": "chat.completion", "created": 1, "model": model, "usage": usage,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "".join(SAID)}}],
        **more,
    }  # fmt: skip


def chunk_of(model: str, choices: list[dict[str, Any]], **more: object) -> bytes:
    """A chunk of a stream of `/chat/completions`."""
    return data({
        "id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": choices, **more
    })  # fmt: skip


def chunks(
    model: str,
    *,
    first: Mapping[str, object] = NOTHING,
    last: Mapping[str, object] = NOTHING,
    every: Mapping[str, object] = NOTHING,
) -> tuple[bytes, ...]:
    """The same answer as a stream up to its mark at the end, with more in the first chunk, in the last, in every one."""

    def one(delta: dict[str, Any], end: str | None, more: Mapping[str, object] = NOTHING) -> bytes:
        return chunk_of(model, [{"index": 0, "delta": delta, "finish_reason": end}], **every, **more)

    said = (one({"content": text}, None) for text in SAID)
    return (one({"role": "assistant", "content": ""}, None, first), *said, one({}, "stop", last))


GROQ_USAGE = {
    "queue_time": 0.01, "prompt_tokens": 40, "prompt_time": 0.002, "completion_tokens": 9,
    "completion_time": 0.01, "total_tokens": 49, "total_time": 0.012,
}  # fmt: skip
GROQ = Transcript(
    model="llama-3.3-70b-versatile",
    document=completion("llama-3.3-70b-versatile", GROQ_USAGE, x_groq={"id": "req_1"}),
    events=(
        *chunks(
            "llama-3.3-70b-versatile",
            first={"x_groq": {"id": "req_1"}},
            last={"x_groq": {"id": "req_1", "usage": GROQ_USAGE}},
        ),
        DONE,
    ),
    usage={"input": 40, "output": 9},
    usd=(40 * Decimal("0.59") + 9 * Decimal("0.79")) / MTOK,
)
"""The last chunk has the usage, without being asked, in `x_groq`."""

MISTRAL_USAGE = {"prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49}
MISTRAL = Transcript(
    model="mistral-medium-latest",
    document=completion("mistral-medium-latest", MISTRAL_USAGE),
    events=(*chunks("mistral-medium-latest", last={"usage": MISTRAL_USAGE}), DONE),
    usage={"input": 40, "output": 9},
    usd=(40 * Decimal("1.50") + 9 * Decimal("7.50")) / MTOK,
)
"""The chunk that says why it is the last has the usage, without being asked."""

OPENAI_USAGE = {
    "prompt_tokens": 40, "completion_tokens": 9, "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 16, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 0},
}  # fmt: skip
OPENAI = Transcript(
    model="gpt-4o-mini",
    document=completion("gpt-4o-mini", OPENAI_USAGE),
    events=(
        *chunks("gpt-4o-mini", every={"usage": None}),
        chunk_of("gpt-4o-mini", [], usage=OPENAI_USAGE),
        DONE,
    ),
    usage={"input": 24, "cached_input": 16, "output": 5, "reasoning": 4},
    usd=(24 * Decimal("0.15") + 16 * Decimal("0.075") + 9 * Decimal("0.60")) / MTOK,
)
"""The stream has its usage in a chunk of its own, and `null` in all others: it was asked for."""
OPENAI_UNASKED = OPENAI._replace(events=(*chunks("gpt-4o-mini"), DONE))
"""The same stream where it was not."""
AZURE = OPENAI._replace(document=completion("gpt-4o-mini-2024-07-18", OPENAI_USAGE))
"""The deployment has one name, the model that serves another."""

# === Cohere v2 ===

COHERE_USAGE = {
    "billed_units": {"input_tokens": 17, "output_tokens": 9},
    "tokens": {"input_tokens": 215, "output_tokens": 9},
}
COHERE = Transcript(
    model="command-a-03-2025",
    document={
        "id": "m-1", "finish_reason": "COMPLETE", "usage": COHERE_USAGE,
        "message": {"role": "assistant", "content": [{"type": "text", "text": "".join(SAID)}]},
    },
    events=(
        named("message-start", {"type": "message-start", "id": "m-1", "delta": {"message": {"role": "assistant"}}}),
        named("content-start", {
            "type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}
        }),
        *(
            named("content-delta", {
                "type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}
            })
            for text in SAID
        ),
        named("content-end", {"type": "content-end", "index": 0}),
        named("message-end", {
            "type": "message-end", "id": "m-1", "delta": {"finish_reason": "COMPLETE", "usage": COHERE_USAGE}
        }),
        DONE,
    ),
    usage={"input": 17, "output": 9},
    usd=(17 * Decimal("2.50") + 9 * Decimal("10")) / MTOK,
)  # fmt: skip
"""What is billed is less than what was read: Cohere adds to a prompt at its own expense."""

# === Ollama ===

OLLAMA_HEAD = {"model": "llama3.2", "created_at": "2026-11-20T12:00:00.123456Z"}
OLLAMA_COUNTS = {
    "done": True, "done_reason": "stop", "total_duration": 4_883_583_458, "load_duration": 1_334_875,
    "prompt_eval_count": 26, "prompt_eval_duration": 342_546_000, "eval_count": 9, "eval_duration": 4_535_599_000,
}  # fmt: skip


def spoken(text: str) -> dict[str, Any]:
    """What a line of Ollama's says."""
    return {"message": {"role": "assistant", "content": text}}


OLLAMA = Transcript(
    model="llama3.2",
    document={**OLLAMA_HEAD, **spoken("".join(SAID)), **OLLAMA_COUNTS},
    events=(
        *(line({**OLLAMA_HEAD, **spoken(text), "done": False}) for text in SAID),
        line({**OLLAMA_HEAD, **spoken(""), **OLLAMA_COUNTS}),
    ),
    usage={"input": 26, "output": 9},
    usd=None,
    content_type=NDJSON,
)

# === Google's Interactions ===

INTERACTION_USAGE = {
    "total_input_tokens": 40, "total_cached_tokens": 10, "total_output_tokens": 9, "total_thought_tokens": 5,
    "total_tool_use_tokens": 0, "total_tokens": 54,
}  # fmt: skip
INTERACTION_STEPS = [{"type": "model_output", "content": [{"type": "text", "text": "".join(SAID)}]}]


def interaction(status: str, **more: object) -> dict[str, Any]:
    """An interaction, as far as it has come."""
    return {
        "id": "i1", "object": "interaction", "model": "gemini-2.5-flash", "status": status,
        "created": "2026-11-20T12:00:00Z", "updated": "2026-11-20T12:00:00Z", **more,
    }  # fmt: skip


def told(kind: str, number: int, **more: object) -> bytes:
    """An event of an interaction."""
    return named(kind, {"event_type": kind, "event_id": f"e{number}", **more})


INTERACTION = Transcript(
    model="gemini-2.5-flash",
    document=interaction("completed", steps=INTERACTION_STEPS, usage=INTERACTION_USAGE),
    events=(
        told("interaction.created", 1, interaction=interaction("in_progress")),
        told("step.start", 2, index=0, step={"type": "model_output", "content": []}),
        *(
            told("step.delta", number, index=0, delta={"type": "text", "text": text})
            for number, text in enumerate(SAID, 3)
        ),
        told("step.stop", 5, index=0),
        told("interaction.completed", 6, interaction=interaction("completed", usage=INTERACTION_USAGE)),
        b"event: done\ndata: [DONE]\n\n",
    ),
    usage={"input": 30, "cached_input": 10, "output": 9, "reasoning": 5},
    usd=(30 * Decimal("0.30") + 10 * Decimal("0.03") + 14 * Decimal("2.50")) / MTOK,
)
"""The sequence of google-wire 2.3. The SDK closes the connection behind `[DONE]`."""
