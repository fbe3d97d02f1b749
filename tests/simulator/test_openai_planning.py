"""From a request for embeddings or images to a plan."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.simulator.prices import Used
from tests.simulator.spoken import spoken

EMBED: dict[str, Any] = {"model": "text-embedding-3-small", "input": "twelve chars"}
PAINT: dict[str, Any] = {"model": "dall-e-3", "prompt": "a ship"}


@pytest.mark.parametrize(
    ("given", "pieces"),
    [("twelve chars", (3,)), (["twelve chars", "eight ch"], (3, 2)), ([1, 2, 3], (3,)), ([[1, 2], [3]], (2, 1))],
)
def test_what_is_embedded__in_every_form(given: Any, pieces: tuple[int, ...]):
    plan = spoken("/v1/embeddings", {**EMBED, "input": given}).plan
    assert (plan.pieces, plan.used) == (pieces, Used(prompt_tokens=sum(pieces)))


def test_dimensions__as_asked_for_or_the_models():
    assert spoken("/v1/embeddings", EMBED).plan.dimensions == 1536
    assert spoken("/v1/embeddings", {**EMBED, "dimensions": 8}).plan.dimensions == 8


@pytest.mark.parametrize("given", ["", []])
def test_nothing_to_embed__declined(given: Any):
    declined = spoken("/v1/embeddings", {**EMBED, "input": given}).plan.declined
    assert declined is not None
    assert declined.status == 400


@pytest.mark.parametrize(
    ("fields", "usd"),
    [
        ({}, "0.04"),
        ({"quality": "hd"}, "0.08"),
        ({"size": "1792x1024"}, "0.08"),
        ({"size": "1792x1024", "quality": "hd"}, "0.12"),
        ({"model": "dall-e-2", "size": "256x256", "n": 3}, "0.016"),
    ],
)
def test_images_by_the_piece__at_the_price_of_their_size_and_quality(fields: dict[str, Any], usd: str):
    plan = spoken("/v1/images/generations", {**PAINT, **fields}).plan
    assert (plan.used, plan.model.price.image) == (Used(images=fields.get("n", 1)), Decimal(usd))


@pytest.mark.parametrize(("quality", "tokens"), [("low", 272), ("auto", 1056), ("high", 4160)])
def test_images_by_the_token__by_their_quality(quality: str, tokens: int):
    plan = spoken("/v1/images/generations", {**PAINT, "model": "gpt-image-1.5", "quality": quality, "n": 2}).plan
    assert plan.used == Used(prompt_tokens=1, image_tokens=2 * tokens)
    assert (plan.steps, plan.seconds) == (2, 1.0)
