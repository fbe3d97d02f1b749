"""Which models there are and what they can be asked."""

import pytest

from sidecar.simulator.catalog import CATALOG, Family, catalog_of, gemini_model, models_listed, vertex_model
from sidecar.simulator.price_list import PRICES
from sidecar.simulator.prices import Price
from sidecar.simulator.routes import Dialect


def test_every_priced_model__is_on_offer():
    assert set(CATALOG) == set(PRICES)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("gemini-2.5-pro", Family.CONTENT),
        ("gemini-2.5-flash-image", Family.CONTENT),
        ("gemini-embedding-001", Family.EMBEDDING),
        ("text-embedding-005", Family.EMBEDDING),
        ("imagen-4.0-generate-001", Family.IMAGE),
        ("gpt-image-1.5", Family.IMAGE),
        ("dall-e-3", Family.IMAGE),
        ("text-embedding-3-small", Family.EMBEDDING),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", Family.CONTENT),
    ],
)
def test_family__told_from_the_name(name: str, family: Family):
    assert CATALOG[name].family is family


def test_a_price_list_of_ones_own__a_catalog_of_ones_own():
    assert list(catalog_of({"house-model": Price()})) == ["house-model"]


def test_listing__in_both_manners():
    model = CATALOG["imagen-4.0-generate-001"]
    assert gemini_model(model)["supportedGenerationMethods"] == ["predict"]
    assert vertex_model(model)["name"] == "publishers/google/models/imagen-4.0-generate-001"


@pytest.mark.parametrize(
    ("dialect", "where", "some"),
    [
        (Dialect.GEMINI, "models", "models/gemini-2.5-flash"),
        (Dialect.OPENAI, "data", "gpt-4o-mini"),
        (Dialect.ANTHROPIC, "data", "claude-haiku-4-5"),
        (Dialect.OLLAMA, "models", "llama3.2"),
    ],
)
def test_a_house__lists_its_own_models(dialect: Dialect, where: str, some: str):
    names = [entry.get("id") or entry["name"] for entry in models_listed(dialect, CATALOG)[where]]
    assert some in names
    assert not any("anthropic." in name for name in names)
    assert ("gpt-4o-mini" in names) == (dialect is Dialect.OPENAI)


def test_a_model_of_no_known_house__is_offered_in_every_dialect():
    model = catalog_of({"house-model": Price()})["house-model"]
    assert all(map(model.speaks, Dialect))
