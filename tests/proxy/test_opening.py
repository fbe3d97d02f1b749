"""A request that opens an operation: its row comes first, and its reply is read to the end."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sidecar.providers.operation import Progress
from sidecar.proxy import opening
from tests.proxy.messages import CHUNKED, chunk, head, reply, request
from tests.proxy.operating import BATCHES, CLOSE, DONE, JSON, KEY, QUEUED, RESPONSES, Scene, asking, operating

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with operating() as made:
        yield made


async def test_row_is_there_before_a_byte_of_the_create_leaves(scene: Scene) -> None:
    scene.ledger.may_open.clear()
    await scene.create()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await scene.road.provider.call()
    scene.ledger.may_open.set()
    await scene.road.provider.call()
    assert scene.only().state == "opening"


async def test_id_is_learned_from_the_reply(scene: Scene) -> None:
    record = await scene.opened()
    assert (record.state, record.provider_id, record.model, record.method) == (
        "running", "resp_1", "gpt-5-mini", "responses"
    )  # fmt: skip
    assert [move.event for move in scene.moves()] == ["opened", "accepted"]
    assert scene.watched.opened_ids == scene.watched.counted == [record.id]


async def test_what_opens_an_operation_is_no_call(scene: Scene) -> None:
    await scene.opened()
    assert (scene.road.ledger.rows, scene.road.log.records) == ({}, [])
    assert scene.road.counted("calls_started_total") == 0
    assert scene.road.counted("unmetered_total") == 0


async def test_same_path_without_background_is_a_call(scene: Scene) -> None:
    caller = await scene.create(background=False)
    connection, asked = await scene.road.provider.call()
    assert asked.body.endswith(b'"background": false}')
    await connection.send(reply(DONE, JSON, CLOSE))
    await caller.reply()
    assert (await scene.road.settled()).outcome == "delivered"
    assert scene.ledger.rows.records == {}


async def test_request_reaches_the_provider_unchanged(scene: Scene) -> None:
    sent = asking()
    await scene.road.caller(sent[:60], sent[60:])
    _, asked = await scene.road.provider.call()
    assert asked.body == sent.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("background", [True, False])
async def test_large_request_is_not_held_whole(scene: Scene, background: bool) -> None:
    sent = asking(input="x" * 3_000_000, background=background)
    scene.ledger.may_open.clear()
    caller = await scene.road.caller()
    sending = asyncio.create_task(caller.send(sent))
    connection = await scene.road.provider.connection()
    await connection.head()
    scene.ledger.may_open.set()
    body = sent.partition(b"\r\n\r\n")[2]
    assert await connection.read(len(body)) == body
    await sending
    assert len(scene.ledger.rows.records) == background


async def test_last_piece_of_a_large_request_waits_for_the_row(scene: Scene) -> None:
    sent = asking(input="x" * 3_000_000)
    scene.ledger.may_open.clear()
    caller = await scene.road.caller()
    sending = asyncio.create_task(caller.send(sent))
    connection = await scene.road.provider.connection()
    await connection.head()
    body = sent.partition(b"\r\n\r\n")[2]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await connection.read(len(body))
    await sending
    scene.ledger.may_open.set()


async def test_caller_that_leaves__the_reply_is_read_for_the_id(scene: Scene) -> None:
    caller = await scene.create()
    connection, _ = await scene.road.provider.call()
    caller.leave()
    await scene.road.until(lambda: scene.road.context.followed == 1)
    await connection.send(reply(QUEUED, JSON, CLOSE))
    await scene.written()
    assert (scene.only().state, scene.only().provider_id) == ("running", "resp_1")


async def test_caller_that_leaves_while_the_row_is_written__nothing_is_opened(scene: Scene) -> None:
    scene.ledger.may_open.clear()
    caller = await scene.create()
    await scene.road.until(lambda: scene.ledger.is_asked)
    caller.leave()
    await scene.road.at_rest()
    scene.ledger.may_open.set()
    await scene.written()
    assert (scene.only().state, scene.moves()[-1].evidence) == ("failed", "the request was never sent")


async def test_provider_that_declines__failed(scene: Scene) -> None:
    caller = await scene.create()
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(b'{"error":{"message":"no"}}', JSON, CLOSE, status="400 Bad Request"))
    await caller.reply()
    await scene.written()
    assert (scene.only().state, scene.moves()[-1].evidence) == ("failed", "HTTP 400")


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"{}", b'{"id":null}'])
async def test_reply_that_does_not_say_the_id__is_left_to_the_reaper(scene: Scene, answer: bytes) -> None:
    record = await scene.opened(answer)
    assert record.state == "opening"
    assert scene.watched.looked == [record.id]


async def test_reply_that_never_comes__is_left_to_the_reaper(scene: Scene) -> None:
    caller = await scene.create()
    connection, _ = await scene.road.provider.call()
    await connection.reset()
    await caller.until_broken()
    await scene.written()
    assert (scene.only().state, scene.watched.looked) == ("opening", [scene.only().id])


async def test_stream_says_the_id_at_its_beginning(scene: Scene) -> None:
    await scene.create(stream=True)
    connection, _ = await scene.road.provider.call()
    event = b'event: response.created\ndata: {"type":"response.created","response":' + QUEUED + b"}\n\n"
    await connection.send(head("Content-Type: text/event-stream", CHUNKED) + chunk(event))
    await scene.road.until(lambda: scene.only().provider_id == "resp_1")


async def test_stream_whose_caller_has_left_is_cut_once_the_id_is_known(scene: Scene) -> None:
    caller = await scene.create(stream=True)
    connection, _ = await scene.road.provider.call()
    caller.leave()
    await scene.road.until(lambda: scene.road.context.followed == 1)
    event = b'event: response.created\ndata: {"type":"response.created","response":' + QUEUED + b"}\n\n"
    await connection.send(head("Content-Type: text/event-stream", CHUNKED) + chunk(event))
    await connection.was_closed()
    await scene.written()
    assert scene.only().state == "running"


async def test_reply_that_is_the_end_already__is_told_and_claimed(scene: Scene) -> None:
    record = await scene.opened(DONE)
    ((id, observed, is_claimed),) = scene.watched.seen
    assert (id, observed.progress, is_claimed) == (record.id, Progress.SUCCEEDED, True)


async def test_stuck_disk__the_create_goes_on_after_a_while_and_its_row_follows(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "HOLD_SECONDS", 0.05)
    scene.ledger.may_open.clear()
    caller = await scene.create()
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(QUEUED, JSON, CLOSE))
    await caller.reply()
    assert scene.ledger.rows.records == {}
    scene.ledger.may_open.set()
    await scene.written()
    assert scene.only().state == "running"


@pytest.mark.parametrize(
    ("header", "given"),
    [
        ("X-Sidecar-Lease: 5m", (300.0, True, False)),
        ("X-Sidecar-Detach: true", (60.0, False, True)),
        ("X-Other: 1", (60.0, False, False)),
    ],
)  # fmt: skip
async def test_what_the_caller_says_of_its_lease(scene: Scene, header: str, given: tuple[float, bool, bool]) -> None:
    record = await scene.opened(QUEUED, header)
    assert (record.lease_seconds, record.is_lease_asked, record.is_detached) == given


@pytest.mark.parametrize("header", ["X-Sidecar-Lease: soon", "X-Sidecar-Lease: 0", "X-Sidecar-Detach: perhaps"])
async def test_lease_that_can_not_be_read__is_refused_with_a_sentence(scene: Scene, header: str) -> None:
    caller = await scene.create(header)
    answer = await caller.reply()
    assert answer.status == 400
    assert header.partition(":")[0].encode() in answer.body


async def test_credential_is_shown_to_the_memory_and_stands_in_no_row(scene: Scene) -> None:
    record = await scene.opened(QUEUED, "X-Sidecar-Caller: nightly")
    ((id, upstream, caller, fields),) = scene.watched.credentials
    assert (id, upstream, caller, b"sk-canary" in fields) == (record.id, "openai", "nightly", True)
    assert "sk-canary" not in repr(record) + repr(scene.moves())


async def test_batch_is_an_operation_of_its_own_kind(scene: Scene) -> None:
    body = b'{"input_file_id":"file-1","endpoint":"/v1/chat/completions","completion_window":"24h"}'
    caller = await scene.road.caller(request(BATCHES, body, JSON, KEY))
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(b'{"id":"batch_1","object":"batch","status":"validating"}', JSON, CLOSE))
    await caller.reply()
    await scene.written()
    assert (scene.only().kind, scene.only().provider_id, scene.only().path) == ("batch", "batch_1", "/v1/batches")


async def test_query_of_the_create_is_kept_without_its_secrets(scene: Scene) -> None:
    record = await scene.opened(target=f"{RESPONSES}?api-version=2025-04-01&key=sk-canary")
    assert record.path == "/v1/responses?api-version=2025-04-01"


async def test_pipelined_creates_are_two_operations(scene: Scene) -> None:
    caller = await scene.road.caller(asking() + asking())
    for number in (1, 2):
        connection, _ = await scene.road.provider.call()
        await connection.send(reply(QUEUED.replace(b"resp_1", b"resp_%d" % number), JSON, CLOSE))
        await caller.reply()
    await scene.written()
    assert sorted(str(row.provider_id) for row in scene.ledger.rows.records.values()) == ["resp_1", "resp_2"]
