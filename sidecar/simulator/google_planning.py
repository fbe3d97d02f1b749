"""From a request of Google's dialects to a plan. Pure."""

from collections.abc import Callable

from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.catalog import Family
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan, Wishes
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import (
    BatchEmbedBody,
    ContentBody,
    EmbedBody,
    PredictBody,
    characters_of,
    read_body,
    text_of,
    tokens_of,
    tokens_of_text,
)

TOKENS_OF_A_PICTURE = 1_290
"""What Google counts for one generated picture of up to 1024 x 1024."""


def _content(asked: Asked) -> Plan:
    script, body = asked.script, read_body(asked.request.held, ContentBody)
    if asked.is_held and not body.contents:
        raise Declined(400, "* GenerateContentRequest.contents: contents is not specified")
    output, finish_reason = _answer_length(asked, body)
    pictures = 0 if script.filtered else (script.images or 0)
    used = Used(
        prompt_tokens=asked.prompt_tokens(_counted(asked, body)),
        cached_tokens=script.cached,
        audio_tokens=script.audio,
        tool_tokens=script.tool,
        output_tokens=output,
        thought_tokens=0 if script.filtered else script.thoughts,
        image_tokens=pictures * TOKENS_OF_A_PICTURE,
    )
    return Plan(
        route=asked.route,
        model=asked.model,
        script=script,
        used=used,
        seconds=asked.seconds(output + used.thought_tokens, pictures),
        steps=1 if script.filtered else script.chunks or STEPS,
        finish_reason=finish_reason,
        wishes=Wishes(as_events=asked.request.query.get("alt") == "sse"),
    )


def _counted(asked: Asked, body: ContentBody) -> int:
    return sum(map(tokens_of, body.turns())) if asked.is_held else asked.tokens_by_length


def _answer_length(asked: Asked, body: ContentBody) -> tuple[int, str]:
    """Tokens of the answer and why it ends."""
    if asked.script.filtered:
        return 0, "STOP"
    output, is_cut_short = asked.answer_tokens(text_of(body.turns()), body.generation_config.max_output_tokens)
    return output, "MAX_TOKENS" if is_cut_short else "STOP"


def _counting(asked: Asked) -> Plan:
    body = read_body(asked.request.held, ContentBody)
    used = Used(prompt_tokens=asked.prompt_tokens(_counted(asked, body)))
    return Plan(route=asked.route, model=asked.model, script=asked.script, used=used, seconds=asked.seconds())


def _embed_one(asked: Asked) -> Plan:
    body = read_body(asked.request.held, EmbedBody)
    dimensions = body.output_dimensionality or body.embed_content_config.output_dimensionality
    return _embedding(asked, [text_of([body.content])], dimensions)


def _embed_batch(asked: Asked) -> Plan:
    entries = read_body(asked.request.held, BatchEmbedBody).requests
    dimensions = entries[0].output_dimensionality if entries else None
    return _embedding(asked, [text_of([entry.content]) for entry in entries], dimensions)


def _predict(asked: Asked) -> Plan:
    body = read_body(asked.request.held, PredictBody)
    if asked.model.family is Family.EMBEDDING:
        texts = [instance.content for instance in body.instances]
        return _embedding(asked, texts, body.parameters.output_dimensionality)
    script = asked.script
    images = script.images if script.images is not None else max(body.parameters.sample_count, script.filtered)
    return Plan(
        route=asked.route,
        model=asked.model,
        script=script,
        used=Used(images=images - script.filtered),
        seconds=asked.seconds(images=images),
        steps=max(1, images),
    )


def _embedding(asked: Asked, texts: list[str], dimensions: int | None) -> Plan:
    pieces = [tokens_of_text(text) for text in texts] if asked.is_held else [asked.tokens_by_length]
    if not pieces:
        raise Declined(400, "* there is nothing to embed")
    scripted = asked.script.prompt
    if asked.model.is_charged_by_character:
        counted = sum(map(characters_of, texts)) if asked.is_held else asked.request.length
        used = Used(characters=counted if scripted is None else scripted)
    else:
        pieces = pieces if scripted is None else _spread(scripted, len(pieces))
        used = Used(prompt_tokens=sum(pieces))
    return Plan(
        route=asked.route,
        model=asked.model,
        script=asked.script,
        used=used,
        seconds=asked.seconds(),
        pieces=tuple(pieces),
        dimensions=dimensions or (3072 if asked.model.name.startswith("gemini") else 768),
    )


def _spread(total: int, parts: int) -> list[int]:
    """A total in whole parts that differ by one at most."""
    share, rest = divmod(total, parts)
    return [share + (part < rest) for part in range(parts)]


PLANNERS: dict[str, Callable[[Asked], Plan]] = {
    "generateContent": _content,
    "streamGenerateContent": _content,
    "embedContent": _embed_one,
    "batchEmbedContents": _embed_batch,
    "predict": _predict,
    "countTokens": _counting,
    "computeTokens": _counting,
}
