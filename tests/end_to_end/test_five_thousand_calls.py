"""5,000 mixed calls in five dialects, a third of which are left at random moments: what the ledger says is what the bill says.

The callers are real SDK clients in processes of their own (`fleet.py`). Each dialect has two upstreams: a provider that stops
when its caller leaves, and one that runs on; the sidecar has been told which is which. What a provider that stopped never
reported is estimated, and said to be.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.call import Outcome
from sidecar.simulator.bill import Entry
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.fleet import ANSWERED, DECLINED, VANISHED, Told, sail
from tests.end_to_end.mixed_plans import MODELS, Plan, plans
from tests.end_to_end.rig import Row, RunningSidecar, moment, running_sidecar, usd

CALLS = 5000
PATIENCE_SECONDS = 60.0
ORPHANS = {Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED}
NEVER_SENT = {Outcome.LEFT_EARLY, Outcome.REFUSED}
CLEARLY_LATER = SECOND * 3 // 4
"""Work that ends so long after its caller's connection was closed is orphaned beyond doubt, on the slowest machine too."""
IDENTITY_TOLERANCE = 1e-9
"""Counters are floats; the ledger's own figures are exact."""
ESTIMATE_TOLERANCE = Decimal("0.1")

pytestmark = pytest.mark.timeout(400)


def settings(url: str) -> dict[str, str]:
    """Two upstreams for each dialect. At a host that is not the house's own, whose prices count has to be said."""
    found: dict[str, str] = {}
    for dialect in MODELS:
        for name, temper in ((dialect, "runs_on"), (f"{dialect}_stops", "stops")):
            upstream = f"UPSTREAMS__{name.upper()}"
            said = {"DIALECT": dialect, "PROVIDER": dialect, "URL": url}
            said |= {"ON_CLOSE__STREAM": temper, "ON_CLOSE__UNARY": temper}
            found |= {f"{upstream}__{key}": value for key, value in said.items()}
    return found


class Day:
    """What there is to see afterwards: of the callers, of the provider, and of the sidecar."""

    def __init__(self, told: dict[str, Told], simulator: RunningSimulator, sidecar: RunningSidecar) -> None:
        self.plans: dict[str, Plan] = {plan.name: plan for plan in plans(CALLS)}
        self.told = told
        self.entries: dict[str, Entry] = {entry.id: entry for entry in simulator.bill.entries}
        self.bill_usd = simulator.bill.total_usd
        rows = sidecar.rows()
        self.rows: dict[str, Row] = {row["caller"]: row for row in rows}
        assert len(self.rows) == len(rows), "a call has two rows"
        assert len(self.entries) == len(simulator.bill.entries), "a call is on the bill twice"
        self.metrics = sidecar.metrics()

    def count(self, name: str, **labels: str) -> float:
        wanted = frozenset(labels.items())
        full = f"inference_sidecar_{name}"
        return sum(value for (sample, held), value in self.metrics.items() if sample == full and wanted <= held)

    def of_basis(self, *bases: str) -> list[str]:
        return [name for name, row in self.rows.items() if row["basis"] in bases]

    def billed(self, name: str) -> Decimal:
        entry = self.entries.get(name)
        return entry.usd if entry else Decimal(0)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The calls, made once; the tests look at what is left of them."""
    directory = tmp_path_factory.mktemp("day")
    with (
        running_simulator(timeout=PATIENCE_SECONDS) as simulator,
        running_sidecar(directory, simulator, settings(simulator.url)) as sidecar,
    ):
        told = sail(sidecar.proxy, CALLS)
        simulator.settled()
        _wait_until_settled(sidecar)
        yield Day(told, simulator, sidecar)


def _wait_until_settled(sidecar: RunningSidecar) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if sidecar.total("calls_in_flight") == 0 and all(row["outcome"] for row in sidecar.rows()):
            return
        time.sleep(0.2)
    raise AssertionError("calls are still in flight")


def test_every_caller_had_the_ending_it_planned(day: Day) -> None:
    assert set(day.told) == set(day.plans)
    strange = {
        name: told.ending for name, told in day.told.items() if told.ending not in (ANSWERED, VANISHED, DECLINED)
    }
    assert not strange
    impatient = {name for name, plan in day.plans.items() if plan.vanishes_after is not None}
    assert {name for name, told in day.told.items() if told.ending == VANISHED} <= impatient


def test_every_row_is_on_the_bill_and_every_entry_in_the_ledger(day: Day) -> None:
    """But for a request that was cut off together with its last byte: whether its provider had it whole, only he knows."""
    sent = {name for name, row in day.rows.items() if row["outcome"] not in NEVER_SENT}
    assert set(day.entries) <= sent
    cut_at_once = {name for name in sent - set(day.entries) if _was_cut_at_once(day.rows[name])}
    assert sent - set(day.entries) == cut_at_once
    assert len(cut_at_once) < CALLS / 200


def _was_cut_at_once(row: Row) -> bool:
    is_cut = row["outcome"] == Outcome.ORPHAN_CUT and row["upstream"].endswith("-stops")
    return is_cut and moment(row, "left_at") - moment(row, "committed_at") < SECOND / 10


def test_what_is_said_to_be_exact_is_the_bill_to_the_last_digit(day: Day) -> None:
    wrong = {
        name: (row["usage"], row["spend_usd"], day.entries.get(name))
        for name in day.of_basis("exact")
        if usd(row := day.rows[name]) != day.billed(name)
    }
    assert not wrong, (len(wrong), list(wrong.items())[:5])


def test_most_is_exact_in_every_dialect(day: Day) -> None:
    """A ledger that calls everything an estimate would pass the other tests."""
    of_dialect = Counter(plan.dialect for plan in day.plans.values())
    exact = Counter(day.plans[name].dialect for name in day.of_basis("exact"))
    assert all(exact[dialect] > 0.7 * count for dialect, count in of_dialect.items()), (exact, of_dialect)


def test_whatever_was_reported_to_its_end_costs_what_the_bill_says(day: Day) -> None:
    """Whoever has an answer has what the provider counted, and so has the sidecar; it also reads on where work runs on.

    Where it is not known how far a stream had come when its caller left, the part that was orphaned is estimated, not the sum.
    """
    unreported = {name for name, plan in day.plans.items() if plan.doing == "chat stream" and not plan.asks_usage}
    answered = {name for name, told in day.told.items() if told.ending == ANSWERED} - unreported
    runs_on = {name for name, plan in day.plans.items() if not plan.stops and name in day.entries} - unreported
    assert {day.rows[name]["basis"] for name in answered} == {"exact"}
    assert {name: usd(day.rows[name]) for name in runs_on} == {name: day.billed(name) for name in runs_on}


def test_what_is_estimated_comes_near_the_bill_in_sum(day: Day) -> None:
    estimated = day.of_basis("estimated", "at_least")
    never_reported = [name for name in estimated if day.plans[name].stops or day.plans[name].doing == "chat stream"]
    for names in (estimated, never_reported):
        spend = sum((usd(day.rows[name]) for name in names), Decimal(0))
        bill = sum(map(day.billed, names), Decimal(0))
        print(f"estimated: {spend} for {bill}, {len(names)} calls")
        assert bill > 0
        assert abs(spend / bill - 1) <= ESTIMATE_TOLERANCE


def test_no_dialect_is_estimated_out_of_all_proportion(day: Day) -> None:
    """A sum may hide what cancels out."""
    spend: defaultdict[str, Decimal] = defaultdict(Decimal)
    bill: defaultdict[str, Decimal] = defaultdict(Decimal)
    for name in day.of_basis("estimated", "at_least"):
        spend[day.plans[name].dialect] += usd(day.rows[name])
        bill[day.plans[name].dialect] += day.billed(name)
    ratios = {dialect: spend[dialect] / bill[dialect] for dialect in bill}
    assert all(abs(ratio - 1) <= 2 * ESTIMATE_TOLERANCE for ratio in ratios.values()), ratios


def test_nothing_is_without_a_price(day: Day) -> None:
    assert Counter(row["unpriced_reason"] for row in day.rows.values() if row["unpriced_reason"]) == Counter()
    assert day.count("unpriced_total") == 0


def test_no_caller_that_got_its_answer_is_called_orphaned(day: Day) -> None:
    outcomes = Counter(day.rows[name]["outcome"] for name, told in day.told.items() if told.ending != VANISHED)
    assert set(outcomes) <= {"delivered", "rejected"}


def test_every_call_the_provider_finished_for_nobody_is_orphaned(day: Day) -> None:
    """Judged by what happened: the connection was closed, and the work that ran on ended clearly after that."""
    vanished = [told for told in day.told.values() if told.ending == VANISHED and not day.plans[told.name].stops]
    for_nobody = [
        told.name
        for told in vanished
        if told.name in day.entries and day.entries[told.name].finished_at > told.at + CLEARLY_LATER
    ]
    assert len(for_nobody) > CALLS / 200
    outcomes = {name: day.rows[name]["outcome"] for name in for_nobody}
    assert set(outcomes.values()) <= ORPHANS, {name: what for name, what in outcomes.items() if what not in ORPHANS}


def test_every_departure_is_seen_when_it_happened(day: Day) -> None:
    """Not before the caller can have left, and soon after its connection was certainly closed."""
    left = {name: row for name, row in day.rows.items() if row["left_at"] and row["outcome"] in ORPHANS}
    assert all(day.told[name].ending == VANISHED for name in left)
    late = {name: moment(row, "left_at") - day.told[name].at for name, row in left.items()}
    assert sorted(late.values())[len(late) // 2] < SECOND / 4, sorted(late.items(), key=lambda each: -each[1])[:5]


def test_a_provider_that_stops_is_stopped(day: Day) -> None:
    stopped = [name for name, entry in day.entries.items() if entry.finished_how == "stopped"]
    assert all(day.plans[name].stops for name in stopped)
    assert {day.rows[name]["outcome"] for name in stopped} == {Outcome.ORPHAN_CUT}
    assert {day.rows[name]["basis"] for name in stopped} <= {"estimated", "at_least"}
    assert len(stopped) > CALLS / 50


def test_identities_hold_on_the_metrics_page(day: Day) -> None:
    started, settled = day.count("calls_started_total"), day.count("calls_settled_total")
    assert started == settled + day.count("calls_in_flight")
    spend = day.count("spend_usd_total")
    orphaned, delivered = day.count("spend_usd_total", fate="orphaned"), day.count("spend_usd_total", fate="delivered")
    assert abs(spend - orphaned - delivered) < IDENTITY_TOLERANCE
    exact = sum((day.billed(name) for name in day.of_basis("exact")), Decimal(0))
    assert abs(day.count("spend_usd_total", basis="exact") - float(exact)) < IDENTITY_TOLERANCE
    assert day.count("avoidable_spend_usd_total") <= orphaned + IDENTITY_TOLERANCE
    assert day.count("departures_total") == sum(
        day.count("calls_settled_total", outcome=outcome)
        for outcome in ("left_early", "undelivered", "orphan_finished", "orphan_cut", "orphan_failed")
    ) + day.count("returns_total")


def test_ledger_and_metrics_agree(day: Day) -> None:
    outcomes = Counter(row["outcome"] for row in day.rows.values())
    assert {name: day.count("calls_settled_total", outcome=name) for name in outcomes} == dict(outcomes)
    spend = sum((usd(row) for row in day.rows.values()), Decimal(0))
    assert abs(day.count("spend_usd_total") - float(spend)) < IDENTITY_TOLERANCE
