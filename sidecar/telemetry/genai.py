"""What OpenTelemetry's GenAI conventions call things: operations, providers, tokens. Pure data, and how a usage is told in it.

After open-telemetry/semantic-conventions-genai (docs/gen-ai: client-inference.md, gen-ai-token-metrics.md; platform.md 2.4), all
of it "Development" there. What has no name there keeps ours, as the conventions allow.
"""

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis

PROVIDERS: Final[Mapping[str, str]] = MappingProxyType({
    "gemini": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "mistral": "mistral_ai",
    "xai": "x_ai",
})  # fmt: skip
"""`gen_ai.provider.name` of our providers that have another name there; openai, anthropic, cohere, groq and deepseek
have the same."""

CHAT: Final = "chat"
COMPLETION: Final = "text_completion"
CONTENT: Final = "generate_content"
EMBEDDINGS: Final = "embeddings"

OPERATIONS: Final[Mapping[str, str]] = MappingProxyType({
    **dict.fromkeys(
        ("chat.completions", "chat", "messages", "responses", "responses.compact", "responses.connect", "agents.completions",
         "threads.runs", "Converse", "ConverseStream"), CHAT),
    **dict.fromkeys(
        ("completions", "completion", "complete", "fim.completions", "infill", "generate", "generate_stream"), COMPLETION),
    **dict.fromkeys(
        ("generateContent", "streamGenerateContent", "interactions.create", "InvokeModel", "InvokeModelWithResponseStream",
         "InvokeModelWithBidirectionalStream", "StartAsyncInvoke", "images.generations", "images.edits", "images.variations",
         "image_generation", "text_to_image", "audio.speech", "audio.transcriptions", "audio.translations", "videos",
         "videos.generations", "predictLongRunning", "BidiGenerateContent", "BidiGenerateContentConstrained", "BidiGenerateMusic",
         "realtime.connect", "live.connect"), CONTENT),
    **dict.fromkeys(
        ("embeddings", "embedding", "embed", "embedContent", "batchEmbedContents"), EMBEDDINGS),
})  # fmt: skip
"""`gen_ai.operation.name` by the provider's name of the method. A method that is not here (`predict`, `rerank`) is its own name:
the conventions have none for it. The methods are a closed set, so that these may be labels."""

LASTING: Final[Mapping[OperationKind, str]] = MappingProxyType({
    OperationKind.BATCH: "batch",
    OperationKind.TUNING: "tuning",
})  # fmt: skip
"""Names of our own for operations that are many inferences, or none."""

TOLD: Final = frozenset({Basis.EXACT, Basis.AT_LEAST})
"""Usage that the provider itself reported. The conventions have no word for an estimate, so that none is told."""


def provider_name(provider: str) -> str:
    """`gen_ai.provider.name` of a provider; an upstream that is its own keeps its name."""
    return PROVIDERS.get(provider, provider)


def operation_name(method: str | None, kind: OperationKind | None = None) -> str:
    """`gen_ai.operation.name` of a method; of a call that was lost before its method was kept it is the most general one."""
    lasting = LASTING.get(kind) if kind is not None else None
    return lasting or (OPERATIONS.get(method, method) if method else CONTENT)


class Tokens(msgspec.Struct, frozen=True):
    """Tokens as the conventions count them, each by modality; the last three are *parts* of the first two.

    Ours are disjoint (`metering.usage.Usage`): there a cached token is an input token, and a token of thinking one of the output.
    The modality of what no provider has broken down is `unknown`, so that their sum is the total. `video` is no name of theirs.
    """

    input: dict[str, int]
    output: dict[str, int]
    cache_read: dict[str, int]
    cache_write: dict[str, int]
    reasoning: dict[str, int]


def tokens_of(usage: Mapping[str, int], basis: str | None) -> Tokens | None:
    """The tokens of a `usage` column; None where the provider reported none."""
    if basis not in TOLD:
        return None
    count = defaultdict(int, usage)
    cached, reasoning = count["cached_input"], count["reasoning"]
    cached_audio, cached_image = count["cached_audio_input"], count["cached_image_input"]
    audio, image, video = count["audio_input"] + cached_audio, count["image_input"] + cached_image, count["video_input"]
    return Tokens(
        input=_parted(count["input"] + cached + count["tool_use"], audio, image, video),
        output=_parted(
            count["output"] + reasoning, count["audio_output"], count["image_output"], count["video_output"]
        ),
        cache_read=_parted(cached, cached_audio, cached_image),
        cache_write=_parted(count["cache_write_input"] + count["cache_write_hour_input"]),
        reasoning=_parted(reasoning),
    )


def usage_attributes(tokens: Tokens | None) -> dict[str, int]:
    """`gen_ai.usage.*` of a span: the totals, and their parts above 0."""
    if tokens is None:
        return {}
    totals = {
        "gen_ai.usage.input_tokens": sum(tokens.input.values()),
        "gen_ai.usage.output_tokens": sum(tokens.output.values()),
    }
    parts = {
        "gen_ai.usage.cache_read.input_tokens": sum(tokens.cache_read.values()),
        "gen_ai.usage.cache_write.input_tokens": sum(tokens.cache_write.values()),
        "gen_ai.usage.reasoning.output_tokens": sum(tokens.reasoning.values()),
        "gen_ai.usage.audio.cache_read.input_tokens": tokens.cache_read.get("audio", 0),
        "gen_ai.usage.audio.input_tokens": tokens.input.get("audio", 0),
        "gen_ai.usage.image.input_tokens": tokens.input.get("image", 0),
        "gen_ai.usage.audio.output_tokens": tokens.output.get("audio", 0),
        "gen_ai.usage.image.output_tokens": tokens.output.get("image", 0),
    }
    return totals | {name: count for name, count in parts.items() if count}


def _parted(total: int, audio: int = 0, image: int = 0, video: int = 0) -> dict[str, int]:
    """A total by modality: what is known of it, the rest `unknown`. Of no tokens at all there is one 0, which counts as told."""
    known = audio + image + video
    if not known:
        return {"unknown": total}
    parts = {"audio": audio, "image": image, "video": video, "unknown": max(0, total - known)}
    return {modality: count for modality, count in parts.items() if count}
