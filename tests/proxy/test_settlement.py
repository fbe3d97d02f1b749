"""What happened to a call, and what its row says of the money: amounts, basis, reasons, and who got the tokens."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.metering.override import Override
from tests.proxy.messages import LAST, PROMPT, SSE, STREAM, UNARY, UNARY_REPLY, answer, event, reply, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio

INPUT_USD, OUTPUT_USD = Decimal(1), Decimal(2)
"""Per million tokens, by override, so that the sums below can be done in the head: 10 in, 50 out are 110 millionths."""
WHOLE, NOTHING = Decimal("0.00011"), Decimal(0)
Scene = Callable[[Road], Awaitable[None]]


async def delivered(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()


async def delivered_without_usage(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}"))
    await caller.reply()


async def declined(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(reply(b"{}", status="400 Bad Request"))
    await caller.reply()


async def left_while_waiting(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    caller.leave()
    await road.until(lambda: road.context.followed)
    await connection.send(UNARY_REPLY)


async def left_midway(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(20))
    await caller.read(b"\r\n\r\n\r\n")
    caller.leave()
    await road.until(lambda: road.context.followed)
    await connection.send(event(50, finish="STOP") + LAST)


async def left_midway_and_cut(road: Road) -> None:
    caller = await road.caller(request(STREAM, b"{}", "X-Sidecar-On-Departure: cut"))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(20))
    await caller.read(b"\r\n\r\n\r\n")
    caller.leave()
    await connection.was_closed()


async def left_while_waiting_and_cut(road: Road) -> None:
    caller = await road.caller(request(UNARY, PROMPT, "X-Sidecar-On-Departure: cut"))
    connection, _ = await road.provider.call()
    caller.leave()
    await connection.was_closed()


async def left_during_upload(road: Road) -> None:
    caller = await road.caller(request()[:-1])
    await (await road.provider.connection()).head()
    caller.leave()


async def broken_while_waiting(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.close()
    await caller.until_broken()


async def broken_midway(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(20))
    await caller.read(b"\r\n\r\n\r\n")
    await connection.close()
    await caller.until_broken()


async def broken_after_the_terminal_event(road: Road) -> None:
    caller = await road.caller(request(STREAM))
    connection, _ = await road.provider.call()
    await connection.send(SSE + event(50, finish="STOP"))
    await caller.read(b"\r\n\r\n\r\n")
    await connection.close()
    await caller.until_broken()


async def reset_right_after(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    await caller.reply()
    caller.reset()


TABLE: dict[str, tuple[Scene, str, tuple[Decimal | None, Decimal | None, str | None, str | None, str | None]]] = {
    # what happened: outcome, (spend, orphaned, basis, why not exact, why unpriced)
    "delivered": (delivered, "delivered", (WHOLE, NOTHING, "exact", None, None)),
    "no usage": (delivered_without_usage, "delivered", (None, None, None, None, "no_usage")),
    "declined": (declined, "rejected", (NOTHING, NOTHING, "exact", None, None)),
    "left while waiting": (left_while_waiting, "orphan_finished", (WHOLE, WHOLE, "exact", None, None)),
    "left midway": (left_midway, "orphan_finished", (WHOLE, Decimal("0.00006"), "exact", None, None)),
    "left midway, cut": (
        left_midway_and_cut,
        "orphan_cut",
        (Decimal("0.00005"), NOTHING, "at_least", "unfinished", None),
    ),
    "left waiting, cut": (
        left_while_waiting_and_cut,
        "orphan_cut",
        (Decimal("0.000002"), Decimal("0.000002"), "estimated", "no_answer", None),
    ),
    "left during upload": (left_during_upload, "left_early", (NOTHING, NOTHING, "exact", None, None)),
    "broken while waiting": (broken_while_waiting, "upstream_failed", (None, None, None, None, "no_usage")),
    "broken midway": (broken_midway, "upstream_failed", (Decimal("0.00005"), NOTHING, "at_least", "unfinished", None)),
    "broken at the end": (
        broken_after_the_terminal_event,
        "upstream_failed",
        (WHOLE, NOTHING, "at_least", "end_not_seen", None),
    ),
    "reset right after": (reset_right_after, "undelivered", (WHOLE, WHOLE, "exact", None, None)),
}


def money(row: CallRecord) -> tuple[Decimal | None, Decimal | None, str | None, str | None, str | None]:
    return row.spend_usd, row.orphaned_usd, row.basis, row.basis_reason, row.unpriced_reason


@pytest.fixture
def overrides() -> list[Override]:
    return [Override(model="gemini-*", input_per_mtok_usd=INPUT_USD, output_per_mtok_usd=OUTPUT_USD)]


@pytest.mark.parametrize(("scene", "outcome", "expected"), TABLE.values(), ids=TABLE)
async def test_row_says_what_happened_and_what_is_known_of_the_money(
    overrides: list[Override], scene: Scene, outcome: str, expected: object
) -> None:
    async with a_road(overrides=overrides) as road:
        await scene(road)
        row = await road.settled()
        assert (row.outcome, money(row)) == (outcome, expected)
        assert row.price_source == ("override:1" if row.usage else None)
        ((stored, _),) = road.ledger.rows.values()
        assert stored == row
        fates = [road.counted("spend_usd_total", fate=fate) for fate in ("delivered", "orphaned")]
        assert sum(fates) == pytest.approx(float(row.spend_usd or 0))
        assert fates[1] == pytest.approx(float(row.orphaned_usd or 0))
        assert road.counted("unpriced_total") == (row.unpriced_reason is not None)
        assert road.counted("tokens_total") == sum(row.usage.values())


async def test_model_that_served_is_the_one_that_is_billed(overrides: list[Override]) -> None:
    async with a_road(overrides=overrides) as road:
        caller = await road.caller(request("/gemini/v1/models/an-alias:generateContent"))
        connection, _ = await road.provider.call()
        await connection.send(UNARY_REPLY)
        await caller.reply()
        row = await road.settled()
        assert (row.model, row.spend_usd) == ("gemini-2.5-flash", WHOLE)


async def test_model_that_was_asked_for_is_billed_where_nobody_knows_the_one_that_served(
    overrides: list[Override],
) -> None:
    async with a_road(overrides=overrides) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await connection.send(reply(answer().replace(b"gemini-2.5-flash", b"secret-name")))
        await caller.reply()
        row = await road.settled()
        assert (row.model, row.spend_usd) == ("secret-name", WHOLE)


async def test_model_that_nobody_knows__unpriced_with_its_tokens_counted() -> None:
    async with a_road() as road:
        caller = await road.caller(request("/gemini/v1/models/nobody-knows-it:generateContent"))
        connection, _ = await road.provider.call()
        await connection.send(reply(answer().replace(b"gemini-2.5-flash", b"secret-name")))
        await caller.reply()
        row = await road.settled()
        assert (row.spend_usd, row.unpriced_reason, row.usage) == (None, "unknown_model", {"input": 10, "output": 50})
        assert road.counted("tokens_total") == 60
