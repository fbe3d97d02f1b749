"""What an interaction or a decision reports as used (google-wire 2.2; python-genai 3.4.0, types of `interactions`).

Their `usage` names its counts otherwise than `usageMetadata` and means the same: the input includes what was cached and
excludes tool results, the output excludes thoughts, the total is the sum. The Gemini API writes snake_case and modalities in
lower case, Vertex's typed routes camelCase and upper case.
"""

from collections.abc import Callable
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, decoded, value_of
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.counts import Count, careful_count
from sidecar.providers.google_continuation import digest_in
from sidecar.providers.google_reported import TIER_HEADER, billed_searches, tier_of
from sidecar.providers.google_usage import ModalityCount, UsageMetadata, usage_of
from sidecar.providers.names import model_of, text_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged
from sidecar.providers.unary import UnaryReader


class ModalityTokens(Struct, gc=False):
    """Tokens of one modality."""

    modality: str = ""
    tokens: Count = 0


class ToolCount(Struct, gc=False):
    """How often a tool that bills apart was used: `google_search`, `google_maps`, `retrieval`."""

    type: str = ""
    count: Count = 0


class InteractionUsage(Struct, gc=False):
    """`usage`; an absent count is 0."""

    total_input_tokens: Count = 0
    total_cached_tokens: Count = 0
    total_output_tokens: Count = 0
    total_thought_tokens: Count = 0
    total_tool_use_tokens: Count = 0
    total_tokens: Count = 0
    input_tokens_by_modality: list[ModalityTokens] = []
    cached_tokens_by_modality: list[ModalityTokens] = []
    output_tokens_by_modality: list[ModalityTokens] = []
    grounding_tool_count: list[ToolCount] = []


class Sound(Struct, gc=False):
    """An `Interaction`, or the answer to a decision, as it usually is."""

    model: str | None = None
    usage: InteractionUsage | None = None
    service_tier: str | None = None
    camel_tier: str | None = msgspec.field(name="serviceTier", default=None)
    continuation_token: Raw = NULL
    camel_token: Raw = msgspec.field(name="continuationToken", default=NULL)


class Interaction(Struct, gc=False):
    """The same of which nothing is sure."""

    model: Raw = NULL
    status: Raw = NULL
    usage: Raw = NULL
    service_tier: Raw = NULL
    camel_tier: Raw = msgspec.field(name="serviceTier", default=NULL)
    continuation_token: Raw = NULL
    camel_token: Raw = msgspec.field(name="continuationToken", default=NULL)


SOUND = msgspec.json.Decoder(Sound)
INTERACTION = msgspec.json.Decoder(Interaction)
USAGE = msgspec.json.Decoder(InteractionUsage)
UNSET = InteractionUsage()


def interaction_in(document: bytes, header_tier: str = "") -> Reported | None:
    """The usage of an interaction; None when it reports none, as one in the background does until it has ended.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        sound = SOUND.decode(document)
    except UNREADABLE:
        sound = None
    if sound is None or sound.usage is None or sound.usage == UNSET:
        return unsure_in(document, header_tier)
    tier = sound.service_tier or sound.camel_tier or ""
    return with_continuation(
        reported_of(sound.usage, "", sound.model or "", tier, header_tier),
        digest_in(sound.continuation_token, sound.camel_token),
    )


def unsure_in(document: bytes, header_tier: str) -> Reported | None:
    """The same of one in which something is odd, or written in camelCase, or that has no usage."""
    unsure = decoded(INTERACTION, document)
    counted, doubt = usage_in(unsure.usage)
    return with_continuation(
        reported_of(counted, doubt, text_in(unsure.model), tier_in(unsure), header_tier),
        digest_in(unsure.continuation_token, unsure.camel_token),
    )


def reported_of(counted: InteractionUsage, doubt: str, model: str, tier: str, header_tier: str) -> Reported | None:
    """What was counted, in our classes; `doubt` says why not all of it could be read."""
    usage, contradiction = usage_of(metadata_of(counted))
    model = model_of(model)
    uncounted = ""
    if counted.grounding_tool_count:
        usage, uncounted = with_searches(usage, counted.grounding_tool_count, model)
    if usage == NOTHING:
        return None
    return judged(usage, model, tier_of(tier, header_tier), doubt or contradiction or uncounted)


def tier_in(interaction: Interaction) -> str:
    """The service tier that an interaction names."""
    return text_in(interaction.service_tier) or text_in(interaction.camel_tier)


def with_continuation(reported: Reported | None, digest: str) -> Reported | None:
    """The same, and by which token the rest may be asked for."""
    if reported is None or not digest:
        return reported
    return msgspec.structs.replace(reported, continuation=digest)


def text_in(raw: Raw) -> str:
    """A string, or nothing."""
    return "" if raw is NULL else text_of(value_of(raw))


def metadata_of(counted: InteractionUsage) -> UsageMetadata:
    """The same counts under the names of `usageMetadata`."""
    return UsageMetadata(
        counted.total_input_tokens,
        counted.total_cached_tokens,
        counted.total_output_tokens,
        counted.total_thought_tokens,
        counted.total_tool_use_tokens,
        counted.total_tokens,
        details_of(counted.input_tokens_by_modality),
        details_of(counted.cached_tokens_by_modality),
        details_of(counted.output_tokens_by_modality),
    )


def details_of(tokens: list[ModalityTokens]) -> list[ModalityCount]:
    """Modalities as `usageMetadata` writes them."""
    return [ModalityCount(one.modality.upper(), one.tokens) for one in tokens] if tokens else []


def with_searches(usage: Usage, tools: list[ToolCount], model: str) -> tuple[Usage, str]:
    """The usage with the searches that are billed, and a word when something else was used that bills apart."""
    searches = sum(tool.count for tool in tools if tool.type.lower() == "google_search")
    others = sum(tool.count for tool in tools) - searches
    doubt = "grounding_uncounted" if others else ""
    if not searches:
        return usage, doubt
    count, is_known = billed_searches(model, searches)
    return msgspec.structs.replace(usage, web_searches=count), doubt or ("" if is_known else "search_unit_unknown")


def open_interaction_document(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a whole interaction, or of a decision."""
    return UnaryReader(partial(interaction_in, header_tier=head.headers.get(TIER_HEADER, "")), head)


# === field by field ===


def usage_in(raw: Raw) -> tuple[InteractionUsage, str]:
    """`usage` as far as it can be read, and a word when something could not."""
    try:
        counted = USAGE.decode(raw)
    except UNREADABLE:
        return carefully(value_of(raw))
    return carefully(value_of(raw)) if counted == UNSET else (counted, "")


def carefully(fields: object) -> tuple[InteractionUsage, str]:
    """The same of one in which something is odd, or written in camelCase."""
    counted, is_sound = InteractionUsage(), True
    if not isinstance(fields, dict):
        return counted, ""
    for name in InteractionUsage.__struct_fields__:
        value = fields[name] if name in fields else fields.get(camel(name))
        read = READ.get(name, careful_count)
        found, is_as_expected = read(value)
        setattr(counted, name, found)
        is_sound = is_sound and is_as_expected
    return counted, "" if is_sound else MALFORMED


def camel(name: str) -> str:
    """`total_tokens` as `totalTokens`."""
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def careful_items(
    kind: Callable[[str, int], Struct], name: str, count: str, value: object
) -> tuple[list[Struct], bool]:
    """The items of a list that can be read."""
    if not isinstance(value, list):
        return [], value is None
    items, is_sound = [], True
    for item in value:
        fields = item if isinstance(item, dict) else {}
        number, is_count = careful_count(fields.get(count, "" if not fields else None))
        label = fields.get(name)
        items.append(kind(label if isinstance(label, str) else "", number))
        is_sound = is_sound and is_count and (label is None or isinstance(label, str))
    return items, is_sound


READ: dict[str, Callable[[object], tuple[object, bool]]] = {
    **dict.fromkeys(
        ("input_tokens_by_modality", "cached_tokens_by_modality", "output_tokens_by_modality"),
        partial(careful_items, ModalityTokens, "modality", "tokens"),
    ),
    "grounding_tool_count": partial(careful_items, ToolCount, "type", "count"),
}
