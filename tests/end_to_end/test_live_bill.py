"""Random departures from sockets: what the ledger says comes out as the provider bills it.

Many callers at once, of every dialect with sockets, several turns each; more than half of them leave in the middle of their last.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import NamedTuple

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry, Finished
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.price_list import PRICES
from sidecar.simulator.prices import PER_MILLION
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.live_road import UPSTREAMS, counted
from tests.end_to_end.live_visitors import Visit, make, visits
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.end_to_end.sdk_road import SdkRoad

SOCKETS, SEED = 60, 10
RESUME_SECONDS = "2"
"""Whoever comes back does so at once; the others are waited for so long."""
TOKENS_OF_NAMES = 8
"""Of dialect and roles."""
SETTINGS = {"CALLS__LIVE__RESUME_SECONDS": RESUME_SECONDS, "LOG__LEVEL": "info"}


class Reckoned(NamedTuple):
    """One call: what the ledger has of it, and the bill."""

    visit: Visit
    row: CallRecord
    billed: Entry


class Books(NamedTuple):
    """All calls, and where they were made."""

    calls: list[Reckoned]
    simulator: RunningSimulator
    sidecar: RunningSidecar

    def of(self, *outcomes: str) -> list[Reckoned]:
        """Those that ended so."""
        return [call for call in self.calls if call.row.outcome in outcomes]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Books]:
    planned = visits(Random(SEED), SOCKETS)
    with running_simulator() as simulator:
        leads = {f"UPSTREAMS__{name.upper()}__URL": simulator.url for name in UPSTREAMS}
        with running_sidecar(tmp_path_factory.mktemp("bill"), simulator, SETTINGS | leads) as sidecar:
            asyncio.run(all_of(sidecar.proxy, planned))
            let_go_on(simulator, planned)
            simulator.settled()
            road = SdkRoad(simulator, None, sidecar)  # type: ignore[arg-type]  # nobody's scripts
            calls = [call for visit in planned for call in reckoned(road, visit)]
            yield Books(calls, simulator, sidecar)


async def all_of(proxy: str, planned: list[Visit]) -> None:
    """Make all visits at once."""
    await asyncio.gather(*(make(proxy, visit) for visit in planned))


def let_go_on(simulator: RunningSimulator, planned: list[Visit]) -> None:
    """Let the provider work on at what was left: where it runs on, to its end."""
    for visit in planned:
        if visit.leaves:
            simulator.reached(visit.tags[-1], Milestone.CALLER_LEFT)
            simulator.release(visit.tags[-1])


def reckoned(road: SdkRoad, visit: Visit) -> list[Reckoned]:
    """The calls of one socket: as many rows as entries, in the order in which they were asked for."""
    entries = [entry for tag in visit.tags for entry in road.simulator.bill.of(tag)]
    rows = road.rows(visit.name, len(entries))
    assert len(rows) == len(entries) == len(visit.scripts)
    return [Reckoned(visit, row, entry) for row, entry in zip(rows, entries, strict=True)]


def misjudged(model: str) -> Decimal:
    """What an estimate may be above by: it takes the names in a request for text, and rounds up."""
    return TOKENS_OF_NAMES * PRICES[model].input * PER_MILLION


def spend(row: CallRecord) -> Decimal:
    return row.spend_usd or Decimal(0)


def test_every_call__is_in_the_ledger_once(books: Books) -> None:
    assert len(books.calls) == len(books.simulator.bill.entries) > 2 * SOCKETS
    assert {(call.row.kind, call.row.model) for call in books.calls} == {
        ("live", call.billed.model) for call in books.calls
    }
    started, settled = (books.sidecar.total(f"calls_{what}_total", kind="live") for what in ("started", "settled"))
    assert started == settled == len(books.calls)


def test_calls__ended_as_their_callers_did(books: Books) -> None:
    for call in books.calls:
        is_left = call.visit.leaves and call.billed.caller_left_at is not None
        left = "cut_short" if call.visit.comes_back else "orphan_cut"
        assert call.row.outcome == (left if is_left else "delivered"), call


def test_departures__came_in_every_way(books: Books) -> None:
    left = Counter((call.visit.ending, call.row.left_reason) for call in books.of("orphan_cut"))
    assert {ending for ending, _ in left} == {"closes", "fin", "rst"}
    assert {reason for _, reason in left} <= {"closed", "fin", "rst"}
    assert books.of("cut_short")


def test_delivered__exactly_what_was_billed(books: Books) -> None:
    delivered = books.of("delivered")
    assert len(delivered) > SOCKETS
    for call in delivered:
        assert (call.row.usage, call.row.basis) == (counted(call.billed), "exact"), call
        assert (call.row.spend_usd, call.row.orphaned_usd) == (call.billed.usd, Decimal(0)), call


def test_orphaned__estimated_and_never_above_the_bill(books: Books) -> None:
    for call in books.of("orphan_cut", "cut_short"):
        assert call.row.basis in ("estimated", "at_least", None), call
        assert spend(call.row) <= call.billed.usd + misjudged(call.billed.model), call
        assert call.billed.caller_left_at is not None, call


def test_gone_on_with__is_delivered_spend(books: Books) -> None:
    for call in books.of("cut_short"):
        assert call.row.orphaned_usd == 0, call
        assert call.row.left_at is None, call


def test_interrupted__is_delivered_and_billed_for_what_was_made(books: Books) -> None:
    interrupted = [call for call in books.calls if call.billed.finished_how is Finished.CANCELLED]
    assert interrupted
    assert {call.row.outcome for call in interrupted} == {"delivered"}


def test_sums__agree(books: Books) -> None:
    spent = sum((spend(call.row) for call in books.calls), Decimal(0))
    assert spent <= books.simulator.bill.total_usd
    told = sum(books.sidecar.total("spend_usd_total", fate=fate) for fate in ("delivered", "orphaned"))
    assert told == pytest.approx(float(spent))
