"""How Ollama's own dialect answers: a line of JSON for each step, and the counts in the last one (providers-wire 4). Pure."""

from typing import Any

from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import JSON, Header, Naming, json_line

LINES = "application/x-ndjson"
DONE_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}
NANOSECONDS = 1_000_000_000


class OllamaSpeech:
    """A reply of `/api/chat` or `/api/generate`."""

    stream_type, document_type = LINES, JSON

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan = plan
        self._is_chat = plan.route.method == "chat"
        self._head = {"model": plan.model.name, "created_at": naming.created_at}

    def headers(self) -> list[Header]:
        """None."""
        return []

    def whole(self) -> bytes:
        """The answer and its counts."""
        return json_line({**self._head, **self._said(whole_text(self._plan)), **self._done()})

    def piece(self, step: int) -> bytes:
        """A line with the text of the step."""
        text = text_of_step(self._plan, step) if step else ""
        return self._line({**self._said(text), "done": False}) if text else b""

    def closing(self) -> bytes:
        """The line with the counts."""
        return self._line({**self._said(""), **self._done()})

    def trailer(self) -> bytes:
        """None."""
        return b""

    def failure(self) -> bytes:
        """A line with an error."""
        return json_line({"error": FAILED.message}) + b"\n"

    def refusal(self, declined: Declined) -> bytes:
        """Ollama's error body."""
        return json_line({"error": declined.message})

    def _line(self, value: dict[str, Any]) -> bytes:
        return json_line({**self._head, **value}) + b"\n"

    def _said(self, text: str) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": text}} if self._is_chat else {"response": text}

    def _done(self) -> dict[str, Any]:
        plan, used = self._plan, self._plan.used
        done: dict[str, Any] = {"done": True, "done_reason": DONE_REASONS[plan.finish_reason]}
        if plan.script.usage is ReportsUsage.NONE:
            return done
        return {
            **done,
            "total_duration": round(plan.seconds * NANOSECONDS),
            "load_duration": 0,
            "prompt_eval_count": used.prompt_tokens,
            "prompt_eval_duration": round(plan.script.think * NANOSECONDS),
            "eval_count": used.output_tokens + used.thought_tokens,
            "eval_duration": round((plan.seconds - plan.script.think) * NANOSECONDS),
        }
