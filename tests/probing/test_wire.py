"""Looks: what stands there, or nothing; never an error."""

import asyncio

from sidecar.lifecycle.record import CallKind
from sidecar.probing.methods import Question, method_of
from sidecar.simulator.script import OnClose
from sidecar.simulator.server import Simulator
from tests.end_to_end.probed_provider import ProbedProvider
from tests.probing.probed import destination_at, wire_to


def test_a_look_is_a_body_or_nothing():
    async def scene() -> list[bytes | None]:
        async with ProbedProvider(OnClose.STOPS) as provider:
            wire = wire_to(destination_at(provider.url, "vllm"))
            found = [await wire.look("/metrics"), await wire.look("/api/v1/generation?id=none-9")]
        return [*found, await wire.look("/metrics")]  # nobody is there any more

    page, unknown, gone = asyncio.run(scene())
    assert page is not None
    assert b"vllm:num_requests_running" in page
    assert unknown is gone is None


def test_a_call_is_cut_at_its_moment_and_its_provider_sees_that():
    async def scene():
        async with ProbedProvider(OnClose.STOPS) as provider:
            wire = wire_to(destination_at(provider.url, "vllm"))
            question = Question("llama3.2", CallKind.UNARY, 500, "p1")
            looked: list[int] = []

            async def on_cut() -> None:
                looked.append(len(provider.bill.entries))

            call, _ = await wire.call(method_of("vllm", None), question, 0.3, on_cut)
            await provider.settled()
            return call, provider.bill.entries, looked, provider.headers

    call, entries, looked, headers = asyncio.run(scene())
    assert call.was_cut
    assert 0.3 <= call.seconds < 1.2
    assert [entry.finished_how.value for entry in entries] == ["stopped"]
    assert looked == [0]
    assert headers[0]["x-client-request-id"] == "p1"
    assert "authorization" not in headers[0]


def test_the_road_is_that_of_the_upstream():
    async def scene():
        async with Simulator() as simulator:
            wire = wire_to(destination_at(f"{simulator.url}/base", "openai"))
            question = Question("gpt-4o-mini", CallKind.STREAM, 500, "p1")
            return await wire.call(method_of("openai", None), question, None)

    call, told = asyncio.run(scene())
    assert not call.was_cut
    assert told is not None
    assert call.tokens == told.usage.output
    assert call.identity == "chatcmpl-simulated-1"
    assert call.request_id == "req_simulated_1"
