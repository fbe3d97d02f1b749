"""The plan carried out: uncut, cut, uncut; looks where there is something to look at; never more than was allowed."""

import asyncio
from decimal import Decimal

import msgspec

from sidecar.cli.probing import plan_for
from sidecar.clock import SystemClock
from sidecar.lifecycle.policy import OnClose
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.probing.measuring import Measuring
from sidecar.probing.plan import Budget, Cost
from sidecar.simulator.script import OnClose as Does
from tests.end_to_end.probed_provider import ProbedProvider
from tests.probing.probed import asked, destination_at, probed, wire_to


def test_uncut_calls_stand_around_the_cut_ones():
    async def scene():
        async with ProbedProvider(Does.STOPS) as provider:
            _, measured = await probed(provider.url, "vllm", "llama3.2", 0.5, unary=False)
            return measured, provider.looks

    measured, looks = asyncio.run(scene())
    assert [call.was_cut for call in measured.calls] == [False, True, False]
    assert [verdict.on_close for verdict in measured.verdicts] == [OnClose.STOPS]
    assert set(looks) == {"/metrics"}
    cut = measured.calls[1]
    assert cut.before is not None
    assert [look.is_at_work for look in cut.meanwhile] == [True]
    assert cut.after[-1].is_at_work is False


def test_a_server_that_shows_nothing__no_source():
    async def scene():
        async with ProbedProvider(Does.STOPS) as provider:
            provider.is_silent = True
            return (await probed(provider.url, "vllm", "llama3.2", unary=False))[1]

    measured = asyncio.run(scene())
    assert measured.source == ""
    assert [verdict.on_close for verdict in measured.verdicts] == [OnClose.UNKNOWN]


def test_llama_cpp_without_metrics_is_looked_at_by_its_slots():
    class WithoutMetrics(ProbedProvider):
        def _metrics(self):
            return None

    async def scene():
        async with WithoutMetrics(Does.RUNS_ON) as provider:
            return (await probed(provider.url, "llama_cpp", "llama3.2", 0.1, unary=False))[1]

    measured = asyncio.run(scene())
    assert measured.source == "its /slots"
    assert [verdict.on_close for verdict in measured.verdicts] == [OnClose.RUNS_ON]


def test_a_provider_that_writes_more_than_it_was_asked_for_is_left_after_one_call():
    async def scene():
        async with ProbedProvider(Does.STOPS, output=5_000, seconds=0.1) as provider:
            destination = destination_at(provider.url, "vllm")
            plan = msgspec.structs.replace(plan_for(asked("llama3.2"), destination, provider.url), kinds=("stream",))
            book = PriceBook([Override(model="*", output_per_mtok_usd=Decimal(10))])
            budget = Budget(Decimal("0.05"), Cost(Decimal("0.005"), "an override"), plan.requests)
            measuring = Measuring(plan, wire_to(destination), budget, book, SystemClock(), lambda _: None, 0.2)
            return await measuring.run(), len(provider.bill.entries)

    measured, calls = asyncio.run(scene())
    assert calls == 1
    assert measured.stopped.startswith("what was allowed is spent")
