"""How Google's two APIs answer `/interactions` (google-wire 2.2, 2.3): one document, or numbered events. Pure."""

from typing import Any

from sidecar.clock import rfc3339
from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.declined import FAILED, Declined, one_line, pretty
from sidecar.simulator.google_speech import DOCUMENT
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import EVENTS, Header, Naming

DONE = b"event: done\ndata: [DONE]\n\n"


class InteractionSpeech:
    """A reply of `/interactions`."""

    stream_type, document_type = EVENTS, DOCUMENT

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming
        self._events = 0

    def headers(self) -> list[Header]:
        """None."""
        return []

    def whole(self) -> bytes:
        """The interaction."""
        return pretty(interaction(self._plan, self._naming, end_of(self._plan), self._plan.steps))

    def piece(self, step: int) -> bytes:
        """What opens the interaction, then a delta for each step, with the usage so far."""
        if step == 0:
            started = {"index": 0, "step": {"type": "model_output"}}
            return self._lifecycle("created", "in_progress", None) + self._event("step.start", **started)
        told = {"metadata": {"total_usage": usage(self._plan.used_after(step))}} if tells_usage(self._plan) else {}
        delta = {"type": "text", "text": text_of_step(self._plan, step)}
        piece = self._event("step.delta", index=0, delta=delta, **told)
        return piece + self._event("step.stop", index=0) if step == self._plan.steps else piece

    def closing(self) -> bytes:
        """The interaction, with its usage, and the mark behind which the SDK closes the connection."""
        return self._lifecycle("completed", end_of(self._plan), self._plan.steps) + DONE

    def trailer(self) -> bytes:
        """None."""
        return b""

    def failure(self) -> bytes:
        """An error event, after HTTP 200."""
        return self._event("error", error={"code": FAILED.rpc, "message": FAILED.message}) + DONE

    def cancelled(self, step: int | None) -> bytes:
        """The same event as at any other end, with another status."""
        return self._lifecycle("completed", "cancelled", step) + DONE

    def refusal(self, declined: Declined) -> bytes:
        """Google's error envelope."""
        return pretty(declined.as_object())

    def _lifecycle(self, name: str, status: str, step: int | None) -> bytes:
        told = interaction(self._plan, self._naming, status, step)
        return self._event(f"interaction.{name}", interaction=told)

    def _event(self, kind: str, **fields: Any) -> bytes:  # noqa: ANN401  JSON
        self._events += 1
        event = {"event_type": kind, **fields, "event_id": f"e{self._events}"}
        return b"event: " + kind.encode("ascii") + b"\ndata: " + one_line(event) + b"\n\n"


def interaction(plan: Plan, naming: Naming, status: str, step: int | None) -> dict[str, Any]:
    """The interaction in one of its states. What has ended tells what it used, also when it was cancelled."""
    said: dict[str, Any] = {
        "id": f"simulated-{naming.number}",
        "object": "interaction",
        "status": status,
        "model": plan.model.name,
        "created": rfc3339(naming.received_at),
        "updated": rfc3339(naming.received_at),
    }
    if status in ("completed", "incomplete"):
        said["steps"] = [{"type": "model_output", "content": [{"type": "text", "text": whole_text(plan)}]}]
    if status not in ("queued", "in_progress") and tells_usage(plan):
        said["usage"] = usage(Used() if step is None else plan.used_after(step))
    return said


def end_of(plan: Plan) -> str:
    """The state in which an interaction ends that was worked out."""
    return "incomplete" if plan.finish_reason == "MAX_TOKENS" else "completed"


def tells_usage(plan: Plan) -> bool:
    """The script does not keep it silent."""
    return plan.script.usage is not ReportsUsage.NONE


def usage(used: Used) -> dict[str, Any]:
    """What was used. Thoughts and what tools fed back stand beside input and output, cached tokens are part of the input."""
    text = used.prompt_tokens - used.audio_tokens
    return {
        "total_input_tokens": used.prompt_tokens,
        "input_tokens_by_modality": _by_modality(text=text, audio=used.audio_tokens),
        "total_cached_tokens": used.cached_tokens,
        "total_output_tokens": used.output_tokens,
        "output_tokens_by_modality": _by_modality(text=used.output_tokens),
        "total_thought_tokens": used.thought_tokens,
        "total_tool_use_tokens": used.tool_tokens,
        "total_tokens": used.prompt_tokens + used.output_tokens + used.thought_tokens + used.tool_tokens,
    }


def _by_modality(**tokens: int) -> list[dict[str, Any]]:
    return [{"modality": name, "tokens": count} for name, count in tokens.items() if count]
