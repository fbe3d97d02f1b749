"""What inputs for dialects stand for, and what must hold of whatever a dialect reads: it is priced too, as it would be."""

from decimal import Decimal

from sidecar.clock import SECOND
from sidecar.metering.billable import Billable, money_of
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import CACHED_PARTS, COUNTED, PIECES, Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts, Route
from sidecar.providers.names import LONGEST
from sidecar.providers.registry import DIALECTS
from tests.fuzz.places import ROOT

WORDS = (
    b'"usage":', b'"model":', b'"id":', b'"status":', b'"error":', b'"type":', b'"input_tokens":', b'"output_tokens":',
    b'"prompt_tokens":', b'"completion_tokens":', b'"total_tokens":', b'"usageMetadata":{', b'"promptTokenCount":',
    b'"candidatesTokenCount":', b"data: ", b"\n\n", b"event: ", b"[DONE]", b'"choices":[', b'"delta":{', b'"stream":true',
    b'"service_tier":"flex"', b'"response":{', b'"metadata":{', b"null", b'"finish_reason":"stop"', b'"done":true',
    b'"name":"', b'"state":"',
    b" 500 ", b" 201 ", b" gzip", b" text/event-stream",
)  # fmt: skip
"""Members and other words of most dialects."""


PRICES = PriceBook()
AT = 1_790_000_000 * SECOND
ASKED = RequestFacts(
    model="gpt-image-1",
    is_stream=True,
    variant="1024x1024 high",
    pieces=2,
    seconds=8,
    characters=900,
    asks_usage=True,
    mark="m",
)
PARTS = {
    "input": ("cache_write_input", "audio_input", "image_input", "video_input"),
    "cached_input": CACHED_PARTS,
    "output": ("audio_output", "image_output", "video_output"),
}
"""Classes, and what is a part of each; those of a cache's writes may be sound too, so parts are compared one by one."""
MOST_COUNT = 2**40


def routed(line: str) -> tuple[Route | None, str, ReplyHead, RequestFacts]:
    """What `dialect VERB path status content-type coding` stands for; all but the first three may be left out."""
    name, verb, path, status, content_type, coding, *_ = (*line.split(" "), *[""] * 6)
    dialect = DIALECTS.get(name)
    route = dialect.route(verb, path) if dialect else None
    names = (*route.reply_headers, *(route.operation.reply_headers if route.operation else ())) if route else ()
    number = int(status) if status.isascii() and status.isdecimal() and len(status) == 3 else 200
    headers = dict.fromkeys(names, coding or "7")
    head = ReplyHead(number, content_type, coding if coding in CODINGS else "", headers)
    return route, path, head, ASKED if number % 2 else NO_FACTS


CODINGS = ("gzip", "deflate", "br", "zstd")


def check_reported(reported: Reported | None, line: str) -> None:
    """Counts are counts, parts are parts, names can be written, money is money."""
    if reported is None:
        return
    usage = reported.usage
    check_usage(usage)
    for text in (reported.model, reported.tier, usage.variant, reported.reason):
        check_word(text)
    cost = reported.cost_usd
    assert cost is None or (cost.is_finite() and 0 <= cost <= 10**12), f"told {cost}"
    money = money_of(PRICES, Billable(
        provider=line.partition(" ")[0], upstream="u", model=reported.model, tier=reported.tier, at=AT, usage=usage,
        basis=reported.basis,
        reason=reported.reason, told_usd=cost,
    ))  # fmt: skip
    spend = money.spend_usd
    assert spend is None or (spend.is_finite() and spend >= 0), f"it cost {spend}"
    assert isinstance(spend, Decimal | None)


def check_usage(usage: Usage) -> None:
    """Every count is one, and no part is more than what it is a part of."""
    for name in COUNTED:
        count = getattr(usage, name)
        assert type(count) is int, f"{name} is {count!r}"
        assert 0 <= count <= (MOST_COUNT * 1000 if name in PIECES else MOST_COUNT), f"{name} is {count}"
    for whole, parts in PARTS.items():
        for part in parts:
            assert getattr(usage, part) <= getattr(usage, whole), f"{part} is more than {whole}: {usage}"


def check_word(text: str) -> None:
    """A short text that a ledger, a label and a log line can hold."""
    assert type(text) is str
    assert len(text) <= LONGEST * 2, f"{len(text)} characters"


def files_of(*beginnings: str, but: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Files of `providers/` whose names begin so."""
    names = sorted(path.name for path in (ROOT / "sidecar/providers").glob("*.py"))
    return tuple(
        f"providers/{name}" for name in names if name.startswith(beginnings) and not any(part in name for part in but)
    )
