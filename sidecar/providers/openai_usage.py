"""`usage` of OpenAI's dialect as typed fields, and the disjoint classes of `Usage` that they make.

The same numbers have two sets of names (providers-wire 4): `prompt`/`completion` in chat, `input`/`output` elsewhere.
Cached, audio and image tokens are parts of the input; audio, image and predicted tokens are parts of the output. Reasoning is
part of the output too, except where the total says that it stands beside it (xAI). Where the numbers contradict one
another, the smaller reading is taken, and a word says which contradiction it was.
"""

from typing import TypeVar

from msgspec import Struct

from sidecar.metering.usage import Usage
from sidecar.providers.counts import Count, Parts, cut_down, minus, within
from sidecar.providers.figures import Figures


class CachedDetails(Struct, gc=False):
    """What the cached part of the input is made of; the realtime names are used elsewhere too."""

    text_tokens: Count = 0
    audio_tokens: Count = 0
    image_tokens: Count = 0


class WriteDetails(Struct, gc=False):
    """How long what was written to the cache is kept."""

    ttl_12h_tokens: Count = 0


class InputDetails(Struct, gc=False):
    """Parts of the input."""

    cached_tokens: Count = 0
    cache_write_tokens: Count = 0
    audio_tokens: Count = 0
    image_tokens: Count = 0
    cached_tokens_details: CachedDetails | None = None
    cache_write_tokens_details: WriteDetails | None = None


class OutputDetails(Struct, gc=False):
    """Parts of the output. Predicted tokens, accepted or not, are billed as any others, and so are not told apart."""

    reasoning_tokens: Count = 0
    audio_tokens: Count = 0
    image_tokens: Count = 0


class Numbers(Struct, gc=False):
    """`usage` by all the names it has; what is absent is 0. Audio endpoints write `token_details`, others `tokens_details`."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    total_tokens: Count = 0
    prompt_tokens_details: InputDetails | None = None
    input_tokens_details: InputDetails | None = None
    input_token_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    output_tokens_details: OutputDetails | None = None
    output_token_details: OutputDetails | None = None


NESTED: dict[str, type[Struct]] = {
    "prompt_tokens_details": InputDetails,
    "input_tokens_details": InputDetails,
    "input_token_details": InputDetails,
    "completion_tokens_details": OutputDetails,
    "output_tokens_details": OutputDetails,
    "output_token_details": OutputDetails,
    "cached_tokens_details": CachedDetails,
    "cache_write_tokens_details": WriteDetails,
}
ONLY_A_TOTAL = "only_a_total"
NO_INPUT, NO_OUTPUT, NO_CACHED = InputDetails(), OutputDetails(), CachedDetails()

Shape = TypeVar("Shape", bound=Struct)


def numbers_of(value: object, shape: type[Shape]) -> tuple[Shape, bool]:
    """The numbers in an object of which nothing is sure, and whether all of them were numbers."""
    figures, found, is_sound = Figures(value), shape(), True
    for name in shape.__struct_fields__:
        if name not in NESTED:
            setattr(found, name, figures.count(name))
        elif isinstance(value, dict) and (inside := value.get(name)) is not None:
            part, is_part_sound = numbers_of(inside, NESTED[name])
            setattr(found, name, part)
            is_sound = is_sound and is_part_sound
    return found, is_sound and figures.is_sound


def usage_of(numbers: Numbers) -> tuple[Usage, str]:
    """The disjoint classes, and the contradiction that was found among the numbers, if any."""
    given, made, total = numbers.prompt_tokens, numbers.completion_tokens, numbers.total_tokens
    doubt = ""
    if numbers.input_tokens or numbers.output_tokens:
        given, unsure = either(given, numbers.input_tokens)
        made, doubt = either(made, numbers.output_tokens)
        doubt = unsure or doubt
    if total and not (given or made):
        given, doubt = total, ONLY_A_TOTAL
    of_input = numbers.prompt_tokens_details or numbers.input_tokens_details or numbers.input_token_details or NO_INPUT
    of_output = (
        numbers.completion_tokens_details or numbers.output_tokens_details or numbers.output_token_details or NO_OUTPUT
    )
    cached, reasoning = of_input.cached_tokens, of_output.reasoning_tokens
    if cached > given:
        cached, doubt = given, doubt or "cached_over_input"
    if reasoning and total != given + made + reasoning:  # else it stands beside the output: xAI
        doubt = doubt or ("reasoning_over_output" if reasoning > made else "")
        reasoning = min(reasoning, made)
        made -= reasoning
    fresh = given - cached
    excess = given + made + reasoning - total
    if total and excess:
        doubt = doubt or ("parts_over_total" if excess > 0 else "total_over_parts")
        made, reasoning, fresh, cached = cut_down((made, reasoning, fresh, cached), excess)
    usage = Usage(fresh, cached, made, reasoning)
    if has_parts(of_input) or of_output.audio_tokens or of_output.image_tokens:
        return in_parts(usage, of_input, of_output, doubt)
    return usage, doubt


def has_parts(details: InputDetails) -> bool:
    """Whether some of the input may have a price of its own, or is said to be of a kind."""
    is_split = bool(details.cached_tokens and details.cached_tokens_details)
    return bool(details.cache_write_tokens or details.audio_tokens or details.image_tokens) or is_split


def either(one: int, other: int) -> tuple[int, str]:
    """A number that has two names: some servers write both."""
    if one and other and one != other:
        return min(one, other), "names_disagree"
    return one or other, ""


def in_parts(usage: Usage, of_input: InputDetails, of_output: OutputDetails, doubt: str) -> tuple[Usage, str]:
    """The usage with its parts."""
    parts, cached, unsure = input_parts(of_input, usage)
    made, is_over = within(Parts(of_output.audio_tokens, of_output.image_tokens), usage.output)
    written = min(of_input.cache_write_tokens, usage.input)
    kept_long = of_input.cache_write_tokens_details.ttl_12h_tokens if of_input.cache_write_tokens_details else 0
    kept_long = min(kept_long, written)
    is_over = is_over or written < of_input.cache_write_tokens
    return Usage(
        input=usage.input,
        cached_input=usage.cached_input,
        output=usage.output,
        reasoning=usage.reasoning,
        cache_write_input=written - kept_long,
        cache_write_hour_input=kept_long,
        audio_input=parts.audio,
        cached_text_input=cached.text_tokens,
        cached_audio_input=cached.audio_tokens,
        cached_image_input=cached.image_tokens,
        image_input=parts.image,
        audio_output=made.audio,
        image_output=made.image,
    ), doubt or unsure or ("details_over_total" if is_over else "")


def input_parts(details: InputDetails, usage: Usage) -> tuple[Parts, CachedDetails, str]:
    """The parts of the fresh input, those of the cached one, and a contradiction if there is one.

    Where nobody says what was cached, as much of each part as fits is taken to be, and shown as plain cached tokens.
    """
    given = Parts(details.audio_tokens, details.image_tokens)
    if (given.audio or given.image) and usage.cached_input and details.cached_tokens_details is None:
        cached = usage.cached_input
        return within(minus(given, Parts(cached, cached)), usage.input)[0], NO_CACHED, "cache_modality_unknown"
    of_cache, is_contradicted = cached_parts(details.cached_tokens_details or NO_CACHED, given, usage.cached_input)
    fresh = minus(given, Parts(of_cache.audio_tokens, of_cache.image_tokens))
    parts, is_over = within(fresh, usage.input)
    return parts, of_cache, "details_over_total" if is_over or is_contradicted else ""


def cached_parts(told: CachedDetails, given: Parts, cached: int) -> tuple[CachedDetails, bool]:
    """What `cached` tokens are made of, and whether more was told than was given or cached. What is left over is unknown."""
    parts = Parts(min(told.audio_tokens, given.audio), min(told.image_tokens, given.image))
    parts, _ = within(parts, cached)
    text = min(told.text_tokens, cached - parts.audio - parts.image)
    found = CachedDetails(text, parts.audio, parts.image)
    return found, found != told
