"""From a request for embeddings or images, in OpenAI's dialect, to a plan. Pure."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.chat_prompt import tokens_in
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan, Wishes
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import read_body, tokens_of_text

DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
TOKENS_OF_AN_IMAGE = {"low": 272, "medium": 1_056, "high": 4_160}
"""What OpenAI counts for one image of 1024 x 1024, by quality:
https://platform.openai.com/docs/guides/image-generation#cost-and-latency"""
STANDARD_SIZE = "1024x1024"


class EmbeddingBody(msgspec.Struct, frozen=True):
    """Body of `/embeddings`."""

    input: str | list[Any] = []
    encoding_format: str = "float"
    dimensions: int | None = None


class ImageBody(msgspec.Struct, frozen=True):
    """Body of `/images/generations`."""

    prompt: str = ""
    n: Annotated[int, msgspec.Meta(ge=1, le=10)] | None = None
    size: str = STANDARD_SIZE
    quality: str = "auto"


def _embedding(asked: Asked) -> Plan:
    body = read_body(asked.request.held, EmbeddingBody)
    texts = body.input if isinstance(body.input, list) and not _are_tokens(body.input) else [body.input]
    pieces = tuple(tokens_in(text) for text in texts)
    if not sum(pieces):
        raise Declined(400, "'input' is a required property")
    return Plan(
        route=asked.route,
        model=asked.model,
        script=asked.script,
        used=Used(prompt_tokens=asked.prompt_tokens(sum(pieces))),
        seconds=asked.seconds(),
        pieces=pieces,
        dimensions=body.dimensions or DIMENSIONS.get(asked.model.name, 768),
        wishes=Wishes(as_base64=body.encoding_format == "base64"),
    )


def _are_tokens(values: list[Any]) -> bool:
    return bool(values) and all(isinstance(value, int) for value in values)


def _images(asked: Asked) -> Plan:
    body, script = read_body(asked.request.held, ImageBody), asked.script
    images = script.images if script.images is not None else body.n or 1
    plan = Plan(
        route=asked.route,
        model=asked.model,
        script=script,
        seconds=asked.seconds(images=images),
        steps=max(1, images),
        wishes=Wishes(variant=_variant(body)),
    )
    if asked.model.price.image:
        model = msgspec.structs.replace(asked.model, price=asked.model.price.variant(plan.wishes.variant))
        return msgspec.structs.replace(plan, model=model, used=Used(images=images))
    tokens = TOKENS_OF_AN_IMAGE.get(body.quality, TOKENS_OF_AN_IMAGE["medium"])
    prompt = asked.prompt_tokens(tokens_of_text(body.prompt))
    return msgspec.structs.replace(plan, used=Used(prompt_tokens=prompt, image_tokens=images * tokens))


def _variant(body: ImageBody) -> str:
    return f"{body.size} hd" if body.quality == "hd" else body.size


PLANNERS: dict[str, Callable[[Asked], Plan]] = {"embeddings": _embedding, "images.generations": _images}
