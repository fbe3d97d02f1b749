"""Images: by their tokens where the model reports them (gpt-image), else by the images that came (DALL-E, FLUX and others).

Never both, so that nothing is billed twice. What a price per image hangs on, size and quality, is what was asked for; where
the request leaves it to the model, what the reply says was made.
"""

from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, is_there
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.names import model_of, text_of
from sidecar.providers.openai_events import Kind, look_for
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_request import variant_of
from sidecar.providers.openai_stream import stream_reader
from sidecar.providers.openai_usage import Numbers, numbers_of, usage_of
from sidecar.providers.reported import judged
from sidecar.providers.unary import UnaryReader


class Image(Struct, gc=False):
    """One image, in the reply or in storage."""

    b64_json: Raw = NULL
    url: Raw = NULL


class Images(Struct, gc=False):
    """A reply. A stream's last event is one image by itself."""

    data: list[Image] | None = None
    b64_json: Raw = NULL
    size: str | None = None
    quality: str | None = None
    model: str | None = None
    svg_usage: Numbers | None = None
    """What another model used that drew in SVG."""


IMAGES = msgspec.json.Decoder(Images)
OBJECT = msgspec.json.Decoder(dict[str, object])

EVENTS = {
    "image_generation.completed": Kind.END,
    "image_edit.completed": Kind.END,
    "error": Kind.FAILURE,
}
look_at_images = look_for(EVENTS)


def open_images(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of a reply of `images/..`, whole or in events."""
    extract = partial(images_in, variant=facts.variant, extras=extras)
    if head.is_event_stream:
        return stream_reader(head, look_at_images, extract, extras)
    return UnaryReader(extract, head)


def images_in(document: bytes, variant: str = "", extras: Extras = PLAIN) -> Reported | None:
    """The tokens or the images of a reply; None when it has neither.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    reported = reported_in(document, extras)
    images = read(document)
    if reported is not None:
        return with_drawing(drawn(reported), images.svg_usage)
    one_by_one = images.data if images.data is not None else [Image(images.b64_json)]
    count = sum(is_there(image.b64_json) or is_there(image.url) for image in one_by_one)
    if not count:
        return None
    usage = Usage(images=count, variant=variant or variant_of(images.size, images.quality))
    return judged(usage, model_of(images.model), "", "")


def read(document: bytes) -> Images:
    """The images of a reply in which some value may be of another type.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        return decoded(IMAGES, document)
    except Unreadable:
        fields = decoded(OBJECT, document)
    data, drawing = fields.get("data"), fields.get("svg_usage")
    there = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    found = [Raw(b'"..."') if text_of(one.get("b64_json")) or text_of(one.get("url")) else NULL for one in there]
    return Images(
        data=[Image(one) for one in found],
        size=text_of(fields.get("size")),
        quality=text_of(fields.get("quality")),
        model=text_of(fields.get("model")),
        svg_usage=numbers_of(drawing, Numbers)[0] if isinstance(drawing, dict) else None,
    )


def drawn(reported: Reported) -> Reported:
    """What an image model puts out are images, unless its details say that some of it is text."""
    usage = reported.usage
    if usage.image_output or not usage.output:
        return reported
    return msgspec.structs.replace(reported, usage=msgspec.structs.replace(usage, image_output=usage.output))


def with_drawing(reported: Reported, numbers: Numbers | None) -> Reported:
    """The same with the tokens of the model that drew in SVG, which has prices of its own: a lower bound."""
    drawing, _ = usage_of(numbers) if numbers else (Usage(), "")
    if drawing == Usage():
        return reported
    usage = msgspec.structs.replace(
        reported.usage,
        input=reported.usage.input + drawing.input,
        output=reported.usage.output + drawing.output,
        reasoning=reported.usage.reasoning + drawing.reasoning,
    )
    return judged(usage, reported.model, reported.tier, reported.reason or "other_model_drew")
