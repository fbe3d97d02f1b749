"""What is to be sent, how often, and the most that it can cost: known before anything is sent. Pure."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.errors import SidecarError
from sidecar.lifecycle.record import CallKind
from sidecar.metering.bill import Unpriced
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import Usage
from sidecar.probing.methods import Method, Question
from sidecar.providers.estimate import tokens_of

INPUT_FACTOR: Final = 3
"""What templates and an estimate by bytes may be wrong by. The prompt is a hundred tokens."""
LONGEST_CALL_SECONDS: Final = 120.0
"""A call that has not ended by then is cut, the reference too; what is priced by time costs no more than that."""
CUT_AT: Final = 0.3
"""Of the reference's time, from the moment the request is sent: late enough to be at work, early enough to leave a difference."""


class Refused(SidecarError):
    """It is not begun. The sentence says why, and what to change."""


class Plan(msgspec.Struct, frozen=True):
    """All that is to be sent."""

    upstream: str
    dialect: str
    provider: str
    url: str
    method: Method
    model: str
    kinds: tuple[CallKind, ...]
    rounds: int
    """Cut calls of each kind; an uncut one is made before them and another behind them."""
    tokens: int
    """The most that each may answer."""
    only_method: bool
    """What is found holds for this method alone."""
    only_model: bool
    """What is found holds for this model alone."""

    @property
    def requests(self) -> int:
        """Calls that cost something; looks at sources are free."""
        return len(self.kinds) * (2 + self.rounds)

    def question(self, kind: CallKind, mark: str) -> Question:
        """One of the calls."""
        return Question(self.model, kind, self.tokens, mark)


class Cost(msgspec.Struct, frozen=True):
    """The most that one call can cost, and who says so."""

    usd: Decimal
    source: str


def dearest_call(plan: Plan, book: PriceBook, now: Moment) -> Cost | None:
    """What one call costs at most; None where there is no price for it."""
    body = msgspec.json.encode(plan.method.body(plan.question(CallKind.STREAM, "x" * 32)))
    bill = book.bill(
        usage=Usage(input=INPUT_FACTOR * tokens_of(len(body)), output=plan.tokens),
        provider=plan.provider,
        upstream=plan.upstream,
        model=plan.model,
        tier="",
        at=now,
        method=plan.method.name,
        held_milliseconds=int(LONGEST_CALL_SECONDS * 1_000),
    )
    if isinstance(bill, Unpriced):
        return None
    return Cost(bill.input_usd + bill.output_usd + bill.time_usd, bill.source)


def check(plan: Plan, cost: Cost | None, max_usd: Decimal, max_requests: int | None) -> None:
    """Refuse what could cost more than was said, or what nobody can say the price of.

    Raises:
        Refused: says what to change.
    """
    if max_requests is not None and plan.requests > max_requests:
        raise Refused(
            f"{plan.requests} calls are needed, and --max-requests is {max_requests}; take fewer --rounds or kinds"
        )
    if cost is None:
        if max_requests is None:
            raise Refused(
                f"{plan.model} has no price at {plan.upstream}, so that nobody can say what {plan.requests} calls cost; "
                "set one (upstreams.<name>.price, prices.overrides), or say --max-requests"
            )
        return
    most = plan.requests * cost.usd
    if most > max_usd:
        raise Refused(
            f"{plan.requests} calls may cost {usd(most)} ({cost.source}), and --max-usd is {usd(max_usd)}; "
            "take fewer --rounds, --tokens or kinds, or allow more"
        )


def usd(amount: Decimal) -> str:
    """An amount with four decimals, rounded up: what is said is never less than what is meant."""
    return f"{amount.quantize(Decimal('0.0001'), rounding='ROUND_CEILING')} USD"


class Budget(msgspec.Struct):
    """What may still be spent while calls are made: a provider that ignores the bound on its answer is noticed after one."""

    max_usd: Decimal
    each: Cost | None
    left_requests: int
    spent_usd: Decimal = Decimal(0)
    """By what replies said; what said nothing counts as the dearest."""

    def allows_another(self) -> bool:
        """Whether one more call fits."""
        fits = self.each is None or self.spent_usd + self.each.usd <= self.max_usd
        return fits and self.left_requests > 0

    def note(self, spent_usd: Decimal | None) -> None:
        """A call was made; None where nobody knows what it cost, as of every one that was cut."""
        self.left_requests -= 1
        dearest = self.each.usd if self.each is not None else Decimal(0)
        self.spent_usd += dearest if spent_usd is None else spent_usd
