"""What Bedrock reports as used, in each of the shapes it has, brought into the one shape that `anthropic_usage` reads.

`usage` of Converse as botocore 1.44.5 models it: `inputTokens` excludes what was read from a cache and what was written to one,
and `totalTokens` is the sum of all four (observed: 18 in, 7502 written, 386 out, total 7906; tensorzero#5688). InvokeModel
reports in headers, its streams in `amazon-bedrock-invocationMetrics`, both with the same split (litellm#34373), and the
maker's own reply may say the same once more.
"""

from collections.abc import Mapping

from msgspec import Struct

from sidecar.providers.anthropic_usage import CacheCreation, Count, Counts, ReportedUsage, Text, merged
from sidecar.providers.reported import MALFORMED


class CacheDetail(Struct, rename="camel", gc=False):
    """Tokens written to a cache of one lifetime, `5m` or `1h`."""

    ttl: Text = None
    input_tokens: Count = None


class Tokens(Struct, rename="camel"):
    """`usage` of Converse and of Amazon's own models, which name the cached tokens in two ways."""

    input_tokens: Count = None
    output_tokens: Count = None
    total_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_write_input_tokens: Count = None
    cache_read_input_token_count: Count = None
    cache_write_input_token_count: Count = None
    cache_details: list[CacheDetail] | None = None


class CachedTokens(Struct, gc=False):
    """`prompt_tokens_details`."""

    cached_tokens: Count = None


class Metrics(Struct, rename="camel", gc=False):
    """`amazon-bedrock-invocationMetrics`."""

    input_token_count: Count = None
    output_token_count: Count = None
    cache_read_input_token_count: Count = None
    cache_write_input_token_count: Count = None


def report_of_tokens(tokens: Tokens) -> tuple[ReportedUsage, str]:
    """Converse's numbers, and the contradiction that was found among them, if any."""
    fresh, output = tokens.input_tokens or 0, tokens.output_tokens or 0
    read = tokens.cache_read_input_tokens or tokens.cache_read_input_token_count or 0
    written = tokens.cache_write_input_tokens or tokens.cache_write_input_token_count or 0
    cached, total, doubt = read + written, tokens.total_tokens or 0, ""
    if total and total == fresh + output and 0 < cached <= fresh:
        fresh, doubt = fresh - cached, "cached_in_input"
    elif total and total not in (fresh + output, fresh + output + cached):
        doubt = "parts_over_total" if total < fresh + output + cached else "total_over_parts"
        excess = max(0, fresh + output + cached - total)
        output, excess = max(0, output - excess), max(0, excess - output)
        fresh = max(0, fresh - excess)
    report = ReportedUsage(
        input_tokens=fresh,
        output_tokens=output,
        cache_creation_input_tokens=written,
        cache_read_input_tokens=read,
        cache_creation=written_by_lifetime(tokens.cache_details) if tokens.cache_details else None,
    )
    return report, doubt


def written_by_lifetime(details: list[CacheDetail]) -> CacheCreation:
    """What was written to caches, by how long it is kept."""
    written = {detail.ttl: detail.input_tokens for detail in details}
    return CacheCreation(written.get("5m"), written.get("1h"))


def report_of_metrics(metrics: Metrics) -> ReportedUsage:
    """The numbers of the last chunk."""
    return ReportedUsage(
        input_tokens=metrics.input_token_count,
        output_tokens=metrics.output_token_count,
        cache_creation_input_tokens=metrics.cache_write_input_token_count,
        cache_read_input_tokens=metrics.cache_read_input_token_count,
    )


class ChatTokens(Struct, gc=False):
    """`usage` of makers that speak OpenAI's dialect (Mistral, AI21, DeepSeek, Qwen): the cached tokens are part of the prompt."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    prompt_tokens_details: CachedTokens | None = None


def report_of_chat(tokens: ChatTokens) -> tuple[ReportedUsage, str]:
    """Their numbers, and the contradiction that was found among them, if any."""
    prompt = tokens.prompt_tokens or 0
    cached = (tokens.prompt_tokens_details.cached_tokens or 0) if tokens.prompt_tokens_details else 0
    read = min(cached, prompt)
    report = ReportedUsage(prompt - read, tokens.completion_tokens, cache_read_input_tokens=read)
    return report, "cached_over_prompt" if read < cached else ""


def settled(metered: ReportedUsage | None, made: ReportedUsage | None) -> tuple[ReportedUsage | None, str]:
    """What Bedrock metered and what the maker's reply says, as one; the smaller of them where they differ.

    Only counts that both give are compared: the last chunk of some makers has no input, and embeddings have no output.
    """
    if metered is None or made is None:
        return metered or made, ""
    if differ(metered.input_tokens, made.input_tokens) or differ(metered.output_tokens, made.output_tokens):
        if size_of(metered) > size_of(made):
            return made, "metered_over_made"
        return metered, "made_over_metered"
    has_all = made.input_tokens is not None and made.output_tokens is not None
    return (made if has_all and metered.cache_read_input_tokens is None else merged(metered, made)), ""


def differ(one: Count, other: Count) -> bool:
    """Whether two counts are there and not the same."""
    return one is not None and other is not None and one != other


def size_of(counts: Counts) -> int:
    """All the tokens there are."""
    parts = (
        counts.input_tokens,
        counts.output_tokens,
        counts.cache_read_input_tokens,
        counts.cache_creation_input_tokens,
    )
    return sum(part or 0 for part in parts)


# === headers ===

TIER = "x-amzn-bedrock-service-tier"
LATENCY = "x-amzn-bedrock-performanceconfig-latency"
COUNTED = {
    "x-amzn-bedrock-input-token-count": "input_tokens",
    "x-amzn-bedrock-output-token-count": "output_tokens",
    "x-amzn-bedrock-cache-read-input-token-count": "cache_read_input_tokens",
    "x-amzn-bedrock-cache-write-input-token-count": "cache_creation_input_tokens",
}
LONGEST_COUNT = 9
"""Digits: below `counts.MOST`."""
REPLY_HEADERS = (*COUNTED, TIER, LATENCY)
"""What readers need of a reply's head: counts as providers-wire 4 has them (the cached ones: openllmetry's and others'
recorded fixtures), tier and latency as botocore models them."""


def report_of_headers(headers: Mapping[str, str]) -> tuple[ReportedUsage | None, str]:
    """The counts in a reply's head, and a word when one can't be read; None when there are none."""
    report, doubt = None, ""
    if not headers:
        return report, doubt
    for header, name in COUNTED.items():
        if (text := headers.get(header)) is None:
            continue
        report = report or ReportedUsage()
        if text.isascii() and text.isdecimal() and len(text) <= LONGEST_COUNT:
            setattr(report, name, int(text))
        else:
            doubt = MALFORMED
    return report, doubt


TIERS = {
    "": "", "default": "", "standard": "", "flex": "flex", "priority": "priority", "reserved": "provisioned",
    "provisioned": "provisioned",
}  # fmt: skip
"""`ServiceTierType` of botocore 1.44.5 and our names. What is reserved, or served by a provisioned model, is paid ahead."""
LATENCIES = {"": "", "standard": "", "optimized": "latency-optimized"}
"""`performanceConfig.latency`: optimized inference has prices of its own."""


def tier_of(tier: str, latency: str) -> str | None:
    """Our name of what the price hangs on besides the model; None when a word is unknown to us."""
    known, speed = TIERS.get(tier.lower()), LATENCIES.get(latency.lower())
    if known is None or speed is None:
        return None
    return known or speed
