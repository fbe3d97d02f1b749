"""The part of the API that is about money by time: what the live page draws over its lists."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query

from sidecar.clock import SECOND, Moment
from sidecar.control.asked import When as Since, moment_in, reading_ledger
from sidecar.control.shown import Amount, amount
from sidecar.control.view import Sidecar, When
from sidecar.ledger.spending import SpendStep

MOST_STEPS, USUAL_STEPS = 1_000, 60
HOUR: Moment = 3_600 * SECOND
LONGEST_STEP_SECONDS = 31 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendReply:
    """What began in one step of time, and what it has cost by now. US dollars, to a billionth for each call and operation."""

    at: When
    """The beginning of the step."""
    spend_usd: Amount
    orphaned_usd: Amount
    """Part of `spend_usd` for results that nobody received."""
    avoidable_usd: Amount
    """Part of `orphaned_usd` that accrued after the caller left."""
    calls: int
    """Those that started in it, settled or not."""
    orphaned: int
    """Of these calls: their caller left while the provider worked on them."""
    operations: int
    """Those that were opened in it; their money is in the sums."""


def spend_router(sidecar: Sidecar) -> APIRouter:
    """`/api/spend`."""
    router = APIRouter(tags=["money"])

    @router.get("/api/spend", summary="Money by time")
    async def spend(
        since: Annotated[
            Since | None, Query(description="The first step begins here. An hour ago if not given.")
        ] = None,
        step: Annotated[
            int | None,
            Query(
                ge=1,
                le=LONGEST_STEP_SECONDS,
                description="The length of a step in seconds. If not given, there are 60; where there would be more than 1,000, "
                "steps are longer.",
            ),
        ] = None,
    ) -> list[SpendReply]:
        """Equal steps from a moment until now, oldest first, those too in which nothing began; at most 1,000 of them."""
        now = sidecar.shown.now()
        begin = now - HOUR if since is None else moment_in(since)
        if begin >= now:
            return []
        length = step_of(now - begin, step)
        with reading_ledger():
            told = await sidecar.shown.spending(begin, length, _times(now - begin, length))
        return [reply_of(each) for each in told]

    return router


def step_of(span: Moment, seconds: int | None) -> Moment:
    """How long steps are that shall have so many seconds: a whole number of them, and no more steps than can be told."""
    if seconds is None:
        return _times(span, USUAL_STEPS * SECOND) * SECOND
    return max(seconds, _times(span, MOST_STEPS * SECOND)) * SECOND


def _times(whole: Moment, part: Moment) -> int:
    return -(-whole // part)


def reply_of(step: SpendStep) -> SpendReply:
    """One step as the API shows it."""
    return SpendReply(
        at=step.at,
        spend_usd=amount(step.spend_usd) or "0",
        orphaned_usd=amount(step.orphaned_usd) or "0",
        avoidable_usd=amount(step.avoidable_usd) or "0",
        calls=step.calls,
        orphaned=step.orphaned,
        operations=step.operations,
    )
