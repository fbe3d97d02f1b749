"""From a chat in any dialect but Google's to a plan. Pure."""

from collections.abc import Callable

import msgspec

from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.chat_prompt import ChatBody
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan, Wishes
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import read_body
from sidecar.simulator.routes import Dialect
from sidecar.simulator.script import ReportsUsage


def _answering(asked: Asked) -> Plan:
    script, body = asked.script, _body_of(asked)
    output, is_cut_short = asked.answer_tokens(body.text, body.bound)
    used = Used(
        prompt_tokens=asked.prompt_tokens(body.tokens if asked.is_held else asked.tokens_by_length),
        cached_tokens=script.cached,
        audio_tokens=script.audio,
        cache_write_tokens=script.cache_write,
        cache_write_hour_tokens=script.cache_write_hour,
        output_tokens=output,
        thought_tokens=script.thoughts,
    )
    return Plan(
        route=asked.route,
        model=asked.model,
        script=script,
        used=used,
        seconds=asked.seconds(output + script.thoughts),
        steps=_steps(asked, output),
        finish_reason="MAX_TOKENS" if is_cut_short else "STOP",
        wishes=_wishes(asked, body),
    )


def _counting(asked: Asked) -> Plan:
    body = _body_of(asked)
    used = Used(prompt_tokens=asked.prompt_tokens(body.tokens if asked.is_held else asked.tokens_by_length))
    return Plan(route=asked.route, model=asked.model, script=asked.script, used=used, seconds=asked.seconds())


def _body_of(asked: Asked) -> ChatBody:
    body = read_body(asked.request.held, ChatBody)
    if asked.is_held and not body.turns:
        raise Declined(400, "messages: at least one message is required")
    return body


def _steps(asked: Asked, output: int) -> int:
    """As scripted; else a token at a time where OpenAI streams, which is how its chunks come."""
    if asked.script.chunks is not None:
        return asked.script.chunks
    return max(1, output) if asked.route.dialect is Dialect.OPENAI and asked.route.is_stream else STEPS


def _wishes(asked: Asked, body: ChatBody) -> Wishes:
    """What the request asks for, or what the script has the engine do unasked."""
    return msgspec.structs.replace(_usage_wished(asked, body), in_background=bool(body.background))


def _usage_wished(asked: Asked, body: ChatBody) -> Wishes:
    match asked.script.usage:
        case ReportsUsage.NONE:
            return Wishes()
        case ReportsUsage.EVERY:
            return Wishes(include_usage=True, usage_in_chunks=True)
        case ReportsUsage.LAST | ReportsUsage.LATE:
            return Wishes(include_usage=True)
    options = body.stream_options
    if options is None or not options.include_usage:
        return Wishes()
    return Wishes(include_usage=True, usage_in_chunks=options.continuous_usage_stats)


PLANNERS: dict[str, Callable[[Asked], Plan]] = {
    "chat.completions": _answering,
    "completions": _answering,
    "responses": _answering,
    "interactions": _answering,
    "messages": _answering,
    "rawPredict": _answering,
    "streamRawPredict": _answering,
    "converse": _answering,
    "converse-stream": _answering,
    "invoke": _answering,
    "invoke-with-response-stream": _answering,
    "chat": _answering,
    "generate": _answering,
    "messages.count_tokens": _counting,
}
