"""What is asked of a provider: one method of each dialect, and some of a few, as SDKs ask it (providers-wire 3, google-wire 2).

The prompt makes the model write until the bound on its answer ends it, so that every call is as long as the one before, and
there is a middle to be cut in. What it says holds nothing of anybody.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sidecar.errors import SidecarError
from sidecar.lifecycle.record import CallKind

PROMPT: Final = (
    "Count upwards from one in English words, one number a line. Do not skip any, do not summarize, do not stop before you "
    "are cut off, and write nothing else."
)
MARK: Final = "sidecar-probe"
"""The key of the metadata by which stored completions are found again."""


class NoMethod(SidecarError):
    """Nothing is known to ask there. The sentence says what there is."""


class Question(msgspec.Struct, frozen=True):
    """One call that is to be made."""

    model: str
    kind: CallKind
    tokens: int
    """The most that may be answered."""
    mark: str
    """Names the call: to the provider's log, and where it keeps metadata."""

    @property
    def is_stream(self) -> bool:
        """The answer is to come piece by piece."""
        return self.kind is CallKind.STREAM


class Method(msgspec.Struct, frozen=True):
    """One way to ask one dialect."""

    name: str
    """As the dialect's routes name it."""
    target: Callable[[Question], str]
    """Path and query, behind the upstream's url."""
    body: Callable[[Question], dict[str, Any]]


def _messages() -> list[dict[str, str]]:
    return [{"role": "user", "content": PROMPT}]


# === OpenAI's language ===

NEW_BOUND: Final = frozenset({"openai", "azure", "groq", "xai"})
"""Dialects whose bound is `max_completion_tokens`, which thinking counts against; elsewhere it is `max_tokens`."""
ASKS_USAGE: Final = frozenset({"openai", "azure", "groq", "xai", "deepseek", "vllm", "sglang", "llama_cpp", "trt_llm"})
"""Dialects of which it is known that they take `stream_options`; others refuse what they do not know."""
PREFIXES: Final = {
    "azure": "/openai/v1",
    "openrouter": "/api/v1",
    "groq": "/openai/v1",
    "fireworks": "/inference/v1",
}
"""What stands before `/chat/completions`; `/v1` elsewhere."""


def _prefix(dialect: str) -> str:
    return PREFIXES.get(dialect, "/v1")


def _chat(dialect: str) -> Method:
    def body(question: Question) -> dict[str, Any]:
        bound = "max_completion_tokens" if dialect in NEW_BOUND else "max_tokens"
        asked: dict[str, Any] = {"model": question.model, "messages": _messages(), bound: question.tokens}
        if question.is_stream:
            asked["stream"] = True
            if dialect in ASKS_USAGE:
                asked["stream_options"] = {"include_usage": True}
        if dialect == "openai":
            asked |= {"store": True, "metadata": {MARK: question.mark}}
        return asked

    return Method("chat.completions", lambda _: f"{_prefix(dialect)}/chat/completions", body)


def _responses(dialect: str) -> Method:
    def body(question: Question) -> dict[str, Any]:
        asked = {"model": question.model, "input": PROMPT, "max_output_tokens": question.tokens, "store": True}
        return asked | {"stream": question.is_stream}

    return Method("responses", lambda _: f"{_prefix(dialect)}/responses", body)


# === other houses ===


def _claude(question: Question) -> dict[str, Any]:
    return {
        "model": question.model, "messages": _messages(), "max_tokens": question.tokens, "stream": question.is_stream,
    }  # fmt: skip


CLAUDE: Final = Method("messages", lambda _: "/v1/messages", _claude)


def _generate_content(dialect: str) -> Method:
    def target(question: Question) -> str:
        verb = "streamGenerateContent?alt=sse" if question.is_stream else "generateContent"
        return f"{_google_model(dialect, question.model)}:{verb}"

    def body(question: Question) -> dict[str, Any]:
        contents = [{"role": "user", "parts": [{"text": PROMPT}]}]
        return {"contents": contents, "generationConfig": {"maxOutputTokens": question.tokens}}

    # both verbs are one method to whoever asks; each names its own route
    return Method("generateContent", target, body)


def _google_model(dialect: str, model: str) -> str:
    """The path of a model. Vertex's has project and place by the SDK's variables; without a project it is express mode's."""
    if dialect == "gemini":
        return f"/v1beta/models/{model.removeprefix('models/')}"
    if model.startswith("projects/"):
        return f"/v1/{model}"
    publisher = model if model.startswith("publishers/") else f"publishers/google/models/{model}"
    project, place = os.environ.get("GOOGLE_CLOUD_PROJECT"), os.environ.get("GOOGLE_CLOUD_LOCATION", "us-central1")
    return f"/v1/projects/{project}/locations/{place}/{publisher}" if project else f"/v1/{publisher}"


def _interaction(question: Question) -> dict[str, Any]:
    bound = {"max_output_tokens": question.tokens}
    return {
        "model": question.model, "input": PROMPT, "generation_config": bound, "store": True, "stream": question.is_stream,
    }  # fmt: skip


INTERACTIONS: Final = Method("interactions.create", lambda _: "/v1beta/interactions", _interaction)


def _converse(question: Question) -> dict[str, Any]:
    contents = [{"role": "user", "content": [{"text": PROMPT}]}]
    return {"messages": contents, "inferenceConfig": {"maxTokens": question.tokens}}


CONVERSE: Final = Method(
    "Converse",
    lambda question: f"/model/{question.model}/{'converse-stream' if question.is_stream else 'converse'}",
    _converse,
)


def _ollama(question: Question) -> dict[str, Any]:
    bound = {"num_predict": question.tokens}
    return {"model": question.model, "messages": _messages(), "stream": question.is_stream, "options": bound}


OLLAMA: Final = Method("chat", lambda _: "/api/chat", _ollama)


def _cohere(question: Question) -> dict[str, Any]:
    return _claude(question)  # the same names, by accident


COHERE: Final = Method("chat", lambda _: "/v2/chat", _cohere)

OWN: Final[Mapping[str, tuple[Method, ...]]] = {
    "openai": (_chat("openai"), _responses("openai")),
    "azure": (_chat("azure"), _responses("azure")),
    "xai": (_chat("xai"), _responses("xai")),
    "gemini": (_generate_content("gemini"), INTERACTIONS),
    "vertex": (_generate_content("vertex"),),
    "anthropic": (CLAUDE,),
    "bedrock": (CONVERSE,),
    "ollama": (OLLAMA, _chat("ollama")),
    "cohere": (COHERE,),
    "vllm": (_chat("vllm"), CLAUDE),
    "sglang": (_chat("sglang"), CLAUDE),
    "llama_cpp": (_chat("llama_cpp"), CLAUDE),
    "replicate": (),
    "fal": (),
    "fal_queue": (),
    "runpod": (),
}
"""By dialect, its usual method first; all others speak OpenAI's chat. What runs predictions of models of one's own has no prompt
that all of them would answer at length."""


def methods_of(dialect: str) -> tuple[Method, ...]:
    """The methods that can be asked, the dialect's usual one first."""
    return OWN[dialect] if dialect in OWN else (_chat(dialect),)


def method_of(dialect: str, name: str | None) -> Method:
    """The method of this name, or the usual one.

    Raises:
        NoMethod: there is none.
    """
    known = methods_of(dialect)
    found = next((method for method in known if name is None or name.lower() in _spellings(method)), None)
    if found is not None:
        return found
    if not known:
        raise NoMethod(
            f"{dialect} runs models of one's own, which no prompt of ours would keep busy: it can't be probed"
        )
    raise NoMethod(f"no method {name} in {dialect}; there are: {', '.join(method.name for method in known)}")


def _spellings(method: Method) -> tuple[str, str]:
    """How a method may be typed."""
    name = method.name.lower()
    return name, name.removesuffix(".create")
