"""What requests of OpenAI's dialect say: which model, in one piece or as a stream, and what a price by the piece hangs on.

Those for text are read by typed fields. Those for images, sounds and videos are smaller, and come as JSON or as
`multipart/form-data`, in which every value is a string: their fields are read one by one.
"""

from collections.abc import Mapping
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.providers.contract import RequestFacts, RequestHead, RequestReader
from sidecar.providers.figures import Figures
from sidecar.providers.form_request import FormRequest
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of


class StreamOptions(Struct, gc=False):
    """`stream_options`."""

    include_usage: bool | None = None


class Call(Struct, gc=False):
    """A request for text."""

    model: str | None = None
    stream: bool | None = None
    background: bool | None = None
    stream_options: StreamOptions | None = None


class Fields(Struct, gc=False):
    """All that requests may say, unread."""

    model: Raw = NULL
    stream: Raw = NULL
    background: Raw = NULL
    stream_format: Raw = NULL
    stream_options: Raw = NULL
    n: Raw = NULL
    size: Raw = NULL
    quality: Raw = NULL
    seconds: Raw = NULL


class Spoken(Struct, gc=False):
    """The part of a request for speech that is spoken."""

    input: str | None = None


CALL = msgspec.json.Decoder(Call)
FIELDS = msgspec.json.Decoder(Fields)
SPOKEN = msgspec.json.Decoder(Spoken)

FLAGS = {True: True, False: False, "true": True, "false": False, "True": True, "False": False, "1": True, "0": False}
"""What stands for yes and no, in JSON and in forms."""
ORDINARY = frozenset({"", "auto", "standard"})
"""Sizes and qualities that leave the choice to the model, or name what it does anyway."""
LONGEST_CHOICE = 24
MOST_SECONDS = 24 * 60 * 60
MOST_IMAGES = 10_000


def call_in(document: bytes) -> RequestFacts:
    """What a request for text says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        call = decoded(CALL, document)
    except Unreadable:
        return media_in(document)
    asks_usage = call.stream_options is not None and bool(call.stream_options.include_usage)
    return RequestFacts(
        model=name_of(call.model), is_stream=call.stream, is_background=bool(call.background), asks_usage=asks_usage
    )


def media_in(document: bytes) -> RequestFacts:
    """What a request says of which nothing is sure.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    fields = decoded(FIELDS, document)
    return facts_of({name: value_of(getattr(fields, name)) for name in Fields.__struct_fields__})


def spoken_in(document: bytes) -> RequestFacts:
    """What a request for speech says: how much is to be spoken, too.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    facts = media_in(document)
    try:
        spoken = decoded(SPOKEN, document).input or ""
    except Unreadable:
        return facts
    return msgspec.structs.replace(facts, characters=len(spoken))


def facts_of(fields: Mapping[str, object]) -> RequestFacts:
    """What the fields of a request or of a form say."""
    figures, options = Figures(fields), fields.get("stream_options")
    stream = flag_of(fields.get("stream"))
    return RequestFacts(
        model=figures.name("model"),
        is_stream=True if fields.get("stream_format") == "sse" else stream,
        is_background=bool(flag_of(fields.get("background"))),
        variant=variant_of(fields.get("size"), fields.get("quality")),
        pieces=bounded(figures.count("n"), MOST_IMAGES),
        seconds=bounded(figures.count("seconds"), MOST_SECONDS),
        asks_usage=isinstance(options, dict) and options.get("include_usage") is True,
    )


def flag_of(value: object) -> bool | None:
    """Yes or no; None when it is neither."""
    return FLAGS.get(value) if isinstance(value, bool | str) else None


def bounded(count: int, most: int) -> int:
    """The count, or 0 when nobody can have meant it."""
    return count if count <= most else 0


def variant_of(size: object, quality: object) -> str:
    """Size and quality in one (`1024x1024 high`), without what is ordinary."""
    return " ".join(choice for choice in (choice_of(size), choice_of(quality)) if choice not in ORDINARY)


def choice_of(value: object) -> str:
    """A short word out of a list of such, or nothing."""
    is_word = isinstance(value, str) and len(value) <= LONGEST_CHOICE and value.isascii() and value.isalnum()
    return value if is_word and isinstance(value, str) else ""


open_call = partial(JsonRequest, call_in)
open_spoken = partial(JsonRequest, spoken_in)


def open_media(head: RequestHead) -> RequestReader:
    """The reader of a request that may be a form."""
    if head.content_type.lower().startswith("multipart/form-data"):
        return FormRequest(facts_of, head)
    return JsonRequest(media_in, head)
