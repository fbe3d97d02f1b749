"""What a provider that speaks OpenAI's dialect says beyond OpenAI, as data for `openai.OpenAIDialect`."""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Struct

from sidecar.providers.contract import Reported
from sidecar.providers.figures import Figures

Amend = Callable[[Reported, Mapping[str, object]], Reported]
"""Takes what was read OpenAI's way and the whole `usage` object, in which nothing is sure to have any type; gives back what
this provider means by it. Called when usage is asked for, not for every event. Must not raise."""

TIERS = {
    "auto": "", "default": "", "standard": "", "on_demand": "", "flex": "flex", "priority": "priority", "fast": "priority",
    "scale": "scale", "batch": "batch",
}  # fmt: skip
"""`service_tier` of a reply to ours. What is not here makes a bill an estimate (`unknown_tier`)."""


def nested_usage(member: object) -> Mapping[str, object]:
    """The `usage` in another object."""
    used = member.get("usage") if isinstance(member, dict) else None
    return used if isinstance(used, dict) else {}


class Extras(Struct, frozen=True, kw_only=True):
    """Where a compatible provider says more than OpenAI, or says it elsewhere."""

    usage_in: str = ""
    """A member of replies and of stream events that tells what was used (`x_groq`), where `usage` itself is absent or null."""
    usage_of: Callable[[object], Mapping[str, object]] = nested_usage
    """What stands in that member, as OpenAI would have written it in `usage`. Must not raise."""
    amend: Amend | None = None
    """What else stands in `usage`: `cost_at`, `cached_at`, or a function of the provider's own; `in_turn` joins several."""
    tiers: Mapping[str, str] = msgspec.field(default_factory=lambda: TIERS)
    """By the lower-case `service_tier`."""
    reply_headers: tuple[str, ...] = ()
    """Lower-case names of headers of calls' replies that somebody wants to see (`Route.reply_headers`)."""
    asks_usage: bool = True
    """Streams of chat report usage only where the request asks for it (`Route.asks_usage`)."""
    asks_in_chunks: bool = False
    """They can report it in every chunk (`Route.asks_in_chunks`)."""


PLAIN = Extras()
"""OpenAI itself."""


def in_turn(*amends: Amend) -> Amend:
    """One after the other."""

    def amended(reported: Reported, usage: Mapping[str, object]) -> Reported:
        for amend in amends:
            reported = amend(reported, usage)
        return reported

    return amended


def cost_at(member: str, a_dollar: int = 1) -> Amend:
    """The provider says in `usage.<member>` what it asks for the call, in units of which `a_dollar` make a dollar."""

    def amended(reported: Reported, usage: Mapping[str, object]) -> Reported:
        return msgspec.structs.replace(reported, cost_usd=Figures(usage).usd(member, a_dollar))

    return amended


def cached_at(member: str) -> Amend:
    """The provider counts in `usage.<member>` the prompt tokens that a cache served, a part of `prompt_tokens`."""

    def amended(reported: Reported, usage: Mapping[str, object]) -> Reported:
        used = reported.usage
        cached = min(Figures(usage).count(member), used.input)
        if not cached or used.cached_input:
            return reported
        used = msgspec.structs.replace(used, input=used.input - cached, cached_input=cached)
        return msgspec.structs.replace(reported, usage=used)

    return amended
