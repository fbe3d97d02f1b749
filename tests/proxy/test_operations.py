"""What the road tells of operations: who stands behind them, and what the rows hear."""

from collections.abc import AsyncIterator

import pytest

from sidecar.callers.exits import NOT_SHOWN
from sidecar.providers.fal import FAL_QUEUE
from tests.proxy.messages import request
from tests.proxy.operating import BATCHES, JSON, KEY, Scene, operating

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with operating() as made:
        yield made


async def test_caller_in_our_own_process_is_nobody_who_could_exit(scene: Scene) -> None:
    await scene.opened()
    await scene.road.until(lambda: scene.troubles)
    assert scene.troubles == [NOT_SHOWN]


async def test_ledger_that_can_not_be_written__is_told_and_the_create_goes_on(scene: Scene) -> None:
    scene.ledger.is_broken = True
    await scene.create()
    await scene.road.provider.call()
    assert scene.troubles
    scene.ledger.is_broken = False


async def test_file_of_a_batch_is_its_mark_and_is_not_kept_as_it_is(scene: Scene) -> None:
    await scene.road.caller(request(BATCHES, b'{"input_file_id":"file-canary","endpoint":"/v1/responses"}', JSON, KEY))
    await scene.road.provider.call()
    assert scene.only().mark
    assert "file-canary" not in repr(scene.only())


async def test_webhook_in_the_query_means_that_its_caller_does_not_wait() -> None:
    async with operating("fal-queue", FAL_QUEUE) as scene:
        await scene.road.caller(request("/fal-queue/fal-ai/flux/dev?fal_webhook=https://a.example/", b"{}", JSON, KEY))
        await scene.road.provider.call()
        assert scene.only().is_detached
