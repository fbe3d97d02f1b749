"""From a request and its script to a plan. Pure.

What the script leaves open is worked out: the prompt is counted, the length of the answer is drawn from the prompt's text (so
that the same question always gets the same answer), and the time follows from the pace in the settings.
"""

import hashlib
from collections.abc import Callable

import msgspec

from sidecar.simulator.catalog import Family, Model
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Price, Used
from sidecar.simulator.prompt import (
    CHARACTERS_PER_TOKEN,
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
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script, read_script
from sidecar.simulator.settings import Settings

TOKENS_OF_A_PICTURE = 1_290
"""What Google counts for one generated picture of up to 1024 x 1024."""
SHORTEST_ANSWER, ANSWER_SPREAD = 16, 240
"""An answer nobody has scripted has at least so many tokens, and fewer than the sum of both."""


class Asked(msgspec.Struct, frozen=True):
    """A request together with all that decides what becomes of it."""

    route: Route
    model: Model
    script: Script
    request: Request
    settings: Settings

    @property
    def is_held(self) -> bool:
        """The body can be parsed; otherwise it is judged by its length."""
        return self.request.held is not None

    @property
    def tokens_by_length(self) -> int:
        """Tokens of a body that was not held."""
        return self.request.length // CHARACTERS_PER_TOKEN

    def prompt_tokens(self, counted: int) -> int:
        """Tokens of the prompt: as scripted, else as counted."""
        script = self.script
        return script.prompt if script.prompt is not None else max(counted, script.cached + script.audio)

    def seconds(self, tokens: int = 0, images: int = 0) -> float:
        """Time of the work: as scripted, else by the pace."""
        if self.script.seconds is not None:
            return self.script.seconds
        settings = self.settings
        return self.script.think + tokens / settings.tokens_per_second + images * settings.seconds_per_image


def plan_call(route: Route, request: Request, settings: Settings) -> Plan:
    """The plan of a call; when it can't be served, the plan of declining it."""
    try:
        script = read_script(request.headers.get("x-simulator", ""), settings.script)
        if script.status is not None:
            return _declining(route, script, Declined(script.status, "The script of this call declines it."))
        model = _model_for(route, settings)
        return PLANNERS[route.method](Asked(route, model, script, request, settings))
    except Declined as declined:
        return _declining(route, Script(), declined)


def _declining(route: Route, script: Script, declined: Declined) -> Plan:
    model = Model(route.model, Family.CONTENT, Price())
    seconds = script.think if script.seconds is None else script.seconds
    return Plan(route=route, model=model, script=script, declined=declined, seconds=seconds)


def _model_for(route: Route, settings: Settings) -> Model:
    model = settings.catalog.get(route.model)
    if model is None or route.method not in model.methods:
        raise Declined(404, f"models/{route.model} is not found, or is not supported for {route.method}.")
    return model


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
        steps=1 if script.filtered else script.chunks,
        finish_reason=finish_reason,
    )


def _counted(asked: Asked, body: ContentBody) -> int:
    return sum(map(tokens_of, body.turns())) if asked.is_held else asked.tokens_by_length


def _answer_length(asked: Asked, body: ContentBody) -> tuple[int, str]:
    """Tokens of the answer and why it ends: as scripted, else drawn from the prompt and bounded by the request."""
    if asked.script.filtered:
        return 0, "STOP"
    if asked.script.output is not None:
        return asked.script.output, "STOP"
    text = text_of(body.turns()) or asked.request.sha256
    drawn = SHORTEST_ANSWER + int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % ANSWER_SPREAD
    bound = body.generation_config.max_output_tokens
    return (drawn, "STOP") if bound is None or drawn <= bound else (max(0, bound), "MAX_TOKENS")


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
