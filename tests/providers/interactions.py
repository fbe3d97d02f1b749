"""Event streams of interactions in the shapes that google-wire 2.3 documents."""

import json

from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.google_interactions_stream import open_interaction
from tests.providers.wire import SSE, Json

USAGE: Json = {"total_input_tokens": 10, "total_output_tokens": 7, "total_thought_tokens": 3, "total_tokens": 20}
IN_CAMEL_CASE: Json = {"totalInputTokens": 10, "totalOutputTokens": 7, "totalThoughtTokens": 3}
DONE = b"event: done\ndata: [DONE]\n\n"


def created(**more: object) -> Json:
    return {
        "event_type": "interaction.created",
        "interaction": {"id": "i1", "status": "in_progress"} | more,
        "event_id": "e1",
    }


def delta(text: str, **more: object) -> Json:
    return {
        "event_type": "step.delta",
        "index": 0,
        "delta": {"type": "text", "text": text},
        "event_id": f"e{len(text)}",
    } | more


def completed(status: str = "completed", used: Json | None = USAGE, **more: object) -> Json:
    document: Json = {"id": "i1", "status": status} | ({"usage": used} if used is not None else {}) | more
    return {"event_type": "interaction.completed", "interaction": document, "event_id": "e5"}


STREAM = [
    created(model="gemini-3-flash"),
    {"event_type": "step.start", "index": 0, "step": {"type": "model_output"}, "event_id": "e2"},
    delta('Hel "lo"'),
    delta("world"),
    {"event_type": "step.stop", "index": 0, "event_id": "e4"},
    completed(),
]
USED = Reported(Usage(input=10, output=7, reasoning=3), "gemini-3-flash")


def body_of(*events: Json, end: str = "\n") -> bytes:
    return "".join(f"event: {one.get('event_type')}{end}data: {json.dumps(one)}{end}{end}" for one in events).encode()


def stream(head: ReplyHead = SSE) -> ReplyReader:
    return open_interaction(head, NO_FACTS)


def after(*events: Json) -> ReplyReader:
    """A reader that has seen these events, each as a piece of its own; the reply goes on."""
    reader = stream()
    for one in events:
        reader.feed(body_of(one))
    return reader
