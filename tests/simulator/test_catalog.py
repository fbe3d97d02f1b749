"""Which models there are and what they can be asked."""

import pytest

from sidecar.simulator.catalog import CATALOG, Family, catalog_of, gemini_model, vertex_model
from sidecar.simulator.prices import PRICES, Price


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
