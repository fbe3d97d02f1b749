"""How a retry is given another call's answer: all of it, in its own framing, as fast as it takes it."""

import pytest

from tests.proxy.messages import CHUNKED, SSE, answer, chunk, head, reply
from tests.proxy.rescuing import abandoned, call, joined, outcomes, rescue, rows, stream
from tests.proxy.road import a_road

pytestmark = pytest.mark.anyio


async def test_fields_are_the_providers_and_one_names_the_call() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(reply(answer(), "Content-Type: application/json", "X-Request-Id: r1"))
        got = await retry.reply()
        assert (got.header("x-request-id"), got.header("content-type")) == (b"r1", b"application/json")
        first, _ = await rows(road, 2)
        assert got.header("x-sidecar-rescued") == first.id.encode()


async def test_head_goes_out_before_the_first_piece_has_come() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, stream())
        retry = await joined(road, stream())
        await connection.send(SSE)
        assert await retry.read(b"\r\n\r\n")
        await connection.send(chunk(b"data: x\n\n") + b"0\r\n\r\n")
        await retry.read(b"0\r\n\r\n")


async def test_answer_without_a_body__handed_over() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(reply())
        assert (await retry.reply()).body == b""
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_answer_that_ends_with_its_connection__ends_with_the_retrys() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(head("Content-Type: text/plain") + b"to the end")
        await connection.close()
        assert (await retry.rest()).endswith(b"to the end")
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_retry_that_speaks_http_1_0__gets_it_without_chunks() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        await connection.send(head(CHUNKED) + chunk(b"one ") + chunk(b"two") + b"0\r\n\r\n")
        assert (await retry.rest()).endswith(b"\r\n\r\none two")


async def test_first_attempt_that_spoke_http_1_0__the_retry_gets_it_in_chunks() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call().replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        retry = await joined(road, call())
        await connection.send(head(CHUNKED) + chunk(b"one ") + chunk(b"two") + b"0\r\n\r\n")
        got = await retry.reply()
        assert (got.body, got.header("transfer-encoding")) == (b"one two", b"chunked")


async def test_connection_of_a_retry_carries_the_next_request() -> None:
    async with a_road(limits=rescue()) as road:
        connection = await abandoned(road, call())
        retry = await joined(road, call())
        await connection.send(reply(answer()))
        await retry.reply()
        await retry.send(call(body=b"{}"))
        await connection.request()
        await connection.send(reply(b"another"))
        assert (await retry.reply()).body == b"another"


@pytest.mark.parametrize("is_whole", [True, False])
async def test_retry_that_reads_slowly__gets_all_of_it_and_the_provider_waits(is_whole: bool) -> None:
    body = b"".join(b"%07d\n" % number for number in range(150_000))
    async with a_road(limits=rescue(max_bytes=4_000_000, max_answer_bytes=4_000_000)) as road:
        connection = await abandoned(road, call())
        half = len(body) if is_whole else len(body) // 2
        await connection.send(head(f"Content-Length: {len(body)}") + body[:half])
        await road.until(lambda: road.context.shelf.kept()[0] >= half - 10)
        retry = await road.caller(call(), receive_buffer=4096)
        await road.until(lambda: len(road.context.downstreams) == 1)
        road.feel_slow_readers()
        connection.writer.write(body[half:])
        assert (await retry.reply()).body == body
        assert await outcomes(road, 2) == ["rescued", "joined"]


async def test_slow_retry_of_an_answer_too_large_to_be_kept__no_more_is_read_than_it_takes() -> None:
    body = b"x" * 4_000_000
    async with a_road(limits=rescue(max_answer_bytes=100_000)) as road:
        connection = await abandoned(road, call())
        retry = await road.caller(call(), receive_buffer=4096)
        await road.until(lambda: len(road.context.live) == 2)
        road.feel_slow_readers()
        connection.writer.write(head(f"Content-Length: {len(body)}") + body)
        await retry.receive()
        assert road.context.shelf.kept()[0] < 600_000
        retry.leave()
        assert await outcomes(road, 2) == ["orphan_finished", "left_early"]
