"""The SDKs do what our errors advise: they come again where it helps, and only there."""

from typing import Any

import anthropic
import openai
import pytest

from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

MESSAGES: Any = [{"role": "user", "content": "hello"}]
SETTINGS: Any = {"api_key": "key", "max_retries": 1, "timeout": 3.0}
UPGRADE = {"Connection": "Upgrade", "Upgrade": "another/1"}


async def ask(sdk: str, road: Road, headers: dict[str, str]) -> int:
    """One call that must fail; returns the status that the program sees after at most one retry."""
    failed: openai.APIStatusError | anthropic.APIStatusError
    address = "http://{}:{}/gemini".format(*road.address)
    if sdk == "openai":
        async with openai.AsyncOpenAI(base_url=f"{address}/v1", **SETTINGS) as openai_client:
            with pytest.raises(openai.APIStatusError) as by_openai:
                await openai_client.chat.completions.create(model="m", messages=MESSAGES, extra_headers=headers)
        failed = by_openai.value
    else:
        async with anthropic.AsyncAnthropic(base_url=address, **SETTINGS) as anthropic_client:
            with pytest.raises(anthropic.APIStatusError) as by_anthropic:
                await anthropic_client.messages.create(
                    model="m", max_tokens=1, messages=MESSAGES, extra_headers=headers
                )
        failed = by_anthropic.value
    await road.at_rest()
    return failed.response.status_code


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
async def test_refusal_that_will_always_come_again__asked_once(road: Road, sdk: str) -> None:
    assert await ask(sdk, road, UPGRADE) == 501
    assert road.counted("exchanges_total", code="501") == 1


@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
async def test_provider_that_could_not_be_reached__asked_again(closed_port: int, sdk: str) -> None:
    async with a_road(port=closed_port) as road:
        assert await ask(sdk, road, {}) == 502
        assert road.counted("exchanges_total", code="502") == 2


async def test_draining__asked_again_a_second_later(road: Road) -> None:
    road.context.is_draining = True
    began_ns = road.context.clock.monotonic_ns()
    assert await ask("openai", road, {}) == 503
    assert road.counted("exchanges_total", code="503") == 2
    assert road.context.clock.monotonic_ns() - began_ns > 0.95e9
