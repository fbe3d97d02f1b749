"""Replies that come in one piece: embeddings, images, token counts, and the content of calls that do not stream. Pure."""

import base64
from collections.abc import Callable
from typing import Any

from sidecar.simulator.catalog import Family
from sidecar.simulator.content import details, usage_metadata, whole
from sidecar.simulator.media import picture, vector
from sidecar.simulator.plan import Plan
from sidecar.simulator.routes import Dialect
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import Naming


def reply_of(plan: Plan, naming: Naming) -> dict[str, Any]:
    """The reply of a call whose work is done."""
    return REPLIES[plan.route.method](plan, naming)


def _usage(plan: Plan) -> dict[str, Any]:
    return {} if plan.script.usage is ReportsUsage.NONE else {"usageMetadata": usage_metadata(plan, plan.used)}


def _embedded_one(plan: Plan, naming: Naming) -> dict[str, Any]:
    return {"embedding": {"values": vector(plan.dimensions)}, **_usage(plan)}


def _embedded_batch(plan: Plan, naming: Naming) -> dict[str, Any]:
    return {"embeddings": [{"values": vector(plan.dimensions)} for _ in plan.pieces], **_usage(plan)}


def _predicted(plan: Plan, naming: Naming) -> dict[str, Any]:
    return _images(plan) if plan.model.family is Family.IMAGE else _vectors(plan)


def _images(plan: Plan) -> dict[str, Any]:
    painted = {"mimeType": "image/png", "bytesBase64Encoded": picture(plan.script.image_bytes)}
    withheld = {"raiFilteredReason": "Unable to show generated images: the script of this call withholds them."}
    return {"predictions": [painted] * plan.used.images + [withheld] * plan.script.filtered}


def _vectors(plan: Plan) -> dict[str, Any]:
    predictions = [
        {"embeddings": {"values": vector(plan.dimensions), **_statistics(plan, tokens)}} for tokens in plan.pieces
    ]
    reply: dict[str, Any] = {"predictions": predictions}
    if plan.model.is_charged_by_character and plan.script.usage is not ReportsUsage.NONE:
        reply["metadata"] = {"billableCharacterCount": plan.used.characters}
    return reply


def _statistics(plan: Plan, tokens: int) -> dict[str, Any]:
    if plan.script.usage is ReportsUsage.NONE:
        return {}
    return {"statistics": {"token_count": tokens, "truncated": False}}


def _counted(plan: Plan, naming: Naming) -> dict[str, Any]:
    tokens = plan.used.prompt_tokens
    reply: dict[str, Any] = {"totalTokens": tokens, "promptTokensDetails": details(TEXT=tokens)}
    if plan.route.dialect is Dialect.VERTEX:
        reply["totalBillableCharacters"] = 4 * tokens
    return reply


def _computed(plan: Plan, naming: Naming) -> dict[str, Any]:
    tokens = range(plan.used.prompt_tokens)
    words = [base64.b64encode(b"token%d" % token).decode("ascii") for token in tokens]
    return {"tokensInfo": [{"tokens": words, "tokenIds": [str(token) for token in tokens], "role": "user"}]}


REPLIES: dict[str, Callable[[Plan, Naming], dict[str, Any]]] = {
    "generateContent": whole,
    "embedContent": _embedded_one,
    "batchEmbedContents": _embedded_batch,
    "predict": _predicted,
    "countTokens": _counted,
    "computeTokens": _computed,
}
