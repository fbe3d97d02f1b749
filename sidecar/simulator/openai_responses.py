"""How OpenAI's dialect answers `/responses` (providers-wire 4): numbered events, and usage in the last of them. Pure."""

from collections.abc import Callable
from typing import Any

from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.openai_usage import response_usage, service_tier
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import EVENTS, JSON, Header, Naming, json_line, named_event

OBFUSCATION = "0123456789abcdef"
"""Padding that hides the length of a delta from whoever listens to the encrypted line; it is no output."""


class ResponseSpeech:
    """A reply of `/responses`."""

    stream_type, document_type = EVENTS, JSON

    def __init__(self, plan: Plan, naming: Naming, write: Callable[[dict[str, Any]], bytes] = named_event) -> None:
        """The words of one call; `write` frames an event."""
        self._plan, self._naming, self._write = plan, naming, write
        self._item = f"msg_simulated_{naming.number}"
        self._events = 0

    def headers(self) -> list[Header]:
        """The id that OpenAI gives every request."""
        return [(b"x-request-id", b"req_simulated_%d" % self._naming.number)]

    def whole(self) -> bytes:
        """The response."""
        return json_line(self._response(end_of(self._plan)))

    def piece(self, step: int) -> bytes:
        """What opens the response, then a delta for each step that has text, and behind the last one what closes the text."""
        if step == 0:
            return self._opening()
        text, place = text_of_step(self._plan, step), self._place()
        delta = {"delta": text, "logprobs": [], "obfuscation": OBFUSCATION[: 16 - len(text) % 16]}
        piece = self._event("response.output_text.delta", **place, **delta) if text else b""
        return piece + self._text_done() if step == self._plan.steps else piece

    def closing(self) -> bytes:
        """The response, with its usage."""
        status = end_of(self._plan)
        return self._event(f"response.{status}", response=self._response(status))

    def trailer(self) -> bytes:
        """None."""
        return b""

    def failure(self) -> bytes:
        """The response, failed; it has no usage."""
        return self._event("response.failed", response=self._response("failed"))

    def cancelled(self, step: int | None) -> bytes:
        """The response, cancelled; it has no usage either (providers-wire 5). The event's name is that of the webhook."""
        return self._event("response.cancelled", response=self._response("cancelled"))

    def refusal(self, declined: Declined) -> bytes:
        """OpenAI's error envelope."""
        return json_line(openai_error(declined))

    def _event(self, kind: str, **fields: Any) -> bytes:  # noqa: ANN401  JSON
        event = {"type": kind, "sequence_number": self._events, **fields}
        self._events += 1
        return self._write(event)

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._item, "output_index": 0, "content_index": 0}

    def _opening(self) -> bytes:
        begun = self._response("in_progress")
        events = (
            self._event("response.created", response=begun),
            self._event("response.in_progress", response=begun),
            self._event("response.output_item.added", output_index=0, item=message(self._item, "in_progress", [])),
            self._event("response.content_part.added", **self._place(), part=_part("")),
        )
        return b"".join(events)

    def _text_done(self) -> bytes:
        text = whole_text(self._plan)
        events = (
            self._event("response.output_text.done", **self._place(), text=text, logprobs=[]),
            self._event("response.content_part.done", **self._place(), part=_part(text)),
            self._event(
                "response.output_item.done", output_index=0, item=message(self._item, "completed", [_part(text)])
            ),
        )
        return b"".join(events)

    def _response(self, status: str) -> dict[str, Any]:
        return response(self._plan, self._naming, status)


def response(plan: Plan, naming: Naming, status: str) -> dict[str, Any]:
    """The response in one of its states; only one that has come to its end has an answer and usage."""
    is_done = status in ("completed", "incomplete")
    has_usage = is_done and plan.script.usage is not ReportsUsage.NONE
    answer = message(f"msg_simulated_{naming.number}", "completed", [_part(whole_text(plan))] if is_done else [])
    return {
        "id": f"resp_simulated_{naming.number}",
        "object": "response",
        "created_at": naming.created,
        "status": status,
        "background": plan.wishes.in_background,
        "error": {"code": "server_error", "message": FAILED.message} if status == "failed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "model": plan.model.name,
        "output": [answer] if is_done else [],
        "parallel_tool_calls": True,
        "service_tier": service_tier(plan),
        "tool_choice": "auto",
        "tools": [],
        "usage": response_usage(plan.used) if has_usage else None,
    }


def end_of(plan: Plan) -> str:
    """The state in which a response ends that was worked out."""
    return "incomplete" if plan.finish_reason == "MAX_TOKENS" else "completed"


def message(name: str, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
    """The one item of output."""
    return {"type": "message", "id": name, "status": status, "role": "assistant", "content": content}


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
