"""The events of one response of OpenAI's Realtime API (openai-python 3.54, `types/realtime`). Pure."""

from collections.abc import Sequence
from typing import Any

from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.live_connection import Word
from sidecar.simulator.live_context import spoken_tokens, words_of_step, words_up_to
from sidecar.simulator.media import sound
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import Naming, json_line

BYTES_OF_A_TOKEN = 2_400
"""Of sound that is spoken: twenty tokens a second of 24 kHz, 16 bits."""


class Events:
    """Numbers the events of one socket."""

    def __init__(self) -> None:
        self._told = 0

    def tell(self, kind: str, **fields: Any) -> bytes:  # noqa: ANN401  JSON
        """The next event."""
        self._told += 1
        return json_line({"type": kind, "event_id": f"event_{self._told}", **fields})


class RealtimeSpeech:
    """One response."""

    def __init__(self, plan: Plan, naming: Naming, events: Events) -> None:
        self._plan, self._events = plan, events
        self._speaks = plan.used.audio_output_tokens > 0
        self._response, self._item = f"resp_simulated_{naming.number}", f"item_simulated_{naming.number}"

    def piece(self, step: int) -> Sequence[Word]:
        """What opens the response, then a delta for each step: of text, or of sound and of what is said in it."""
        if step == 0:
            return self._opening()
        if not spoken_tokens(self._plan, step):
            return ()
        words, place = words_of_step(self._plan, step), self._place()
        if not self._speaks:
            return (self._events.tell("response.output_text.delta", **place, delta=words),)
        data = sound(BYTES_OF_A_TOKEN * spoken_tokens(self._plan, step))
        return (
            self._events.tell("response.output_audio_transcript.delta", **place, delta=words),
            self._events.tell("response.output_audio.delta", **place, delta=data),
        )

    def closing(self) -> Sequence[Word]:
        """What closes the item, and the response with its usage."""
        how = "incomplete" if self._plan.finish_reason == "MAX_TOKENS" else "completed"
        reason = "max_output_tokens" if how == "incomplete" else None
        return (*self._item_done(self._plan.steps, how), self._done(how, self._plan.steps, reason))

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """The response, cancelled; it has the usage of what was made."""
        return (*self._item_done(step, "incomplete"), self._done("cancelled", step, "client_cancelled"))

    def failure(self) -> Sequence[Word]:
        """The response, failed; it has no usage."""
        error = {"type": "server_error", "code": None, "message": FAILED.message}
        return (self._events.tell("response.done", response=self._as_object("failed", [], None, {"error": error})),)

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """An error event; no response is created."""
        return (self._events.tell("error", **openai_error(declined)),)

    def _opening(self) -> Sequence[Word]:
        item = self._as_item("in_progress", [])
        return (
            self._events.tell("response.created", response=self._as_object("in_progress", [], None, None)),
            self._events.tell("response.output_item.added", response_id=self._response, output_index=0, item=item),
            self._events.tell("conversation.item.added", previous_item_id=None, item=item),
            self._events.tell("response.content_part.added", **self._place(), part=self._part("")),
        )

    def _item_done(self, step: int | None, status: str) -> Sequence[Word]:
        words = words_up_to(self._plan, step)
        content = (
            {"type": "output_audio", "transcript": words} if self._speaks else {"type": "output_text", "text": words}
        )
        item, place = self._as_item(status, [content]), self._place()
        if self._speaks:
            texts = [
                self._events.tell("response.output_audio.done", **place),
                self._events.tell("response.output_audio_transcript.done", **place, transcript=words),
            ]
        else:
            texts = [self._events.tell("response.output_text.done", **place, text=words)]
        return (
            *texts,
            self._events.tell("response.content_part.done", **place, part=self._part(words)),
            self._events.tell("response.output_item.done", response_id=self._response, output_index=0, item=item),
            self._events.tell("conversation.item.done", previous_item_id=None, item=item),
        )

    def _done(self, status: str, step: int | None, reason: str | None) -> bytes:
        details = None if reason is None else {"type": status, "reason": reason}
        output = [self._as_item("completed" if status == "completed" else "incomplete", [])]
        used = None if self._plan.script.usage is ReportsUsage.NONE else self._plan.used_after(step)
        return self._events.tell("response.done", response=self._as_object(status, output, used, details))

    def _place(self) -> dict[str, Any]:
        return {"response_id": self._response, "item_id": self._item, "output_index": 0, "content_index": 0}

    def _part(self, words: str) -> dict[str, Any]:
        return {"type": "audio", "transcript": words} if self._speaks else {"type": "text", "text": words}

    def _as_item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        head = {"id": self._item, "object": "realtime.item", "type": "message"}
        return {**head, "status": status, "role": "assistant", "content": content}

    def _as_object(
        self, status: str, output: list[dict[str, Any]], used: Used | None, details: dict[str, Any] | None
    ) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self._response,
            "status": status,
            "status_details": details,
            "output": output,
            "conversation_id": "conv_simulated",
            "output_modalities": ["audio" if self._speaks else "text"],
            "max_output_tokens": "inf",
            "usage": None if used is None else realtime_usage(used),
            "metadata": None,
        }


def realtime_usage(used: Used) -> dict[str, Any]:
    """What a response used: cached tokens are part of the input, sound is a part of either side."""
    output = used.output_tokens + used.thought_tokens + used.audio_output_tokens
    return {
        "total_tokens": used.prompt_tokens + output,
        "input_tokens": used.prompt_tokens,
        "output_tokens": output,
        "input_token_details": {
            "text_tokens": used.prompt_tokens - used.audio_tokens,
            "audio_tokens": used.audio_tokens,
            "image_tokens": 0,
            "cached_tokens": used.cached_tokens,
            "cached_tokens_details": {"text_tokens": used.cached_tokens, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {
            "text_tokens": output - used.audio_output_tokens,
            "audio_tokens": used.audio_output_tokens,
        },
    }


def item_of_caller(item: dict[str, Any], number: int) -> dict[str, Any]:
    """An item as the conversation keeps it."""
    return {"id": f"item_{number}", "object": "realtime.item", "status": "completed", **item}
