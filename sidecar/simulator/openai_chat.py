"""How OpenAI's dialect answers `/chat/completions` and `/completions` (providers-wire 4 and 7). Pure.

A chunk of a stream carries the text of one step, which is one token unless the script says otherwise. Usage comes only when it
is asked for: in a chunk of its own that has no choices, and as null in all others.
"""

from typing import Any

from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.openai_usage import chat_usage, service_tier
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import EVENTS, JSON, Header, Naming, data, json_line

FINISH_REASONS = {"STOP": "stop", "MAX_TOKENS": "length"}
DONE = b"data: [DONE]\n\n"


class ChatSpeech:
    """A reply of `/chat/completions`, or with `is_chat` False of the older `/completions`."""

    stream_type, document_type = EVENTS, JSON

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._number = plan, naming.number
        self._is_chat = plan.route.method == "chat.completions"
        self._wants = plan.wishes
        self._head: dict[str, Any] = {
            "id": f"{'chatcmpl' if self._is_chat else 'cmpl'}-simulated-{naming.number}",
            "object": "chat.completion.chunk" if self._is_chat else "text_completion",
            "created": naming.created,
            "model": plan.model.name,
            "service_tier": service_tier(plan),
            "system_fingerprint": "fp_simulated",
        }

    def headers(self) -> list[Header]:
        """The id that OpenAI gives every request."""
        return [(b"x-request-id", b"req_simulated_%d" % self._number)]

    def whole(self) -> bytes:
        """The completion."""
        text, reason = whole_text(self._plan), FINISH_REASONS[self._plan.finish_reason]
        answer: dict[str, Any] = {"index": 0, "logprobs": None, "finish_reason": reason}
        if self._is_chat:
            answer["message"] = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        else:
            answer["text"] = text
        reply = {**self._head, "choices": [answer]}
        if self._is_chat:
            reply["object"] = "chat.completion"
        if self._plan.script.usage is not ReportsUsage.NONE:
            reply["usage"] = chat_usage(self._plan.used)
        return json_line(reply)

    def piece(self, step: int) -> bytes:
        """The role, then a chunk for each step that has text, and behind the last one the reason why it is the last."""
        if step == 0:
            return self._chunk(0, {"role": "assistant", "content": "", "refusal": None}) if self._is_chat else b""
        text = text_of_step(self._plan, step)
        piece = self._chunk(step, {"content": text}, text) if text else b""
        return piece + self._finish(step) if step == self._plan.steps else piece

    def closing(self) -> bytes:
        """The usage, where it is asked for, and the mark at the end."""
        if not self._wants.include_usage:
            return DONE
        return data({**self._head, "choices": [], "usage": chat_usage(self._plan.used)}) + DONE

    def trailer(self) -> bytes:
        """None: without its mark a stream is cut short."""
        return b""

    def failure(self) -> bytes:
        """An event with an error."""
        return data(openai_error(FAILED))

    def refusal(self, declined: Declined) -> bytes:
        """OpenAI's error envelope."""
        return json_line(openai_error(declined))

    def _finish(self, step: int) -> bytes:
        return self._chunk(step, {}, "", FINISH_REASONS[self._plan.finish_reason])

    def _chunk(self, step: int, delta: dict[str, Any], text: str = "", finish_reason: str | None = None) -> bytes:
        choice: dict[str, Any] = {"index": 0, "logprobs": None, "finish_reason": finish_reason}
        choice |= {"delta": delta} if self._is_chat else {"text": text}
        chunk = {**self._head, "choices": [choice]}
        if self._wants.usage_in_chunks:
            chunk["usage"] = chat_usage(self._plan.used_after(step))
        elif self._wants.include_usage:
            chunk["usage"] = None
        return data(chunk)
