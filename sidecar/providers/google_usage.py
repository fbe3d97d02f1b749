"""What Google reports as used, and what we make of it.

`usageMetadata` as google-wire 2.1 has it (python-genai 3.4.0 types and the discovery documents of aiplatform revision
20261106 and generativelanguage): `promptTokenCount` includes the cached tokens and excludes those of tool results;
`candidatesTokenCount` excludes thoughts; `totalTokenCount` is the sum of them all. Where the numbers contradict one
another, the smaller reading is taken, and a word says which contradiction it was.
"""

from msgspec import Struct

from sidecar.metering.usage import Usage
from sidecar.providers.counts import Count, Parts, cut_down, minus, within


class ModalityCount(Struct, rename="camel", gc=False):
    """Tokens of one modality: TEXT, IMAGE, VIDEO, AUDIO, DOCUMENT."""

    modality: str = ""
    token_count: Count = 0


Details = list[ModalityCount]


class UsageMetadata(Struct, rename="camel", gc=False):
    """`usageMetadata`; an absent count is 0."""

    prompt_token_count: Count = 0
    cached_content_token_count: Count = 0
    candidates_token_count: Count = 0
    thoughts_token_count: Count = 0
    tool_use_prompt_token_count: Count = 0
    total_token_count: Count = 0
    prompt_tokens_details: Details = []
    cache_tokens_details: Details = []
    candidates_tokens_details: Details = []
    traffic_type: str = ""
    """Vertex: how the call was served."""
    service_tier: str = ""
    """Gemini API: the tier that served, which may be lower than the one asked for."""


NONE = Parts()


def usage_of(meta: UsageMetadata) -> tuple[Usage, str]:
    """The disjoint classes, and the contradiction that was found among the numbers, if any."""
    prompt, cached, total = meta.prompt_token_count, meta.cached_content_token_count, meta.total_token_count
    output, reasoning, tool_use = (
        meta.candidates_token_count,
        meta.thoughts_token_count,
        meta.tool_use_prompt_token_count,
    )
    doubt = ""
    if cached > prompt:
        cached, doubt = prompt, "cached_over_prompt"
    fresh, excess = prompt - cached, prompt + output + reasoning + tool_use - total
    if total and excess:
        doubt = doubt or ("parts_over_total" if excess > 0 else "total_over_parts")
        output, reasoning, tool_use, fresh, cached = cut_down((output, reasoning, tool_use, fresh, cached), excess)
    if is_plain(meta.prompt_tokens_details) and is_plain(meta.candidates_tokens_details):
        return Usage(fresh, cached, output, reasoning, tool_use), doubt
    of_input, cached_audio, unsure = input_parts(meta, fresh, cached)
    of_output, is_over = within(tally(meta.candidates_tokens_details), output)
    usage = Usage(
        input=fresh,
        cached_input=cached,
        output=output,
        reasoning=reasoning,
        tool_use=tool_use,
        audio_input=of_input.audio,
        cached_audio_input=cached_audio,
        image_input=of_input.image,
        video_input=of_input.video,
        audio_output=of_output.audio,
        image_output=of_output.image,
        video_output=of_output.video,
    )
    return usage, doubt or unsure or ("details_over_total" if is_over else "")


def is_plain(details: Details) -> bool:
    """Whether there is nothing but text."""
    return not details or (len(details) == 1 and details[0].modality == "TEXT")


def input_parts(meta: UsageMetadata, fresh: int, cached: int) -> tuple[Parts, int, str]:
    """The parts of the fresh prompt tokens, the audio among the cached ones, and a contradiction if there is one.

    `promptTokensDetails` counts the whole prompt, `cacheTokensDetails` the cached part of it. Where the latter is missing,
    as much of each modality as fits is taken to be cached, and shown as plain tokens.
    """
    prompt, of_cache = tally(meta.prompt_tokens_details), tally(meta.cache_tokens_details)
    if cached and not meta.cache_tokens_details and prompt != NONE:
        parts, _ = within(minus(prompt, Parts(cached, cached, cached)), fresh)
        return parts, 0, "cache_modality_unknown"
    parts, is_over = within(minus(prompt, of_cache), fresh)
    cached_audio = min(of_cache.audio, prompt.audio, cached)
    is_over = is_over or cached_audio < of_cache.audio
    return parts, cached_audio, "details_over_total" if is_over else ""


def tally(details: Details) -> Parts:
    """The details summed up by modality; text is what is left."""
    counts = {"AUDIO": 0, "IMAGE": 0, "VIDEO": 0, "DOCUMENT": 0}
    for detail in details:
        if detail.modality in counts:
            counts[detail.modality] += detail.token_count
    return Parts(counts["AUDIO"], counts["IMAGE"] + counts["DOCUMENT"], counts["VIDEO"])
