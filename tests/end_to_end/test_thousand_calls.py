"""1,000 mixed calls, a third of which vanish at random moments: the ledger's spend is the provider's bill, to the last digit.

The callers are real SDK clients in one process; a caller vanishes when its task is cancelled, which closes its connection.
"""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack, suppress
from decimal import Decimal
from typing import Any

import pytest
from google.genai.client import AsyncClient
from google.genai.errors import APIError
from google.genai.types import EmbedContentConfig, GenerateContentConfig, GenerateImagesConfig, HttpOptions

from sidecar.lifecycle.call import Outcome
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import Row, RunningSidecar, running_sidecar, usd
from tests.sdk_clients import Mode, Transport, sdk_client

CALLS = 1000
VANISHING = 1 / 3
CONCURRENCY = 100
GENERATE = "gemini-2.5-flash"
SEED = 20261120

pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
]

ORPHANS = {Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED}
IDENTITY_TOLERANCE = 1e-9
"""Counters are floats; the ledger's own figures are exact."""


class Plan:
    """What one caller does, drawn from the seed."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self.name = f"caller-{number:04d}"
        self.transport = dice.choice(list(Transport))
        self.doing = dice.choice(["unary", "unary", "stream", "stream", "embed", "image", "declined"])
        self.mode = Mode.VERTEX if self.doing == "image" else dice.choice(list(Mode))
        self.seconds = dice.uniform(0.05, 0.8)
        self.vanishes_after = dice.uniform(0.0, 0.8) if dice.random() < VANISHING else None
        self.script = (
            f"seconds={self.seconds:.3f} prompt={dice.randint(50, 5000)} output={dice.randint(1, 2000)} "
            f"thoughts={dice.choice([0, 0, 500])} gzip={dice.randint(0, 1)} chunks={dice.randint(1, 12)}"
        )

    def headers(self) -> dict[str, str]:
        script = f"status=429 seconds={self.seconds:.3f}" if self.doing == "declined" else self.script
        if self.doing == "image":
            script = f"seconds={self.seconds:.3f} image_bytes=5000"
        if self.doing == "embed":
            script = f"seconds={self.seconds:.3f}"
        return {"X-Sidecar-Caller": self.name, "X-Simulator-Call": self.name, "X-Simulator": script}


async def _make(plan: Plan, genai: AsyncClient) -> None:
    options = HttpOptions(headers=plan.headers())
    if plan.doing == "stream":
        config = GenerateContentConfig(http_options=options)
        async for _ in await genai.models.generate_content_stream(model=GENERATE, contents="go on", config=config):
            pass
    elif plan.doing == "embed":
        await genai.models.embed_content(
            model="gemini-embedding-001", contents="some words", config=EmbedContentConfig(http_options=options)
        )
    elif plan.doing == "image":
        images = GenerateImagesConfig(http_options=options, number_of_images=2)
        await genai.models.generate_images(model="imagen-4.0-generate-001", prompt="a ship", config=images)
    else:
        config = GenerateContentConfig(http_options=options)
        await genai.models.generate_content(model=GENERATE, contents="go on", config=config)


async def _caller(plan: Plan, genai: AsyncClient, places: asyncio.Semaphore) -> None:
    async with places:
        with suppress(TimeoutError, APIError):
            await asyncio.wait_for(_make(plan, genai), plan.vanishes_after)


async def _all(plans: list[Plan], proxy: str) -> None:
    places = asyncio.Semaphore(CONCURRENCY)
    async with AsyncExitStack() as stack:
        clients = {
            (mode, transport): await stack.enter_async_context(
                sdk_client(mode, f"{proxy}/{mode}", transport=transport).aio
            )
            for mode in Mode
            for transport in Transport
        }
        await asyncio.gather(*(_caller(plan, clients[plan.mode, plan.transport], places) for plan in plans))


class Day:
    """What there is to see afterwards."""

    def __init__(self, sidecar: RunningSidecar, simulator: RunningSimulator, plans: list[Plan]) -> None:
        self.sidecar, self.simulator, self.plans = sidecar, simulator, plans
        self.rows: dict[str, Row] = {row["caller"]: row for row in sidecar.rows()}
        self.metrics = sidecar.metrics()

    def count(self, name: str, **labels: str) -> float:
        wanted = frozenset(labels.items())
        full = f"inference_sidecar_{name}"
        return sum(value for (sample, held), value in self.metrics.items() if sample == full and wanted <= held)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The calls, made once; the tests look at what is left of them."""
    dice = random.Random(SEED)
    plans = [Plan(number, dice) for number in range(CALLS)]
    with running_simulator() as simulator, running_sidecar(tmp_path_factory.mktemp("day"), simulator) as sidecar:
        asyncio.run(_all(plans, sidecar.proxy))
        simulator.settled()
        _wait_until_settled(sidecar)
        yield Day(sidecar, simulator, plans)


def _wait_until_settled(sidecar: RunningSidecar) -> None:
    for _ in range(300):
        if sidecar.total("calls_in_flight") == 0 and all(row["outcome"] for row in sidecar.rows()):
            return
    raise AssertionError("calls are still in flight")


@pytest.mark.timeout(300)
def test_sum_of_spend_is_the_bill(day: Day) -> None:
    spend = sum((usd(row) for row in day.rows.values() if row["spend_usd"] is not None), Decimal(0))
    print(Counter(row["outcome"] for row in day.rows.values()), spend, day.simulator.bill.total_usd)
    assert spend == day.simulator.bill.total_usd
    assert not [row for row in day.rows.values() if row["unpriced_reason"]]


def test_each_call_costs_what_the_bill_says(day: Day) -> None:
    billed = {entry.id: entry.usd for entry in day.simulator.bill.entries}
    assert {name: usd(row) for name, row in day.rows.items() if usd(row)} == {
        name: usd for name, usd in billed.items() if usd
    }


def test_no_caller_that_stayed_is_called_orphaned(day: Day) -> None:
    stayed = [plan.name for plan in day.plans if plan.vanishes_after is None]
    outcomes = Counter(day.rows[name]["outcome"] for name in stayed)
    assert set(outcomes) <= {"delivered", "rejected"}


def test_every_call_the_provider_finished_for_nobody_is_orphaned(day: Day) -> None:
    """Truly orphaned: the caller vanished, and the work ended clearly after that."""
    entries = {entry.id: entry for entry in day.simulator.bill.entries}
    for plan in day.plans:
        entry = entries.get(plan.name)
        if plan.vanishes_after is None or entry is None or plan.seconds < plan.vanishes_after + 0.5:
            continue
        assert day.rows[plan.name]["outcome"] in ORPHANS, (plan.__dict__, entry)


def test_identities_hold_on_the_metrics_page(day: Day) -> None:
    started, settled = day.count("calls_started_total"), day.count("calls_settled_total")
    assert started == settled + day.count("calls_in_flight")
    spend = day.count("spend_usd_total")
    orphaned, delivered = day.count("spend_usd_total", fate="orphaned"), day.count("spend_usd_total", fate="delivered")
    assert abs(spend - orphaned - delivered) < IDENTITY_TOLERANCE
    assert abs(spend - float(day.simulator.bill.total_usd)) < IDENTITY_TOLERANCE
    assert day.count("avoidable_spend_usd_total") <= orphaned + IDENTITY_TOLERANCE
    assert day.count("departures_total") == sum(
        day.count("calls_settled_total", outcome=outcome)
        for outcome in ("left_early", "undelivered", "orphan_finished", "orphan_cut", "orphan_failed")
    ) + day.count("returns_total")


def test_ledger_and_metrics_agree(day: Day) -> None:
    outcomes = Counter(row["outcome"] for row in day.rows.values())
    assert {name: day.count("calls_settled_total", outcome=name) for name in outcomes} == dict(outcomes)
