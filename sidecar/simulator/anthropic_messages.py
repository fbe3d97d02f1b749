"""How Anthropic's dialect answers `/v1/messages`, and Claude on Vertex (providers-wire 4 and 7). Pure.

`input_tokens` are those that no cache has to do with: total input = input + cache_creation + cache_read. A stream tells the
input exactly in its first event, next to a placeholder for the output, whose count comes cumulative in `message_delta`.
"""

from typing import Any

from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.refusals import anthropic_error
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import EVENTS, JSON, Header, Naming, json_line, named_event

STOP_REASONS = {"STOP": "end_turn", "MAX_TOKENS": "max_tokens"}
PLACEHOLDER = 1
"""Output tokens in `message_start`, whatever will come."""
Event = dict[str, Any]


class MessageSpeech:
    """A reply of `/v1/messages`, of `:rawPredict` and `:streamRawPredict`, or of `/v1/messages/count_tokens`."""

    stream_type, document_type = EVENTS, JSON

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming

    def headers(self) -> list[Header]:
        """The id that Anthropic gives every request."""
        return [(b"request-id", b"req_simulated_%d" % self._naming.number)]

    def whole(self) -> bytes:
        """The message, or the count."""
        if self._plan.route.method == "messages.count_tokens":
            return json_line({"input_tokens": self._plan.used.prompt_tokens})
        return json_line(message(self._plan, self._naming))

    def piece(self, step: int) -> bytes:
        """The events of a step."""
        return b"".join(map(named_event, events_of(self._plan, self._naming, step)))

    def closing(self) -> bytes:
        """The terminal event."""
        return named_event({"type": "message_stop"})

    def trailer(self) -> bytes:
        """None: without its terminal event a stream is cut short."""
        return b""

    def failure(self) -> bytes:
        """An error event, after HTTP 200."""
        return named_event(anthropic_error(FAILED))

    def refusal(self, declined: Declined) -> bytes:
        """Anthropic's error envelope."""
        return json_line({**anthropic_error(declined), "request_id": f"req_simulated_{self._naming.number}"})


def message(plan: Plan, naming: Naming) -> dict[str, Any]:
    """The answer in one piece."""
    return {
        **_head(plan, naming),
        "content": [{"type": "text", "text": whole_text(plan)}],
        "stop_reason": STOP_REASONS[plan.finish_reason],
        "stop_sequence": None,
        **_usage(plan, plan.used),
    }


def events_of(plan: Plan, naming: Naming, step: int) -> list[Event]:
    """What a stream says of a step: how the message begins, its text, and after the last step what it used."""
    if step == 0:
        return _opening(plan, naming)
    text, events = text_of_step(plan, step), list[Event]()
    if text:
        events.append({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}})
    if step == plan.steps:
        delta = {"stop_reason": STOP_REASONS[plan.finish_reason], "stop_sequence": None}
        events.append({"type": "content_block_stop", "index": 0})
        events.append({"type": "message_delta", "delta": delta, **_usage(plan, plan.used)})
    return events


def usage(used: Used, tier: str = "standard") -> dict[str, Any]:
    """What was used, the classes of input apart."""
    writes = used.cache_write_tokens + used.cache_write_hour_tokens
    said: dict[str, Any] = {
        "input_tokens": used.prompt_tokens - used.cached_tokens - writes,
        "cache_creation_input_tokens": writes,
        "cache_read_input_tokens": used.cached_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": used.cache_write_tokens,
            "ephemeral_1h_input_tokens": used.cache_write_hour_tokens,
        },
        "output_tokens": used.output_tokens + used.thought_tokens,
        "service_tier": tier,
    }
    if used.thought_tokens:
        said["output_tokens_details"] = {"thinking_tokens": used.thought_tokens}
    return said


def _opening(plan: Plan, naming: Naming) -> list[Event]:
    begun = {**_head(plan, naming), "content": [], "stop_reason": None, "stop_sequence": None}
    told = {**usage(plan.used_after(None), plan.script.tier or "standard"), "output_tokens": PLACEHOLDER}
    silent = plan.script.usage is ReportsUsage.NONE
    return [
        {"type": "message_start", "message": begun if silent else {**begun, "usage": told}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
    ]


def _head(plan: Plan, naming: Naming) -> dict[str, Any]:
    name = f"msg_simulated_{naming.number}"
    return {"id": name, "type": "message", "role": "assistant", "model": plan.model.name}


def _usage(plan: Plan, used: Used) -> dict[str, Any]:
    silent = plan.script.usage is ReportsUsage.NONE
    return {} if silent else {"usage": usage(used, plan.script.tier or "standard")}
