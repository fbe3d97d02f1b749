"""Finds in a message of Anthropic's, or in what its events report, what was used.

The usual message is decoded at once into typed fields. One in which something is a string, negative or of another shape is
read field by field; what can't be read counts as 0 and makes the rest a lower bound.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable, decoded, value_of
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers import estimate
from sidecar.providers.anthropic_usage import ReportedUsage, Text, tier_of, usage_of
from sidecar.providers.contract import Reported
from sidecar.providers.names import name_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged

Fields = TypeVar("Fields", bound=Struct)


class Message(Struct):
    """A message, as far as its bill is concerned."""

    usage: ReportedUsage | None = None
    model: Text = None
    stop_reason: Text = None


class UnsureMessage(Struct, gc=False):
    """The same, unread."""

    usage: Raw = NULL
    model: Raw = NULL
    stop_reason: Raw = NULL


class Completion(Struct, gc=False):
    """A reply of the legacy `/v1/complete`."""

    completion: Text = None
    model: Text = None


MESSAGE = msgspec.json.Decoder(Message)
UNSURE_MESSAGE = msgspec.json.Decoder(UnsureMessage)
USAGE = msgspec.json.Decoder(ReportedUsage)
COMPLETION = msgspec.json.Decoder(Completion)


def message_in(document: bytes) -> Reported | None:
    """The usage in a whole message; None when it reports none, as errors don't.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    message, doubt = read_message(document)
    if message.usage is None:
        return None
    return reported_of(message.usage, name_of(message.model), message.stop_reason, doubt)


def completion_in(document: bytes) -> Reported | None:
    """What a legacy completion wrote, counted; None when it is none.

    Raises:
        Unreadable: the document is no completion.
    """
    reply = decoded(COMPLETION, document)
    if reply.completion is None:
        return None
    output = estimate.tokens_of(len(reply.completion.encode()))
    return Reported(Usage(output=output), name_of(reply.model), basis=Basis.ESTIMATED, reason="counted_text")


def reported_of(report: ReportedUsage, model: str, stop_reason: Text, doubt: str) -> Reported | None:
    """A whole message's usage with its basis.

    A refusal before anything was written is not billed, say the release notes of 2026-06-02 as others quote them; whether its
    usage is then 0 nobody says, so what it reports is no more than an estimate.
    """
    usage, contradiction = usage_of(report)
    if usage == NOTHING:
        return None
    doubt, tier = doubt or contradiction, tier_of(report)
    if stop_reason == "refusal" and not report.output_tokens and tier is not None:
        return Reported(usage, model, tier, Basis.ESTIMATED, doubt or "refused")
    return judged(usage, model, tier, doubt)


# === field by field ===


def read_message(document: bytes | Raw) -> tuple[Message, str]:
    """A message, and a word when something in it could not be read.

    Raises:
        Unreadable: there is none.
    """
    try:
        return decoded(MESSAGE, bytes(document)), ""
    except Unreadable:
        unsure = decoded(UNSURE_MESSAGE, bytes(document))
    usage, doubt = read_usage(unsure.usage)
    model, stop_reason = value_of(unsure.model), value_of(unsure.stop_reason)
    text = (model if isinstance(model, str) else None), (stop_reason if isinstance(stop_reason, str) else None)
    return Message(usage, *text), doubt


def read_usage(raw: Raw) -> tuple[ReportedUsage | None, str]:
    """A usage, and a word when something in it could not be read; None when there is none."""
    return read(USAGE, raw)


def read(decoder: "msgspec.json.Decoder[Fields]", raw: Raw) -> tuple[Fields | None, str]:
    """The fields of an object, and a word when something in it could not be read; None when it is none."""
    if raw == NULL:
        return None, ""
    try:
        return decoder.decode(raw), ""
    except UNREADABLE:
        fields = value_of(raw)
    return careful(decoder.type, fields) if isinstance(fields, dict) else (None, "")


def careful(kind: type[Fields], fields: dict[str, object]) -> tuple[Fields, str]:
    """What of these fields can be read, and a word when something could not. Whole numbers may be strings or floats."""
    read: dict[str, object] = {}
    doubt = ""
    for field in msgspec.structs.fields(kind):
        if (value := fields.get(field.encode_name)) is None:
            continue
        try:
            read[field.name] = msgspec.convert(value, field.type, strict=False)
        except UNREADABLE:
            doubt = MALFORMED
    return kind(**read), doubt
