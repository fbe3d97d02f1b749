"""Inference engines that one runs oneself: OpenAI's dialect, Anthropic's messages, and paths of their own.

Each upstream is a provider of its own, by its upstream's name: what it costs is what its machines cost. An engine's abort of a
running request names it in the body and opens no operation, so it is free, and nothing is read of it.
"""

from sidecar.lifecycle.record import CallKind
from sidecar.providers.anthropic import MESSAGES_ROUTES
from sidecar.providers.contract import Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_native import (
    of_timings,
    open_completion,
    open_generated,
    open_lm_studio,
    open_scores,
    open_sglang,
)
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import Open, row
from sidecar.providers.paths import Row, unread

NOWHERE = "nowhere.invalid"
"""A host that never is (RFC 6761 6.4): nobody else serves an engine's models at a list price."""


def call(method: str, path: str, open_reply: Open = open_chat, kind: CallKind = CallKind.UNARY) -> Row:
    """A row of what is computed."""
    return row(method, path, Role.CALL, open_reply, open_call, kind=kind)


def free(method: str, path: str, *verbs: str) -> tuple[Row, ...]:
    """Rows of what is not."""
    return tuple(unread(method, rf"{path}\Z", verb=verb) for verb in verbs)


def engine(name: str, *own: Row, extras: Extras = PLAIN) -> OpenAIDialect:
    """The dialect of an engine that has these rows of its own."""
    rows = (*own, *SERVED, *MESSAGES_ROUTES)
    return OpenAIDialect(name, provider=name, hosts=(NOWHERE,), on_close=ON_CLOSE[name], rows=rows, extras=extras)


SERVED = (
    call("rerank", r"/rerank(?:ing)?", open_scores),
    call("score", r"/score", open_scores),
    call("classify", r"/classify", open_scores),
    call("pooling", r"/pooling", open_scores),
    *free("tokenize", r"/(?:de)?tokenize", "POST"),
    *free("state", r"/(?:health|metrics|version|ping|load|info|props|slots)", "GET"),
)
"""What several engines have."""

VLLM = engine(
    "vllm",
    call("generate", r"/inference/v1/generate"),
    *free("abort_requests", r"(?:/inference/v1)?/abort_requests", "POST"),
    extras=Extras(asks_in_chunks=True),
)
"""vLLM 0.33. `X-Request-Id` of a call names it in an abort (providers-wire 6)."""

SGLANG = engine(
    "sglang",
    call("generate", r"/generate", open_sglang),
    call("encode", r"/encode", open_scores),
    *free("abort_request", r"/abort_request", "POST"),
    *free("state", r"/(?:get_model_info|model_info|get_server_info|server_info|health_generate|get_load)", "GET"),
)
"""SGLang 0.5."""

TGI = engine(
    "tgi",
    call("generate", r"(?:\A/|/generate)", open_generated),
    call("generate_stream", r"/generate_stream", open_generated, CallKind.STREAM),
    *free("chat_tokenize", r"/chat_tokenize", "POST"),
)
"""Text Generation Inference 3; `/` is either of the other two, as the body's `stream` says."""

TIMED = Extras(usage_in="timings", usage_of=of_timings)
LLAMA_CPP = engine(
    "llama_cpp",
    call("completion", r"(?<!/v1)(?<!/chat)/completions?", open_completion),
    call("infill", r"/infill", open_completion),
    call("embedding", r"/embedding"),
    *free("apply-template", r"/apply-template", "POST"),
    *free("stream", r"/v1/stream", "GET", "DELETE"),
    *free("slots", r"/slots/[^/]+", "POST"),
    extras=TIMED,
)
"""llama.cpp's server. Its last chunk has `timings` without being asked; `/v1/stream` replays a call that was counted already."""

LM_STUDIO = engine(
    "lm_studio",
    call("chat", r"/api/v1/chat", open_lm_studio),
    *free("models", r"/api/v1/models/(?:load|unload|download)", "POST"),
)
"""LM Studio; `/api/v0/..` has OpenAI's paths and shapes."""

TRT_LLM = engine(
    "trt_llm",
    *free("state", r"/(?:prometheus/metrics|perf_metrics|kv_cache_events)", "GET", "POST"),
)
"""`trtllm-serve` of TensorRT-LLM."""
