"""The messages of one answer of Gemini Live: sound or text in pieces, then that it is complete, with its usage. Pure."""

from collections.abc import Sequence
from typing import Any

from sidecar.simulator.content import details
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.live_connection import Closing, Word
from sidecar.simulator.live_context import spoken_tokens, words_of_step
from sidecar.simulator.media import sound
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import json_line

BYTES_OF_A_TOKEN = 1_920
"""Of sound that is spoken: 25 tokens a second of 24 kHz, 16 bits."""
NOT_ALLOWED, BROKEN = 1008, 1011
"""Close codes."""
LONGEST_REASON = 120
"""A close frame holds no more than 123 bytes."""


class GeminiLiveSpeech:
    """One answer. Google tells no refusal and no failure in a message: the socket ends."""

    def __init__(self, plan: Plan, *, transcribes: bool = False, is_resumable: bool = False) -> None:
        """The words of one answer; `is_resumable`: of a session that tells handles."""
        self._plan, self._transcribes, self._is_resumable = plan, transcribes, is_resumable

    def piece(self, step: int) -> Sequence[Word]:
        """A piece of the answer; of one that is spoken also what was said, if that was asked for.

        Before the first, that the session can't be gone on with from here: who does so is back behind the answer before.
        """
        if step == 0 and self._is_resumable:
            return (json_line({"sessionResumptionUpdate": {"resumable": False}}),)
        if not spoken_tokens(self._plan, step):
            return ()
        words = words_of_step(self._plan, step)
        if not self._plan.used.audio_output_tokens:
            return (self._content({"modelTurn": {"parts": [{"text": words}]}}),)
        data = sound(BYTES_OF_A_TOKEN * spoken_tokens(self._plan, step))
        blob = {"mimeType": "audio/pcm;rate=24000", "data": data}
        spoken = self._content({"modelTurn": {"parts": [{"inlineData": blob}]}})
        return (spoken, self._content({"outputTranscription": {"text": words}})) if self._transcribes else (spoken,)

    def closing(self) -> Sequence[Word]:
        """All is said; then that the turn is complete, and with it, or behind it, the usage."""
        return (self._content({"generationComplete": True}), *self._complete(self._plan.used))

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """It was interrupted, and is complete."""
        return (self._content({"interrupted": True}), *self._complete(self._plan.used_after(step)))

    def failure(self) -> Sequence[Word]:
        """The socket ends."""
        return (Closing(BROKEN, FAILED.message),)

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """The socket ends, and says why."""
        reason = declined.message.encode()[:LONGEST_REASON].decode(errors="ignore")
        return (Closing(BROKEN if declined.status >= 500 else NOT_ALLOWED, reason),)

    def _complete(self, used: Used) -> Sequence[Word]:
        usage = {"usageMetadata": live_usage(self._plan, used)}
        match self._plan.script.usage:
            case ReportsUsage.NONE:
                return (self._content({"turnComplete": True}),)
            case ReportsUsage.LATE:
                return (self._content({"turnComplete": True}), json_line(usage))
        return (json_line({"serverContent": {"turnComplete": True}, **usage}),)

    def _content(self, content: dict[str, Any]) -> bytes:
        return json_line({"serverContent": content})


def live_usage(plan: Plan, used: Used) -> dict[str, Any]:
    """What an answer used, the whole context included. Vertex has another name for the answer's tokens."""
    answer = used.output_tokens + used.audio_output_tokens
    said = "candidates" if plan.route.dialect is Dialect.VERTEX else "response"
    counts = {
        "promptTokenCount": used.prompt_tokens,
        "cachedContentTokenCount": used.cached_tokens,
        f"{said}TokenCount": answer,
        "toolUsePromptTokenCount": used.tool_tokens,
        "thoughtsTokenCount": used.thought_tokens,
        "totalTokenCount": used.prompt_tokens + answer + used.tool_tokens + used.thought_tokens,
        "promptTokensDetails": details(TEXT=used.prompt_tokens - used.audio_tokens, AUDIO=used.audio_tokens),
        "cacheTokensDetails": details(TEXT=used.cached_tokens),
        f"{said}TokensDetails": details(TEXT=used.output_tokens, AUDIO=used.audio_output_tokens),
    }
    told: dict[str, Any] = {name: count for name, count in counts.items() if count}
    return {**told, "trafficType": "ON_DEMAND"} if plan.route.dialect is Dialect.VERTEX else told
