"""Carries a plan out: an uncut call of each kind, cut ones, and looks at a source between. What follows is decided elsewhere."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import SECOND, Clock, Moment
from sidecar.ids import Ids
from sidecar.lifecycle.record import CallKind
from sidecar.metering.bill import Unpriced
from sidecar.metering.price import PriceBook
from sidecar.probing.observations import Call, Look, is_at_rest
from sidecar.probing.plan import CUT_AT, LONGEST_CALL_SECONDS, Budget, Plan
from sidecar.probing.sources import Source, sources_of
from sidecar.probing.verdict import Verdict, judged, verdict_of
from sidecar.probing.wire import Wire
from sidecar.providers.contract import Reported

PATIENCE: Final = 0.5
"""Of an uncut call's time: so much longer than its natural end the work behind a cut is looked for, and 2 seconds at least."""


class Measured(msgspec.Struct, frozen=True):
    """All that was seen, and what follows."""

    calls: tuple[Call, ...]
    verdicts: tuple[Verdict, ...]
    source: str
    """Where the work was looked at; empty where nothing can be."""
    stopped: str
    """Why it ended before the plan did; empty when it did not."""


class Measuring:
    """One measurement. `tell` is given half a sentence before each step."""

    def __init__(
        self,
        plan: Plan,
        wire: Wire,
        budget: Budget,
        book: PriceBook,
        clock: Clock,
        tell: Callable[[str], None],
        pace: float = 1.0,
    ) -> None:
        """`pace` multiplies the waits between looks."""
        self._plan, self._wire, self._budget, self._book = plan, wire, budget, book
        self._clock, self._tell, self._pace = clock, tell, pace
        self._calls: list[Call] = []
        self._source: Source | None = None
        self._stopped = ""
        self._ids = Ids("p")

    async def run(self) -> Measured:
        """Make all calls.

        Raises:
            NotAnswered: the provider refuses them, or is not there.
        """
        self._source = await self._find_source()
        verdicts = tuple([await self._measure(kind) for kind in self._plan.kinds])
        return Measured(tuple(self._calls), verdicts, self._source.name if self._source else "", self._stopped)

    async def _find_source(self) -> Source | None:
        """The first that answers; a record can't be asked for before there is one."""
        for source in sources_of(self._plan.dialect, self._plan.method.name):
            if not source.is_of_server or await self._look(source, "", "") is not None:
                return source
        return None

    async def _measure(self, kind: CallKind) -> Verdict:
        """Uncut, cut, uncut: what a server has to do for its first call alone is seen, and does not count."""
        first = await self._made(kind, None, f"{kind}: an uncut call")
        if first is None or first.was_cut:
            return verdict_of(
                kind, [] if first is None else [judged([first], first)]
            )  # which says that it took too long
        rounds = self._plan.rounds
        cut = [
            await self._made(kind, first, f"{kind}: cut call {number} of {rounds}") for number in range(1, rounds + 1)
        ]
        last = await self._made(kind, None, f"{kind}: another uncut call")
        findings = [judged([first, last], call) for call in cut if call is not None] if last is not None else []
        return verdict_of(kind, findings)

    async def _made(self, kind: CallKind, reference: Call | None, step: str) -> Call | None:
        """Make one call, cut where there is a reference to say when, and look until there is no more to be seen."""
        self._tell(step)
        if not self._budget.allows_another():
            self._stopped = "what was allowed is spent: the provider answers at more length than it was asked to"
            return None
        mark, looks = self._ids.new(self._clock.now()), Looks()
        await self._add(looks, "", mark, only_server=True)
        cut_after = LONGEST_CALL_SECONDS if reference is None else CUT_AT * reference.seconds
        call, told = await self._wire.call(
            self._plan.method, self._plan.question(kind, mark), cut_after,
            on_cut=lambda: self._add(looks, "", mark, only_server=True),
        )  # fmt: skip
        self._budget.note(None if call.was_cut else self._spent(told))
        await self._look_on(call, looks, call if reference is None else reference)
        seen = msgspec.structs.replace(call, looks=tuple(looks.taken))
        self._calls.append(seen)
        return seen

    def _spent(self, told: Reported | None) -> Decimal | None:
        """What the reply's own usage costs."""
        plan = self._plan
        if told is None:
            return None
        bill = self._book.bill(
            usage=told.usage, provider=plan.provider, upstream=plan.upstream, model=plan.model, tier=told.tier,
            at=self._clock.now(), method=plan.method.name, told_usd=told.cost_usd,
        )  # fmt: skip
        return None if isinstance(bill, Unpriced) else bill.input_usd + bill.output_usd + bill.time_usd

    # === looking ===

    async def _look_on(self, call: Call, looks: "Looks", reference: Call) -> None:
        """Look until nothing more is to be seen, or the work of an uncut call would long have ended.

        Behind an uncut call too: tokens are compared as one and the same source counts them.
        """
        source = self._source
        if source is None:
            return
        until = _patience(call, reference, source)
        while self._clock.now() < until and not is_at_rest(looks.since(call.ended_at), source.rests):
            await asyncio.sleep(self._pace * source.every_seconds)
            if not await self._add(looks, call.identity, call.mark):
                return

    async def _add(self, looks: "Looks", identity: str, mark: str, *, only_server: bool = False) -> bool:
        """Take a look; False where there is nothing to look at."""
        source = self._source
        if source is None or (only_server and not source.is_of_server) or source.target(identity, mark) is None:
            return False
        look = await self._look(source, identity, mark)
        if look is not None:
            looks.taken.append(look)
        return True

    async def _look(self, source: Source, identity: str, mark: str) -> Look | None:
        target = source.target(identity, mark)
        body = await self._wire.look(target) if target is not None else None
        return None if body is None else source.read(body, self._clock.now())


class Looks(msgspec.Struct):
    """The looks of one call, as they are taken."""

    taken: list[Look] = []

    def since(self, moment: Moment) -> tuple[Look, ...]:
        """Those after a moment."""
        return tuple(look for look in self.taken if look.at > moment)


def _patience(call: Call, reference: Call, source: Source) -> Moment:
    """Until when the work behind a call is looked for."""
    longer = max(2.0, PATIENCE * reference.seconds) + source.lag_seconds
    return call.committed_at + int((reference.seconds + longer) * SECOND)
