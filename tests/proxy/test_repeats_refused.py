"""A retry that would be paid twice, because the answer to its first attempt is too large to be handed on."""

import pytest

from tests.proxy.messages import UNARY_REPLY, head
from tests.proxy.rescuing import abandoned, call, rescue
from tests.proxy.road import a_road

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("is_left_first", [True, False])
async def test_refused__where_the_settings_say_so(is_left_first: bool) -> None:
    async with a_road(limits=rescue(max_answer_bytes=1000, refuses_repeats=True)) as road:
        beginning = head("Content-Length: 4000") + b"x" * 2000
        connection = await abandoned(road, call(), *(() if is_left_first else (beginning,)))
        if is_left_first:
            await connection.send(beginning)
        await road.until(lambda: road.context.shelf.kept()[1] == 0)
        retry = await road.caller(call())
        got = await retry.reply()
        assert (got.status, got.header("x-should-retry")) == (425, b"false")
        assert b"rescue.max_answer_bytes" in got.body
        await connection.send(b"x" * 2000)
        again = await road.caller(call())
        assert (await again.reply()).status == 425
        assert road.counted("repeats_refused_total") == 2


async def test_goes_on_as_it_is__where_they_do_not() -> None:
    async with a_road(limits=rescue(max_answer_bytes=1000)) as road:
        connection = await abandoned(road, call())
        await connection.send(head("Content-Length: 4000") + b"x" * 2000)
        retry = await road.caller(call())
        own, _ = await road.provider.call()
        await own.send(UNARY_REPLY)
        assert (await retry.reply()).status == 200
