"""Requests of our own through the pool: the whole answer, or nothing left behind."""

import asyncio
import gc

import msgspec
import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.answer import Answer, AnswerTooLarge, Credential, Fields, Signable, Unreachable
from sidecar.providers.operation import Ask
from sidecar.proxy.asking import Bounds, UpstreamAsker, ask
from tests.proxy.messages import CHUNKED, LAST, chunk, head, reply
from tests.proxy.road import Road, a_road
from tests.proxy.sockets import within

pytestmark = pytest.mark.anyio

POLL = Ask("GET", "/v1beta/batches/b")
CANCEL = Ask("POST", "/v1beta/batches/b:cancel")
KEY: Fields = ((b"x-goog-api-key", b"canary-key"),)
RECORD = OperationRecord(
    id="o1", upstream="gemini", provider="google", dialect="gemini", method="batchGenerateContent",
    kind=OperationKind.BATCH, model="m", opened_at=0, path="/v1beta/models/m:batchGenerateContent",
    lease_seconds=60.0, renewed_at=0, due_at=0,
)  # fmt: skip


def asking(road: Road, question: Ask = POLL, **options: object) -> "asyncio.Task[Answer]":
    destination = road.context.destinations[b"gemini"]
    return asyncio.create_task(ask(road.context, destination, question, KEY, **options))  # type: ignore[arg-type]


async def refusal(road: Road, task: "asyncio.Task[Answer]") -> str:
    with pytest.raises(Unreachable) as why:
        await within(task)
    assert "canary" not in str(why.value)
    return str(why.value)


def nothing_is_left(road: Road) -> bool:
    states = road.context.pool.connections()
    return not any(count for (_, state), count in states.items() if state != "idle")


async def test_cancel_goes_out_byte_for_byte_and_comes_back_whole(road: Road) -> None:
    task = asking(road, CANCEL)
    connection, request = await road.provider.call()
    assert request.lines[0] == b"POST /v1beta/batches/b:cancel HTTP/1.1"
    assert request.lines[1] == b"Host: 127.0.0.1:%d" % road.provider.port
    assert {b"x-goog-api-key: canary-key", b"content-length: 0"} <= set(request.lines)
    await connection.send(reply(b"{}", "Content-Type: application/json"))
    assert await within(task) == Answer(200, b"{}", "application/json")


@pytest.mark.parametrize("status", ["404 Not Found", "429 Slow Down", "500 No", "499 Cancelled"])
async def test_every_status_is_an_answer(road: Road, status: str) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(reply(b'{"error":1}', "Retry-After: 7", status=status))
    answer = await within(task)
    assert (answer.status, answer.body, answer.retry_after_seconds) == (int(status[:3]), b'{"error":1}', 7.0)


async def test_chunks_and_interim_heads_are_one_answer(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(head(status="103 Early Hints"), head(CHUNKED), chunk(b"ab"), chunk(b"c"), LAST)
    assert (await within(task)).body == b"abc"


async def test_answer_until_the_connection_ends_is_one(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(head() + b"abc")
    await connection.close()
    assert (await within(task)).body == b"abc"


async def test_connection_is_kept_for_the_next_question(road: Road) -> None:
    first = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(reply(b"1"))
    await within(first)
    second = asking(road, CANCEL)
    await connection.request()
    await connection.send(reply(b"2"))
    assert (await within(second)).body == b"2"
    assert len(road.provider.accepted) == 1


async def test_answer_that_does_not_end_in_time__is_none_and_its_connection_is_dropped(road: Road) -> None:
    task = asking(road, bounds=Bounds(timeout_seconds=0.05))
    connection, _ = await road.provider.call()
    await connection.send(head("Content-Length: 10") + b"12345")
    assert await refusal(road, task) == "upstream gemini: no answer within 0.05 s"
    await connection.was_closed()
    await road.until(lambda: nothing_is_left(road))


async def test_answer_that_is_too_large__is_none_and_its_connection_is_dropped(road: Road) -> None:
    task = asking(road, bounds=Bounds(most_bytes=9))
    connection, _ = await road.provider.call()
    await connection.send(head("Content-Length: 20"), b"0123456789")
    with pytest.raises(AnswerTooLarge, match="larger than 9 bytes"):
        await within(task)
    await connection.was_closed()


async def test_large_answer_in_one_piece_is_too_large_also_when_it_ends_with_it(road: Road) -> None:
    task = asking(road, bounds=Bounds(most_bytes=9))
    connection, _ = await road.provider.call()
    await connection.send(reply(b"0123456789"))
    with pytest.raises(AnswerTooLarge):
        await within(task)
    await road.until(lambda: nothing_is_left(road))


async def test_whoever_is_cancelled_while_waiting__leaves_no_connection(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    task.cancel()
    await connection.was_closed()
    await road.until(lambda: nothing_is_left(road))
    assert task.cancelled()


async def test_whoever_is_cancelled_while_connecting__leaves_no_connection(stuck_port: int) -> None:
    async with a_road(port=stuck_port) as road:
        task = asking(road)
        await road.until(lambda: not nothing_is_left(road))
        task.cancel()
        await road.until(lambda: nothing_is_left(road))


async def test_broken_connection_is_no_answer(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(head("Content-Length: 10") + b"12345")
    await connection.reset()
    assert "before its reply had ended" in await refusal(road, task)


async def test_broken_framing_is_no_answer(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
    assert "the provider's reply is broken" in await refusal(road, task)


async def test_nobody_there_is_no_answer(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        assert "127.0.0.1" in await refusal(road, asking(road))


async def test_full_line_is_no_answer() -> None:
    async with a_road(limits={"max_upstream_connections": 1, "connect_seconds": 0.05}) as road:
        first = asking(road)
        connection, _ = await road.provider.call()
        assert "all 1 connections were busy" in await refusal(road, asking(road))
        await connection.send(reply(b""))
        await within(first)


async def test_answer_before_the_request_was_taken__costs_the_connection(road: Road) -> None:
    task = asking(road, Ask("POST", "/v1/x", b"x" * 16_000_000))
    connection = await road.provider.connection()
    await connection.head()
    connection.stop_reading()
    await connection.send(reply(b"no", status="413 Too Large"))
    assert (await within(task)).status == 413
    connection.read_on()
    await connection.was_closed()


async def test_question_that_was_never_awaited_to_its_end_raises_nothing_behind(road: Road) -> None:
    task = asking(road)
    connection, _ = await road.provider.call()
    task.cancel()
    await connection.reset()
    await road.until(task.done)
    del task
    gc.collect()
    assert not road.faults


# === by operation ===


async def test_operation_is_asked_about_at_its_own_upstream_with_its_credential(road: Road) -> None:
    asker = UpstreamAsker(road.context, wanted_headers=lambda _: ("x-a",))
    task = asyncio.create_task(asker.ask(RECORD, POLL, Credential(KEY, "caller")))
    connection, request = await road.provider.call()
    assert b"x-goog-api-key: canary-key" in request.lines
    await connection.send(reply(b"{}", "X-A: b"))
    assert (await within(task)).headers == {"x-a": "b"}


async def test_without_a_credential_the_request_has_none(road: Road) -> None:
    task = asyncio.create_task(UpstreamAsker(road.context).ask(RECORD, POLL, None))
    connection, request = await road.provider.call()
    names = [line.partition(b":")[0].lower() for line in request.lines[1:]]
    assert names == [b"host", b"user-agent", b"accept"]
    await connection.send(reply(b"{}"))
    await within(task)


async def test_credential_that_signs__signs_what_goes_out(road: Road) -> None:
    async def sign(request: Signable) -> Fields:
        return ((b"authorization", f"AWS4 {request.verb} {request.url}".encode()),)

    task = asyncio.create_task(UpstreamAsker(road.context).ask(RECORD, CANCEL, Credential((), "aws", sign)))
    connection, request = await road.provider.call()
    url = f"http://127.0.0.1:{road.provider.port}/v1beta/batches/b:cancel"
    assert f"authorization: AWS4 POST {url}".encode() in request.lines
    await connection.send(reply(b"{}"))
    await within(task)


async def test_upstream_that_is_gone_from_the_settings__is_said(road: Road) -> None:
    record = msgspec.structs.replace(RECORD, upstream="old")
    with pytest.raises(Unreachable, match="upstream old: is not in the settings any more"):
        await UpstreamAsker(road.context).ask(record, POLL, Credential(KEY, "caller"))
