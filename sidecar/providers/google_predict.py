"""`predict` on Vertex and, for older clients, on the Gemini API: images and text embeddings.

Imagen reports no tokens: what is billed are the images delivered, in the size that the request asked for. A prediction
that was filtered out has neither bytes nor a place in storage, and is not billed (google-wire 2 and 7.3). Embedding models
count the tokens of each text. Other models answer in shapes of their own and report nothing.
"""

from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, is_there, value_of
from sidecar.metering.usage import Usage
from sidecar.providers.contract import (
    NO_FACTS,
    ReplyHead,
    ReplyReader,
    Reported,
    RequestFacts,
    RequestHead,
    RequestReader,
)
from sidecar.providers.counts import careful_count
from sidecar.providers.google_reported import TIER_HEADER, tier_of
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.reported import MALFORMED, judged
from sidecar.providers.unary import UnaryReader


class Statistics(Struct, gc=False):
    """Of one text that was embedded."""

    token_count: Raw = NULL


class Embeddings(Struct, gc=False):
    """The vector of one text."""

    statistics: Statistics | None = None


class Prediction(Struct, gc=False):
    """One element of `predictions`, in the shapes that we know."""

    bytes_base64: Raw = msgspec.field(name="bytesBase64Encoded", default=NULL)
    storage: Raw = msgspec.field(name="gcsUri", default=NULL)
    filtered: Raw = msgspec.field(name="raiFilteredReason", default=NULL)
    embeddings: Embeddings | None = None


class Predictions(Struct, gc=False):
    """The reply."""

    predictions: list[Prediction] | None = None


class Parameters(Struct, gc=False):
    """The part of an Imagen request that the price depends on."""

    size: str | None = msgspec.field(name="sampleImageSize", default=None)


class ImageRequest(Struct, gc=False):
    """An Imagen request."""

    parameters: Parameters | None = None


PREDICTIONS = msgspec.json.Decoder(Predictions)
IMAGE_REQUEST = msgspec.json.Decoder(ImageRequest)
SHAPELESS = msgspec.json.Decoder(dict[str, Raw])

SIZE_LENGTH = 16


def open_predict_request(head: RequestHead) -> RequestReader:
    """The reader of a request of `predict`."""
    return JsonRequest(size_in, head)


def size_in(document: bytes) -> RequestFacts:
    """`parameters.sampleImageSize` of a request, behind whatever images it carries.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    request = decoded(IMAGE_REQUEST, document)
    size = request.parameters.size if request.parameters else None
    return RequestFacts(variant=size) if size and len(size) <= SIZE_LENGTH and size.isalnum() else NO_FACTS


def open_predict(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply of `predict`."""
    return UnaryReader(partial(predicted, size=facts.variant, header_tier=head.headers.get(TIER_HEADER, "")), head)


def predicted(document: bytes, size: str, header_tier: str = "") -> Reported | None:
    """The images or tokens of a reply; None when it has neither and was not filtered.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        predictions = decoded(PREDICTIONS, document).predictions or []
    except Unreadable:
        decoded(SHAPELESS, document)  # raises when it is no JSON at all; else it's a shape of some other model
        return None
    texts = [prediction.embeddings.statistics for prediction in predictions if prediction.embeddings is not None]
    tier = tier_of(header_tier)
    if texts:
        tokens, doubt = tokens_of(texts)
        return judged(Usage(input=tokens), "", tier, doubt) if tokens else None
    images = sum(is_there(prediction.bytes_base64) or is_there(prediction.storage) for prediction in predictions)
    if images or any(is_there(prediction.filtered) for prediction in predictions):
        return judged(Usage(images=images, variant=size if images else ""), "", tier, "")
    return None


def tokens_of(texts: list[Statistics | None]) -> tuple[int, str]:
    """The tokens of all texts; a count that is missing makes the sum a lower bound."""
    total, is_sound = 0, True
    for statistics in texts:
        count, is_count = careful_count(value_of(statistics.token_count)) if statistics else (0, False)
        total += count
        is_sound = is_sound and is_count
    return total, "" if is_sound else MALFORMED
