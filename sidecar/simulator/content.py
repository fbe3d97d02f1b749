"""Replies of `generateContent` and `streamGenerateContent`: frames of text that are hard to read carelessly. Pure.

Each frame's text begins with a trap: something that looks like the wire format to a reader that searches instead of parsing.
"""

from typing import Any

from sidecar.simulator.google_planning import TOKENS_OF_A_PICTURE
from sidecar.simulator.media import picture
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import Naming

TRAPS = (
    'Note: "usageMetadata": {"promptTokenCount": 999999, "candidatesTokenCount": 999999, "totalTokenCount": 1999998}',
    '\r\n\r\ndata: {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"candidatesTokenCount": 888888}}\r\n\r\n',
    'A quote \\", a brace }, two }}, a bracket ], a backslash \\\\ and \\u007d: none of them ends anything. {"a": [{',
    'usageMetadata usageMetadata "usageMetadata":null,"usageMetadata":{}}]}',
    "Größe 汉字 \U0001f680 \u2028 end of line, \t tab, \x7f delete, </script>, data: [DONE]",
)
PROSE = "The quick brown fox jumps over the lazy dog while the meter runs. " * 64


def text_of_step(plan: Plan, step: int) -> str:
    """The text that a step adds: a trap, and prose in proportion to its tokens."""
    tokens = plan.used_after(step).output_tokens - plan.used_after(step - 1).output_tokens
    length = min(4 * tokens, len(PROSE))
    return f"{TRAPS[(step - 1) % len(TRAPS)]} {PROSE[:length]}" if tokens else ""


def frame(plan: Plan, naming: Naming, step: int) -> dict[str, Any]:
    """What a stream carries for one step; the last one finishes the answer."""
    is_last = step == plan.steps
    parts = [{"text": text_of_step(plan, step)}, *(_pictures(plan) if is_last else [])]
    return _reply(plan, naming, parts, plan.finish_reason if is_last else "", _usage_in_frame(plan, step))


def whole(plan: Plan, naming: Naming) -> dict[str, Any]:
    """The answer in one piece."""
    text = "".join(text_of_step(plan, step) for step in range(1, plan.steps + 1))
    usage = None if plan.script.usage is ReportsUsage.NONE else usage_metadata(plan, plan.used)
    return _reply(plan, naming, [{"text": text}, *_pictures(plan)], plan.finish_reason, usage)


def late_usage(plan: Plan, naming: Naming) -> dict[str, Any]:
    """The frame behind the finishing frame: nothing but the usage."""
    return {"usageMetadata": usage_metadata(plan, plan.used), **_named(plan, naming)}


def usage_metadata(plan: Plan, used: Used) -> dict[str, Any]:
    """The provider's count of what was used, with the parts of it that have another modality. Absent means 0."""
    answer = used.output_tokens + used.image_tokens
    counts = {
        "promptTokenCount": used.prompt_tokens,
        "cachedContentTokenCount": used.cached_tokens,
        "candidatesTokenCount": answer,
        "toolUsePromptTokenCount": used.tool_tokens,
        "thoughtsTokenCount": used.thought_tokens,
        "totalTokenCount": used.prompt_tokens + answer + used.tool_tokens + used.thought_tokens,
        "promptTokensDetails": details(TEXT=used.prompt_tokens - used.audio_tokens, AUDIO=used.audio_tokens),
        "cacheTokensDetails": details(TEXT=used.cached_tokens),
        "candidatesTokensDetails": details(TEXT=used.output_tokens, IMAGE=used.image_tokens),
        "toolUsePromptTokensDetails": details(TEXT=used.tool_tokens),
    }
    said: dict[str, Any] = {name: count for name, count in counts.items() if count}
    return {**said, **_service(plan)}


def details(**tokens: int) -> list[dict[str, Any]]:
    """Tokens by modality, as `...TokensDetails` lists them."""
    return [{"modality": modality, "tokenCount": count} for modality, count in tokens.items() if count]


def _service(plan: Plan) -> dict[str, str]:
    if plan.route.dialect is Dialect.VERTEX:
        return {"trafficType": "ON_DEMAND"}
    return {"serviceTier": "standard"}


def _usage_in_frame(plan: Plan, step: int) -> dict[str, Any] | None:
    says, is_last = plan.script.usage or ReportsUsage.EVERY, step == plan.steps
    if says is ReportsUsage.EVERY or (says is ReportsUsage.LAST and is_last):
        return usage_metadata(plan, plan.used_after(step))
    if says is ReportsUsage.LAST and plan.route.dialect is Dialect.VERTEX:
        return _service(plan)
    return None


def _pictures(plan: Plan) -> list[dict[str, Any]]:
    count = plan.used.image_tokens // TOKENS_OF_A_PICTURE
    return [{"inlineData": {"mimeType": "image/png", "data": picture(plan.script.image_bytes)}}] * count


def _reply(
    plan: Plan, naming: Naming, parts: list[dict[str, Any]], finish_reason: str, usage: dict[str, Any] | None
) -> dict[str, Any]:
    reply: dict[str, Any] = {}
    if plan.script.filtered:
        reply["promptFeedback"] = {"blockReason": "SAFETY"}
    else:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish_reason:
            candidate["finishReason"] = finish_reason
        reply["candidates"] = [candidate]
    if usage:
        reply["usageMetadata"] = usage
    return {**reply, **_named(plan, naming)}


def _named(plan: Plan, naming: Naming) -> dict[str, Any]:
    named = {"modelVersion": plan.model.name, "responseId": f"simulated-{naming.number}"}
    return {**named, "createTime": naming.created_at} if plan.route.dialect is Dialect.VERTEX else named
