"""Which models the simulated provider has, what each can be asked, and how models are listed."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from sidecar.simulator.price_list import (
    ANTHROPIC,
    BEDROCK,
    GOOGLE,
    OPENAI,
    PRICES,
    REPLICATE,
    RUNPOD,
    SELF_HOSTED,
    VIDEO,
)
from sidecar.simulator.prices import Price
from sidecar.simulator.routes import Dialect


class Family(StrEnum):
    """What a model makes."""

    CONTENT = "content"
    EMBEDDING = "embedding"
    IMAGE = "image"
    LIVE = "live"
    """Speech, in a socket."""
    VIDEO = "video"
    PREDICTION = "prediction"
    """Whatever a model of one's own makes on a machine that is charged by the time."""


METHODS = {
    Family.CONTENT: ("generateContent", "streamGenerateContent", "countTokens", "computeTokens"),
    Family.EMBEDDING: ("embedContent", "batchEmbedContents", "predict", "countTokens"),
    Family.LIVE: ("bidiGenerateContent", "countTokens"),
    Family.IMAGE: ("predict",),
    Family.VIDEO: ("predictLongRunning",),
}
"""Google's methods, as it lists them with a model."""
ELSEWHERE = {
    Family.CONTENT: frozenset(
        {
            *("chat.completions", "completions", "responses", "messages", "messages.count_tokens"),
            "interactions",
            *("rawPredict", "streamRawPredict", "converse", "converse-stream", "invoke", "invoke-with-response-stream"),
            *("chat", "generate"),
        }
    ),
    Family.EMBEDDING: frozenset({"embeddings"}),
    Family.IMAGE: frozenset({"images.generations"}),
}
"""Everybody else's."""
OPENED = {
    Family.CONTENT: frozenset(
        {
            *("batchGenerateContent", "batchPredictionJobs", "tuningJobs"),
            *("batches", "fine_tuning.jobs", "messages.batches"),
        }
    ),
    Family.VIDEO: frozenset({"predictLongRunning"}),
    Family.PREDICTION: frozenset({"predictions", "run"}),
}
"""What opens an operation and nothing else, in every dialect. An interaction or a response may do so too."""
CONVERSED = {Family.LIVE: frozenset({"bidiGenerateContent", "realtime", "live.sessions"})}
"""What goes on in a socket and nowhere else. A response may do so too."""
FREE_METHODS = frozenset({"countTokens", "computeTokens", "messages.count_tokens"})


class Model(msgspec.Struct, frozen=True):
    """One model on offer."""

    name: str
    family: Family
    price: Price

    @property
    def methods(self) -> tuple[str, ...]:
        """What Google says it can be asked."""
        return METHODS.get(self.family, ())

    @property
    def is_charged_by_character(self) -> bool:
        """The oldest embedding models are."""
        return self.price.character > 0

    def can(self, method: str) -> bool:
        """Whether it can be asked this, in whatever dialect."""
        return any(method in methods.get(self.family, ()) for methods in (METHODS, ELSEWHERE, OPENED, CONVERSED))

    def speaks(self, dialect: Dialect) -> bool:
        """Whether its house offers it in this dialect; a model of no known house is offered in all."""
        return dialect in HOUSES.get(self.name, Dialect)


OFFERED: tuple[tuple[Iterable[str], tuple[Dialect, ...]], ...] = (
    (GOOGLE, (Dialect.GEMINI, Dialect.VERTEX, Dialect.OPENAI)),
    (OPENAI, (Dialect.OPENAI,)),
    (ANTHROPIC, (Dialect.ANTHROPIC, Dialect.VERTEX)),
    (BEDROCK, (Dialect.BEDROCK,)),
    (SELF_HOSTED, (Dialect.OPENAI, Dialect.OLLAMA)),
    (VIDEO, (Dialect.GEMINI, Dialect.VERTEX)),
    (REPLICATE, (Dialect.REPLICATE,)),
    (RUNPOD, (Dialect.RUNPOD,)),
)
HOUSES = {name: dialects for names, dialects in OFFERED for name in names}


def family_of(name: str) -> Family:
    """What a model of this name makes, told from the name as its house gives them."""
    if "embedding" in name:
        return Family.EMBEDDING
    if name in REPLICATE or name in RUNPOD:
        return Family.PREDICTION
    if "-live-" in name or "-realtime" in name:
        return Family.LIVE
    if name.startswith("veo-"):
        return Family.VIDEO
    return Family.IMAGE if name.startswith(("imagen-", "dall-e-", "gpt-image-")) else Family.CONTENT


def catalog_of(prices: Mapping[str, Price]) -> dict[str, Model]:
    """The models of a price list, by name."""
    return {name: Model(name, family_of(name), price) for name, price in prices.items()}


CATALOG = catalog_of(PRICES)


def gemini_model(model: Model) -> dict[str, Any]:
    """A model as the Gemini API lists it."""
    return {
        "name": f"models/{model.name}",
        "version": "001",
        "displayName": model.name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": list(model.methods),
    }


def vertex_model(model: Model) -> dict[str, Any]:
    """A model as Vertex lists it."""
    return {"name": f"publishers/google/models/{model.name}", "versionId": "001", "launchStage": "GA"}


def openai_model(model: Model) -> dict[str, Any]:
    """A model as OpenAI lists it."""
    return {"id": model.name, "object": "model", "created": 1_700_000_000, "owned_by": "system"}


def anthropic_model(model: Model) -> dict[str, Any]:
    """A model as Anthropic lists it."""
    return {"type": "model", "id": model.name, "display_name": model.name, "created_at": "2026-01-01T00:00:00Z"}


def ollama_model(model: Model) -> dict[str, Any]:
    """A model as Ollama lists it."""
    return {"name": model.name, "model": model.name, "modified_at": "2026-01-01T00:00:00Z", "size": 1, "digest": "0"}


LISTED: Mapping[Dialect, tuple[str, Callable[[Model], dict[str, Any]]]] = {
    Dialect.GEMINI: ("models", gemini_model),
    Dialect.VERTEX: ("publisherModels", vertex_model),
    Dialect.OPENAI: ("data", openai_model),
    Dialect.ANTHROPIC: ("data", anthropic_model),
    Dialect.OLLAMA: ("models", ollama_model),
}
"""Dialect -> where the list stands in its reply, and what an entry looks like."""
ENVELOPES: Mapping[Dialect, dict[str, Any]] = {
    Dialect.OPENAI: {"object": "list"},
    Dialect.ANTHROPIC: {"has_more": False, "first_id": None, "last_id": None},
}
"""What else stands in the reply."""


def models_listed(dialect: Dialect, catalog: Mapping[str, Model]) -> dict[str, Any]:
    """All models that are offered in a dialect, as its house lists them."""
    name, describe = LISTED[dialect]
    house = Dialect.GEMINI if dialect is Dialect.VERTEX else dialect  # the list is that of one publisher
    offered = [describe(model) for model in catalog.values() if model.speaks(house)]
    return {**ENVELOPES.get(dialect, {}), name: offered}
