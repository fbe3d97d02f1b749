"""Finds in a reply of Google's, or in one event of a stream, what it reports as used.

The usual reply is decoded at once into typed fields. One in which something is null, a string, negative or of another shape is
read field by field; what can't be read counts as 0 and makes the rest a lower bound.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.providers.contract import Reported
from sidecar.providers.counts import careful_count
from sidecar.providers.google_continuation import digest_in
from sidecar.providers.google_usage import ModalityCount, UsageMetadata, usage_of
from sidecar.providers.names import model_of, text_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged

MOST_SEARCHES = 1000


class Candidate(Struct, rename="camel", gc=False):
    """An answer: what it was grounded on, and whether it goes on elsewhere."""

    grounding_metadata: Raw = NULL
    continuation_token: Raw = NULL


class Metered(Struct, rename="camel", gc=False):
    """What says what was used."""

    usage_metadata: UsageMetadata | None = None
    model_version: str = ""
    candidates: list[Candidate] | None = None


class Unsure(Struct, rename="camel", gc=False):
    """The same, unread."""

    usage_metadata: Raw = NULL
    model_version: Raw = NULL


Shape = TypeVar("Shape", bound=UsageMetadata)

NONE = (Candidate(),)
METERED = msgspec.json.Decoder(Metered)
UNSURE = msgspec.json.Decoder(Unsure)


def reported_in(document: bytes, header_tier: str = "", searches: Iterable[int] = ()) -> Reported | None:
    """The usage in a reply or in one event of a stream; None when it reports none.

    `header_tier` is the tier that the reply's head names, `searches` are those seen in earlier events (`searches_in`).

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    doubt = ""
    try:
        metered = decoded(METERED, document)
    except Unreadable:
        metered, doubt = carefully(decoded(UNSURE, document))
    meta = metered.usage_metadata
    if meta is None:
        return None
    usage, contradiction = usage_of(meta)
    if usage == NOTHING:
        return None
    doubt, model, candidates = doubt or contradiction, model_of(metered.model_version), metered.candidates or NONE
    if searched := searches_of(candidates, searches):
        count, is_known = billed_searches(model, len(searched))
        usage = msgspec.structs.replace(usage, web_searches=count)
        doubt = doubt or ("" if is_known else "search_unit_unknown")
    continuation = digest_in(candidates[0].continuation_token)  # SDKs go on with the first only
    return judged(usage, model, tier_of(meta.traffic_type, meta.service_tier, header_tier), doubt, continuation)


# === searches ===


def searches_of(candidates: Iterable[Candidate], earlier: Iterable[int]) -> set[int]:
    """The searches that all candidates were grounded on, and those that came before."""
    found = set(earlier)
    for candidate in candidates:
        if candidate.grounding_metadata is not NULL:
            found |= searches_in(candidate.grounding_metadata)
    return found


def searches_in(grounding: Raw) -> set[int]:
    """The searches that `groundingMetadata` names, by their hashes: what was searched for is not ours to keep.

    Each counts once, and empty ones don't: "For billing purposes, we ignore the empty web search queries when counting
    unique queries", Google's documentation as quoted in discuss.ai.google.dev/t/168136; we have not read the page itself.
    """
    fields = value_of(grounding)
    queries = fields.get("webSearchQueries") if isinstance(fields, dict) else None
    if not isinstance(queries, list):
        return set()
    return {hash(query) for query in queries[:MOST_SEARCHES] if isinstance(query, str) and query}


BY_PROMPT = re.compile(r"gemini-[12]\b")
BY_SEARCH = re.compile(r"gemini-(?:[3-9]|\d\d)")


def billed_searches(model: str, searches: int) -> tuple[int, bool]:
    """How many are billed, and whether we know: Gemini 3 by the search, 2.5 and older by the prompt that searched at all.

    Second-hand: you.com/resources/gemini-web-search-api (2026-09-17, citing Google's documentation) and the release notes of
    TokenMeter 0.13.0 say the same. Free daily searches are not known here, so their price is an upper bound.
    """
    if BY_SEARCH.match(model):
        return searches, True
    return 1, searches == 1 or BY_PROMPT.match(model) is not None


# === tiers ===

TIER_HEADER = "x-gemini-service-tier"
"""Header of a reply that names the tier that served (google-wire 2.1)."""

TIERS = {
    "": "", "UNSPECIFIED": "", "TRAFFIC_TYPE_UNSPECIFIED": "", "ON_DEMAND": "", "STANDARD": "", "FLEX": "flex",
    "PRIORITY": "priority", "OFFPEAK": "offpeak", "BATCH": "batch", "PROVISIONED_THROUGHPUT": "provisioned",
}  # fmt: skip
"""`trafficType` without `ON_DEMAND_`, `serviceTier` without `SERVICE_TIER_`, and our names for them."""


def tier_of(*names: str) -> str | None:
    """Our name of the first tier that is not the standard one; None when one of them is unknown to us."""
    found = ""
    for name in names:
        if name:
            tier = TIERS.get(name.upper().removeprefix("SERVICE_TIER_").removeprefix("ON_DEMAND_"))
            if tier is None:
                return None
            found = found or tier
    return found


# === field by field ===


def carefully(unsure: Unsure) -> tuple[Metered, str]:
    """What can be read, and a word when something could not."""
    model, fields = text_of(value_of(unsure.model_version)), value_of(unsure.usage_metadata)
    if not isinstance(fields, dict):
        return Metered(None, model), ""
    meta, is_sound = careful_metadata(fields, UsageMetadata)
    return Metered(meta, model), "" if is_sound else MALFORMED


def careful_metadata(fields: Mapping[str, object], shape: type[Shape]) -> tuple[Shape, bool]:
    """The numbers that can be read, and whether all could."""
    meta, is_sound = shape(), True
    for name, key in zip(shape.__struct_fields__, shape.__struct_encode_fields__, strict=True):
        value, is_as_expected = READ[type(getattr(meta, name))](fields.get(key))
        setattr(meta, name, value)
        is_sound = is_sound and is_as_expected
    return meta, is_sound


def careful_text(value: object) -> tuple[str, bool]:
    """A string, or nothing."""
    return (value, True) if isinstance(value, str) else ("", value is None)


def careful_details(value: object) -> tuple[list[ModalityCount], bool]:
    """The items that can be read."""
    if not isinstance(value, list):
        return [], value is None
    details, is_sound = [], True
    for item in value:
        count, is_count = careful_count(item.get("tokenCount") if isinstance(item, dict) else "")
        modality, is_text = careful_text(item.get("modality") if isinstance(item, dict) else "")
        details.append(ModalityCount(modality, count))
        is_sound = is_sound and is_count and is_text
    return details, is_sound


READ: dict[type, Callable[[object], tuple[object, bool]]] = {
    int: careful_count,
    str: careful_text,
    list: careful_details,
}
