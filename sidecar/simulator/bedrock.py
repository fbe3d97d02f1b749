"""How Bedrock answers: Converse in AWS's own words, InvokeModel in the words of the model's vendor (providers-wire 4). Pure.

Streams are frames of an event stream. The counts of InvokeModel stand in headers, or with the last event of a stream; as with
Anthropic, what has to do with a cache is not part of the input's count.
"""

import base64
from typing import Any

from sidecar.simulator.answer_text import text_of_step, whole_text
from sidecar.simulator.anthropic_messages import STOP_REASONS, events_of, message
from sidecar.simulator.declined import FAILED, Declined
from sidecar.simulator.event_stream import CONTENT_TYPE, event_frame, exception_frame
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.refusals import bedrock_exception
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import JSON, Header, Naming, json_line

PADDING = "abcdefghijklmnopqrstuvwxyz"
"""Hides the length of a piece from whoever listens to the encrypted line."""


class _BedrockSpeech:
    """What Converse and InvokeModel have in common."""

    stream_type, document_type = CONTENT_TYPE, JSON

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming
        self._is_silent = plan.script.usage is ReportsUsage.NONE

    def headers(self) -> list[Header]:
        """The id that AWS gives every request; on an error also the exception's name."""
        headers = [(b"x-amzn-requestid", b"simulated-%d" % self._naming.number)]
        if self._plan.declined is not None:
            headers.append((b"x-amzn-errortype", bedrock_exception(self._plan.declined).encode("ascii")))
        return headers

    def trailer(self) -> bytes:
        """None."""
        return b""

    def failure(self) -> bytes:
        """An exception."""
        return exception_frame("modelStreamErrorException", self.refusal(FAILED))

    def refusal(self, declined: Declined) -> bytes:
        """AWS's error body."""
        return json_line({"message": declined.message})


class ConverseSpeech(_BedrockSpeech):
    """A reply of `converse` or `converse-stream`."""

    def whole(self) -> bytes:
        """The message."""
        answer = {"role": "assistant", "content": [{"text": whole_text(self._plan)}]}
        reason = STOP_REASONS[self._plan.finish_reason]
        return json_line({"output": {"message": answer}, "stopReason": reason, **self._counts()})

    def piece(self, step: int) -> bytes:
        """The events of a step."""
        if step == 0:
            return event_frame("messageStart", json_line({"role": "assistant", "p": PADDING}))
        text, piece = text_of_step(self._plan, step), b""
        if text:
            delta = {"contentBlockIndex": 0, "delta": {"text": text}, "p": PADDING[: 26 - len(text) % 26]}
            piece = event_frame("contentBlockDelta", json_line(delta))
        return piece + self._stop() if step == self._plan.steps else piece

    def closing(self) -> bytes:
        """The metadata, which has the usage."""
        return event_frame("metadata", json_line({**self._counts(), "p": PADDING}))

    def _stop(self) -> bytes:
        stop = {"stopReason": STOP_REASONS[self._plan.finish_reason], "p": PADDING}
        block = event_frame("contentBlockStop", json_line({"contentBlockIndex": 0, "p": PADDING}))
        return block + event_frame("messageStop", json_line(stop))

    def _counts(self) -> dict[str, Any]:
        metrics = {"metrics": {"latencyMs": round(self._plan.seconds * 1000)}}
        return metrics if self._is_silent else {"usage": converse_usage(self._plan.used), **metrics}


class InvokeSpeech(_BedrockSpeech):
    """A reply of `invoke` or `invoke-with-response-stream`, for a model of Anthropic's."""

    def headers(self) -> list[Header]:
        """The counts too, where the reply comes in one piece."""
        plain = self._plan.route.is_stream or self._plan.declined is not None or self._is_silent
        return super().headers() + ([] if plain else self._count_headers())

    def whole(self) -> bytes:
        """The vendor's message."""
        return json_line(message(self._plan, self._naming))

    def piece(self, step: int) -> bytes:
        """The vendor's events of a step, each in a frame."""
        return b"".join(map(_chunk, events_of(self._plan, self._naming, step)))

    def closing(self) -> bytes:
        """The vendor's terminal event, with what AWS counted."""
        counted = {} if self._is_silent else {"amazon-bedrock-invocationMetrics": self._metrics()}
        return _chunk({"type": "message_stop", **counted})

    def _count_headers(self) -> list[Header]:
        used, milliseconds = self._plan.used, round(self._plan.seconds * 1000)
        counts = {
            "input-token-count": _input(used),
            "output-token-count": used.output_tokens + used.thought_tokens,
            "invocation-latency": milliseconds,
            "cache-read-input-token-count": used.cached_tokens,
            "cache-write-input-token-count": _writes(used),
        }
        return [(b"x-amzn-bedrock-" + name.encode("ascii"), b"%d" % count) for name, count in counts.items()]

    def _metrics(self) -> dict[str, int]:
        used = self._plan.used
        return {
            "inputTokenCount": _input(used),
            "outputTokenCount": used.output_tokens + used.thought_tokens,
            "invocationLatency": round(self._plan.seconds * 1000),
            "firstByteLatency": round(self._plan.script.think * 1000),
            "cacheReadInputTokenCount": used.cached_tokens,
            "cacheWriteInputTokenCount": _writes(used),
        }


def converse_usage(used: Used) -> dict[str, Any]:
    """What was used, as Converse says it."""
    output = used.output_tokens + used.thought_tokens
    times = (("1h", used.cache_write_hour_tokens), ("5m", used.cache_write_tokens))
    return {
        "inputTokens": _input(used),
        "outputTokens": output,
        "totalTokens": used.prompt_tokens + output,
        "cacheReadInputTokens": used.cached_tokens,
        "cacheWriteInputTokens": _writes(used),
        "cacheDetails": [{"ttl": ttl, "inputTokens": tokens} for ttl, tokens in times if tokens],
    }


def _writes(used: Used) -> int:
    return used.cache_write_tokens + used.cache_write_hour_tokens


def _input(used: Used) -> int:
    return used.prompt_tokens - used.cached_tokens - _writes(used)


def _chunk(event: dict[str, Any]) -> bytes:
    body = base64.b64encode(json_line(event)).decode("ascii")
    return event_frame("chunk", json_line({"bytes": body, "p": PADDING[: 26 - len(body) % 26]}))
