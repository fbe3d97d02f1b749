"""Finds in a reply of OpenAI's dialect, or in one event of a stream, what it reports as used.

The usual document is decoded at once into typed fields. One in which something is null, a string, negative or of another
shape is read field by field; what can't be read counts as 0 and makes the rest a lower bound.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.counts import Count
from sidecar.providers.names import model_of, text_of
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_usage import Numbers, numbers_of, usage_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged


class WebSearch(Struct, gc=False):
    """`tool_usage.web_search`: the searches that are billed (openai-python 3.52, `ToolUsage`)."""

    num_requests: Count = 0


class ToolUsage(Struct, gc=False):
    """What hosted tools used, beside `usage`."""

    image_gen: Numbers | None = None
    web_search: WebSearch | None = None


class Inner(Struct, gc=False):
    """A document that reports, without what may enclose it."""

    model: str | None = ""
    service_tier: str | None = None
    usage: Numbers | None = None
    tool_usage: ToolUsage | None = None


class Document(Inner, gc=False):
    """A whole reply, or an event: those of `responses` hold theirs in `response`."""

    response: Inner | None = None


DOCUMENT = msgspec.json.Decoder(Document)
FIELDS = msgspec.json.Decoder(dict[str, Raw])


def reported_in(document: bytes, extras: Extras = PLAIN) -> Reported | None:
    """The usage in a reply or in one event of a stream; None when it reports none.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    doubt = ""
    try:
        found = decoded(DOCUMENT, document)
        inner = found.response or found
    except Unreadable:
        inner, doubt = carefully(document)
    fields: Mapping[str, object] | None = None
    if inner.usage is None and extras.usage_in:
        fields = extras.usage_of(value_of(decoded(FIELDS, document).get(extras.usage_in, NULL)))
        inner.usage, is_sound = numbers_of(fields, Numbers)
        doubt = doubt or ("" if is_sound else MALFORMED)
    reported = reported_of(inner, extras.tiers, doubt)
    if reported is None or extras.amend is None:
        return reported
    return extras.amend(reported, fields if fields is not None else usage_fields(document))


def reported_of(inner: Inner, tiers: Mapping[str, str], doubt: str = "") -> Reported | None:
    """What typed fields report; None when there is nothing in them."""
    if inner.usage is None:
        return None
    usage, contradiction = usage_of(inner.usage)
    doubt = doubt or contradiction
    if inner.tool_usage is not None:
        usage, doubt = with_tools(usage, inner.tool_usage, doubt)
    if usage == NOTHING:
        return None
    return judged(usage, model_of(inner.model), tier_of(inner.service_tier, tiers), doubt)


def tier_of(name: str | None, tiers: Mapping[str, str]) -> str | None:
    """Our name of a service tier; None when we don't know it."""
    return tiers.get(name.lower()) if name else ""


def with_tools(usage: Usage, tools: ToolUsage, doubt: str) -> tuple[Usage, str]:
    """The usage with that of hosted tools.

    Images are made by a model of their own, whose price we are not told: its tokens are counted with the others and the
    bill, at the prices of a model that costs less, is a lower bound.
    """
    searches = tools.web_search.num_requests if tools.web_search else 0
    images, unsure = usage_of(tools.image_gen) if tools.image_gen else (NOTHING, "")
    if not (searches or images != NOTHING):
        return usage, doubt
    drawn = images.image_output or images.output
    usage = msgspec.structs.replace(
        usage,
        web_searches=searches,
        input=usage.input + images.input,
        cached_input=usage.cached_input + images.cached_input,
        output=usage.output + images.output + images.reasoning,
        image_input=usage.image_input + images.image_input,
        image_output=usage.image_output + drawn,
    )
    return usage, doubt or unsure or ("other_model_drew" if images != NOTHING else "")


# === field by field ===


def carefully(document: bytes) -> tuple[Inner, str]:
    """What can be read, and a word when something could not.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    fields = inner_fields(document)
    inner = Inner(text_of(fields.get("model")), text_of(fields.get("service_tier")))
    is_sound = True
    if isinstance(used := fields.get("usage"), dict):
        inner.usage, is_sound = numbers_of(used, Numbers)
    if isinstance(tools := fields.get("tool_usage"), dict):
        inner.tool_usage, is_tool_sound = careful_tools(tools)
        is_sound = is_sound and is_tool_sound
    return inner, "" if is_sound else MALFORMED


def careful_tools(tools: Mapping[str, object]) -> tuple[ToolUsage, bool]:
    """The same of `tool_usage`."""
    drawn, searched = tools.get("image_gen"), tools.get("web_search")
    images, is_sound = numbers_of(drawn, Numbers) if isinstance(drawn, dict) else (None, drawn is None)
    search, is_search = numbers_of(searched, WebSearch) if isinstance(searched, dict) else (None, searched is None)
    return ToolUsage(images, search), is_sound and is_search


def inner_fields(document: bytes) -> Mapping[str, object]:
    """Those values of the document that reports, by name, that we ask for.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    raws = decoded(FIELDS, document)
    nested = value_of(raws["response"]) if "response" in raws else None
    if isinstance(nested, dict):
        return nested
    return {name: value_of(raws[name]) for name in Inner.__struct_fields__ if name in raws}


def usage_fields(document: bytes) -> Mapping[str, object]:
    """`usage` with all its members, known to us or not."""
    used = inner_fields(document).get("usage")
    return used if isinstance(used, dict) else {}


def named_in(document: bytes, extras: Extras = PLAIN) -> Reported:
    """Model and tier alone, of an event that reports no usage."""
    try:
        inner, _ = carefully(document)
    except Unreadable:
        return Reported(Usage(), basis=Basis.ESTIMATED)
    tier = tier_of(inner.service_tier, extras.tiers) or ""
    return Reported(Usage(), model_of(inner.model), tier, Basis.ESTIMATED)
