"""The identities of DESIGN 4.5 over operations, on the page a scraper reads, after any history that the table of moves allows."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import Phase, given, settings, strategies as st

from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.operation import OPEN, GoneReason, OperationEvent as E, OperationKind, OperationState, becomes
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.telemetry.recorder import Recorder

Page = dict[str, list[tuple[dict[str, str], float]]]
MODELS = ("a", "b", "c")
AVOIDED = tuple(map(Decimal, ("0", "1.25", "NaN", "sNaN", "-1", "Infinity", "1e400")))
"""What an estimate may come to, and what only a fault of ours could make of it."""
EVENTS = [event for event in E if event is not E.OPENED]
shares = st.integers(0, 100)
steps = st.tuples(st.integers(0, 5), st.integers(0, 1000), shares, shares, shares)
"""Which operation moves, which of the moves open to it is made, and how it settles if that is the step: spend in cents, orphaned
and avoidable as a share of what contains them."""


class Driver:
    """Moves rows as the ledger would, and tells the recorder as the reaper would."""

    def __init__(self, log: Any) -> None:
        self.operations = (recorder := Recorder("1", log, LedgerHealth, model_limit=2)).operations
        self.recorder = recorder
        self.rows: dict[int, OperationRecord] = {}
        self.settled: list[OperationRecord] = []
        self.gone: set[str] = set()
        self.gone_when_settled = 0
        self.fetched_late: list[OperationRecord] = []

    def take(self, slot: int, choice: int, cents: int, orphaned: int, avoidable: int) -> None:
        row = self.rows.get(slot)
        if row is None:
            self.open(slot)
            return
        moves = [event for event in EVENTS if becomes(event, row.state) is not None]
        if row.state not in OPEN and (not moves or choice % 2):
            self.settle(slot, cents, orphaned, avoidable)
        else:
            self.move(slot, moves[choice % len(moves)])

    def open(self, slot: int) -> None:
        row = OperationRecord(
            id=f"o{len(self.settled)}-{slot}", upstream="u", provider="p", dialect="openai", method="m",
            kind=list(OperationKind)[slot % 4], model=MODELS[slot % 3], opened_at=1, path="/", lease_seconds=60.0,
            renewed_at=1, due_at=1,
        )  # fmt: skip
        self.rows[slot] = row
        self.operations.resumed(row) if slot == 5 else self.operations.opened(row)

    def move(self, slot: int, event: E) -> None:
        row = self.rows[slot]
        row.state = becomes(event, row.state) or row.state
        if event is E.LEASE_LAPSED:
            row.lapsed_at = 2
            self.gone.add(row.id)
            self.operations.departed(row, GoneReason.LEASE_LAPSED)
        elif event is E.LEASE_RENEWED:
            row.lapsed_at = None
            self.gone.discard(row.id)
            self.operations.returned(row, "poll")
        elif row.state not in OPEN:
            self.operations.ended(row)

    def settle(self, slot: int, cents: int, orphaned: int, avoidable: int) -> None:
        row = self.rows.pop(slot)
        spend = Decimal(cents) / 100
        lost = spend * orphaned / 100
        changes = {"spend_usd": spend, "orphaned_usd": lost, "avoidable_usd": lost * avoidable / 100}
        changes["avoided_usd"] = AVOIDED[cents % len(AVOIDED)]
        self.settled.append(msgspec.structs.replace(row, outcome=row.state.value, basis="exact", **changes))
        self.gone_when_settled += row.id in self.gone
        self.gone.discard(row.id)
        self.operations.settled(self.settled[-1])
        if cents % 3 == 0:
            self.fetched_late.append(self.settled[-1])
            self.operations.reclaimed(self.settled[-1])
            self.operations.regretted(self.settled[-1])

    def states(self) -> dict[str, int]:
        counts = Counter(row.state for row in self.rows.values())
        return {str(state): counts[state] for state in OperationState}

    def tell_states(self) -> None:
        self.operations.states(Counter((row.kind, row.state) for row in self.rows.values()))


@settings(max_examples=80, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(steps, min_size=40, max_size=120), st.booleans())
def test_every_page_adds_up(
    read: Callable[..., Page], new_log: Callable[[], Any], history: list[tuple[int, int, int, int, int]], is_told: bool
):
    driver = Driver(new_log())
    for step in history:
        driver.take(*step)
    if is_told:
        driver.tell_states()
    page = read(driver.recorder.page())

    def total(name: str, **labels: str) -> float:
        return sum(value for had, value in page.get(name, []) if labels.items() <= had.items())

    assert total("operations_open") == len(driver.rows)
    assert total("operations_opened_total") == total("operations_settled_total") + total("operations_open")
    outcomes = {str(state): total("operations_settled_total", outcome=str(state)) for state in OperationState}
    assert sum(outcomes.values()) == total("operations_settled_total") == len(driver.settled)
    assert {outcome for outcome, count in outcomes.items() if count} <= {
        str(s) for s in OperationState if s not in OPEN
    }
    assert total("departures_total") == driver.gone_when_settled + len(driver.gone) + total("returns_total")
    spent = float(sum((row.spend_usd or 0 for row in driver.settled), Decimal(0)))
    assert abs(total("spend_usd_total", fate="delivered") + total("spend_usd_total", fate="orphaned") - spent) < 1e-6
    assert total("avoidable_spend_usd_total") <= total("spend_usd_total", fate="orphaned") + 1e-9
    assert total("unpriced_total", reason="inconsistent") == 0
    assert_what_cancelling_came_to(driver, total)
    if not driver.gone:
        assert total("exposure_usd") == 0
    if is_told:
        assert {str(state): total("operations_open", state=str(state)) for state in OperationState} == driver.states()


def assert_what_cancelling_came_to(driver: Driver, total: Callable[..., float]) -> None:
    avoided = sum(
        row.avoided_usd == AVOIDED[1] for row in driver.settled if not (row.avoided_usd or AVOIDED[0]).is_snan()
    )
    assert total("avoided_spend_usd_total") == avoided * 1.25
    late = driver.fetched_late
    assert abs(total("reclaimed_spend_usd_total") - float(sum(row.orphaned_usd or 0 for row in late))) < 1e-6
    assert abs(total("regretted_spend_usd_total") - float(sum(row.spend_usd or 0 for row in late))) < 1e-6
    assert total("reclaimed_spend_usd_total") <= total("spend_usd_total", fate="orphaned") + 1e-9
