"""What inference engines answer on paths of their own, told in OpenAI's words.

Each says the same few numbers under names of its own: a translation makes of a reply, or of an event, what OpenAI would have
written in `usage`. Sources: llama.cpp's server (`timings`, also in its replies to OpenAI's paths), TGI's router (`details`),
SGLang's `/generate` (`meta_info`), LM Studio's REST documentation (`stats`).
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from sidecar.bodies.lenient import UNREADABLE, Unreadable, decoded
from sidecar.metering.basis import Basis
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.names import model_of, text_of
from sidecar.providers.openai_chat import DONE
from sidecar.providers.openai_events import Kind, look_for
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import Look, PieceTally, stream_reader
from sidecar.providers.openai_usage import ONLY_A_TOTAL, Numbers, numbers_of, usage_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged
from sidecar.providers.unary import UnaryReader

Fields = Mapping[str, object]
Translation = Callable[[Fields], Fields]
"""Takes a document and gives what OpenAI would have written in `usage`; empty when the document says nothing. Never raises."""

ANY = msgspec.json.Decoder()


def inside(fields: object, name: str) -> Fields:
    """An object within another, if both are there."""
    within = fields.get(name) if isinstance(fields, dict) else None
    return within if isinstance(within, dict) else {}


# === translations ===


def of_timings(timings: object) -> Fields:
    """llama.cpp counts apart what it read of a prompt and what it still had of it from before."""
    if not isinstance(timings, dict) or "predicted_n" not in timings:
        return {}
    read, kept = timings.get("prompt_n"), timings.get("cache_n")
    usage = {"completion_tokens": timings.get("predicted_n"), "prompt_tokens": read}
    if isinstance(read, int) and isinstance(kept, int) and kept > 0:
        usage |= {"prompt_tokens": read + kept, "prompt_tokens_details": {"cached_tokens": kept}}
    return usage


def of_completion(document: Fields) -> Fields:
    """llama.cpp's `/completion`; without timings, a prompt's length that includes what was cached."""
    usage = of_timings(document.get("timings"))
    if usage or "tokens_predicted" not in document:
        return usage
    return {"prompt_tokens": document.get("tokens_evaluated"), "completion_tokens": document.get("tokens_predicted")}


def of_details(document: Fields) -> Fields:
    """TGI: `details`, which a unary request has to ask for, and the last event of a stream always has."""
    details = inside(document, "details")
    if not details:
        return {}
    prefill = details.get("prefill")
    given = details.get("input_length", len(prefill) if isinstance(prefill, list) else None)
    return {"prompt_tokens": given, "completion_tokens": details.get("generated_tokens")}


def of_meta_info(document: Fields) -> Fields:
    """SGLang: `meta_info`, in every event with running totals."""
    info = inside(document, "meta_info")
    if not info:
        return {}
    return {
        "prompt_tokens": info.get("prompt_tokens"),
        "completion_tokens": info.get("completion_tokens"),
        "prompt_tokens_details": {"cached_tokens": info.get("cached_tokens")},
    }


def of_stats(document: Fields) -> Fields:
    """LM Studio: `stats`, in a stream within the `result` of its last event."""
    stats = inside(inside(document, "result") or document, "stats")
    if not stats:
        return {}
    return {
        "input_tokens": stats.get("input_tokens"),
        "output_tokens": stats.get("total_output_tokens"),
        "output_tokens_details": {"reasoning_tokens": stats.get("reasoning_output_tokens")},
    }


# === readers ===


def native_in(document: bytes, translation: Translation) -> Reported | None:
    """What a reply or an event reports; of a list, as a request for several prompts has it, the sum.

    Raises:
        Unreadable: the document is no JSON, or not a whole one.
    """
    value = decoded(ANY, document)
    answers = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    total, doubt, model = NOTHING, "", ""
    for answer in answers:
        numbers, is_sound = numbers_of(translation(answer), Numbers)
        usage, contradiction = usage_of(numbers)
        doubt = doubt or contradiction or ("" if is_sound else MALFORMED)
        model = model or model_in(answer)
        total = msgspec.structs.replace(
            total,
            input=total.input + usage.input,
            cached_input=total.cached_input + usage.cached_input,
            output=total.output + usage.output,
            reasoning=total.reasoning + usage.reasoning,
        )
    return judged(total, model, "", doubt) if total != NOTHING else None


def model_in(answer: Fields) -> str:
    """The model that answered, by whichever name."""
    whole = inside(answer, "result") or answer
    return model_of(text_of(whole.get("model")) or text_of(whole.get("model_instance_id")))


def scores_in(document: bytes, extras: Extras = PLAIN) -> Reported | None:
    """What a reply reports that generates nothing, as those to `/rerank` and `/score`: a total is all input.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    reported = reported_in(document, extras)
    if reported is None or reported.reason != ONLY_A_TOTAL:
        return reported
    return msgspec.structs.replace(reported, basis=Basis.EXACT, reason="")


def open_scores(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
    """The reader of a reply that generates nothing."""
    return UnaryReader(partial(scores_in, extras=extras), head)


def look_at_native(event: bytes, tally: PieceTally, translation: Translation, piece: str, end: str) -> None:
    """Note what an event was. `piece` is the member with what was generated, `end` the one that is there, or true, at the end."""
    try:
        fields = ANY.decode(event)
    except UNREADABLE:
        fields = careful(event)
        if event.strip() == DONE:
            tally.end(is_whole=True)
    if not isinstance(fields, dict):
        return
    tally.output += 1 if fields.get(piece) else 0
    has_usage, has_ended = bool(translation(fields)), bool(fields.get(end))
    if has_usage:
        tally.note_usage(event)
    if has_ended or fields.get("error"):
        tally.end(is_whole=has_ended and has_usage)


def careful(event: bytes) -> object:
    """An event that msgspec refuses at first."""
    try:
        return decoded(ANY, event)
    except Unreadable:
        return None


LM_STUDIO_EVENTS = {
    "message.delta": Kind.OUTPUT,
    "reasoning.delta": Kind.REASONING,
    "chat.end": Kind.END,
}
"""lmstudio-ai/docs, `streaming-events.md`. An `error` there is followed by `chat.end`, so it ends nothing."""


def opening(translation: Translation, look: Look) -> Callable[[ReplyHead, RequestFacts, Extras], ReplyReader]:
    """Makes the reader of a reply in an engine's own shape."""
    extract = partial(native_in, translation=translation)

    def open_native(head: ReplyHead, facts: RequestFacts, extras: Extras = PLAIN) -> ReplyReader:
        return stream_reader(head, look, extract, extras) if head.is_event_stream else UnaryReader(extract, head)

    return open_native


open_completion = opening(
    of_completion, partial(look_at_native, translation=of_completion, piece="content", end="stop")
)
open_generated = opening(of_details, partial(look_at_native, translation=of_details, piece="token", end="details"))
open_sglang = opening(of_meta_info, partial(look_at_native, translation=of_meta_info, piece="", end=""))
open_lm_studio = opening(of_stats, look_for(LM_STUDIO_EVENTS))
