"""What Anthropic reports as used, and what we make of it.

`usage` as anthropic-python 2.12 types it (providers-wire 4): `input_tokens` excludes what was written to a cache and what was
read from one, so the prompt is the sum of the three. `output_tokens` includes thinking, of which `output_tokens_details` says
how much. Where the numbers contradict one another, the smaller reading is taken, and a word says which contradiction it was.
"""

import msgspec
from msgspec import Struct

from sidecar.metering.usage import Usage
from sidecar.providers import counts

Count = counts.Count | None
Text = str | None


class CacheCreation(Struct, gc=False):
    """Tokens written to caches, by how long they are kept."""

    ephemeral_5m_input_tokens: Count = None
    ephemeral_1h_input_tokens: Count = None


class ServerTools(Struct, gc=False):
    """Uses of the provider's own tools. Fetches are free, code execution is billed by the hour and not told here."""

    web_search_requests: Count = None


class OutputDetails(Struct, gc=False):
    """`thinking_tokens` is at most `output_tokens` and part of it."""

    thinking_tokens: Count = None


class Counts(Struct):
    """The counts that `usage` and each of its iterations have."""

    input_tokens: Count = None
    output_tokens: Count = None
    cache_creation_input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation: CacheCreation | None = None


class Iteration(Counts):
    """One sampling of a request that made several (beta)."""

    type: str = ""


class ReportedUsage(Counts):
    """`usage` of a message."""

    server_tool_use: ServerTools | None = None
    output_tokens_details: OutputDetails | None = None
    service_tier: Text = None
    speed: Text = None
    inference_geo: Text = None
    iterations: list[Iteration] | None = None


def merged(earlier: ReportedUsage, later: ReportedUsage) -> ReportedUsage:
    """Two reports of one message: what the later one says counts, never the sum.

    Counts are running totals, so a 0 after a count says that the sender has nothing to say: compatible servers fill in only
    the output at the end.
    """
    said = {name: value for name in later.__struct_fields__ if (value := getattr(later, name))}
    return msgspec.structs.replace(earlier, **said)


def usage_of(report: ReportedUsage) -> tuple[Usage, str]:
    """The disjoint classes, and the contradiction that was found among the numbers, if any."""
    written, hour, doubt = written_to_cache(report)
    fresh, read, output = report.input_tokens or 0, report.cache_read_input_tokens or 0, report.output_tokens or 0
    for iteration in report.iterations or ():
        if iteration.type == "compaction":
            more, more_hour, more_doubt = written_to_cache(iteration)
            written, hour, doubt = written + more, hour + more_hour, doubt or more_doubt
            fresh += iteration.input_tokens or 0
            read += iteration.cache_read_input_tokens or 0
            output += iteration.output_tokens or 0
        elif iteration.type not in INCLUDED:
            doubt = doubt or "iteration_apart"
    thinking = (report.output_tokens_details.thinking_tokens or 0) if report.output_tokens_details else 0
    if thinking > output:
        thinking, doubt = output, doubt or "thinking_over_output"
    usage = Usage(
        input=fresh + written,
        cached_input=read,
        output=output - thinking,
        reasoning=thinking,
        web_searches=(report.server_tool_use.web_search_requests or 0) if report.server_tool_use else 0,
        cache_write_input=written - hour,
        cache_write_hour_input=hour,
    )
    return usage, doubt


INCLUDED = frozenset({"message", "fallback_message"})
"""Iterations that the totals include. "A `compaction` entry's tokens are not included in the top-level `usage` fields"
(anthropic-python 2.12, BetaUsage), and its model is the message's; an `advisor_message` is another model's, at its prices:
what it adds can't be told in one model's usage, so the rest is a lower bound."""


def written_to_cache(counts: Counts) -> tuple[int, int, str]:
    """Tokens written to caches, those of them kept for an hour, and a word when parts and total differ."""
    total, parts = counts.cache_creation_input_tokens, counts.cache_creation
    if parts is None:
        return total or 0, 0, ""
    hour = parts.ephemeral_1h_input_tokens or 0
    both = hour + (parts.ephemeral_5m_input_tokens or 0)
    if total is None or total == both:
        return both, hour, ""
    least = min(total, both)
    return least, max(0, least - (parts.ephemeral_5m_input_tokens or 0)), "cache_parts_over_total"


# === tiers ===

TIERS: dict[Text, str] = {None: "", "": "", "standard": "", "priority": "priority", "batch": "batch"}
SPEEDS: dict[Text, str] = {None: "", "": "", "standard": "", "fast": "fast"}
GEOGRAPHIES: dict[Text, str] = {None: "", "": "", "global": "", "not_available": "", "us": "us"}
"""Inference that stays in the US has a price of its own: "A 1.1x pricing multiplier applies" (Data residency, Claude Platform
on AWS, read 2026-11-20); `not_available` is what models before Opus 4.6 and other places answer."""


def tier_of(report: ReportedUsage) -> str | None:
    """Our name of what the price hangs on besides the model: `fast`, `us`, `fast-us`; None when a word is unknown to us."""
    tier, speed = TIERS.get(report.service_tier), SPEEDS.get(report.speed)
    place = GEOGRAPHIES.get(report.inference_geo)
    if tier is None or speed is None or place is None:
        return None
    if not (tier or speed or place):
        return ""
    return "-".join(word for word in (tier, speed, place) if word)
