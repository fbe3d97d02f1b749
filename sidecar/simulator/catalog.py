"""Which models the simulated provider has, what each can be asked, and how models are listed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from sidecar.simulator.prices import PRICES, Price


class Family(StrEnum):
    """What a model makes."""

    CONTENT = "content"
    EMBEDDING = "embedding"
    IMAGE = "image"


METHODS = {
    Family.CONTENT: ("generateContent", "streamGenerateContent", "countTokens", "computeTokens"),
    Family.EMBEDDING: ("embedContent", "batchEmbedContents", "predict", "countTokens"),
    Family.IMAGE: ("predict",),
}
FREE_METHODS = frozenset({"countTokens", "computeTokens"})


class Model(msgspec.Struct, frozen=True):
    """One model on offer."""

    name: str
    family: Family
    price: Price

    @property
    def methods(self) -> tuple[str, ...]:
        """What it can be asked."""
        return METHODS[self.family]

    @property
    def is_charged_by_character(self) -> bool:
        """The oldest embedding models are."""
        return self.price.character > 0


def family_of(name: str) -> Family:
    """What a model of this name makes, told from the name as Google gives them."""
    if "embedding" in name:
        return Family.EMBEDDING
    return Family.IMAGE if name.startswith("imagen-") else Family.CONTENT


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
