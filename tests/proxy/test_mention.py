"""Polls and cancels by callers: they renew, and their replies say how an operation stands."""

from collections.abc import AsyncIterator

import pytest

from sidecar.providers.gemini import GEMINI
from sidecar.providers.operation import Progress
from sidecar.providers.together import TOGETHER
from sidecar.proxy.seen_operations import SeenOperations
from tests.proxy.messages import get, reply, request
from tests.proxy.operating import CLOSE, DONE, JSON, KEY, QUEUED, RESPONSES, Scene, operating

pytestmark = pytest.mark.anyio

POLL = f"{RESPONSES}/resp_1"
CANCELLED = QUEUED.replace(b"queued", b"cancelled")


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with operating() as made:
        yield made


async def test_poll_renews_the_lease(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll()
    assert scene.watched.renewed_ids == [opened.id]
    assert scene.only().renewed_at > opened.renewed_at


async def test_poll_that_is_refused_renews_as_well(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll(b"{}", status="429 Too Many Requests")
    assert scene.watched.renewed_ids == [opened.id]
    assert scene.watched.seen == []


async def test_poll_for_what_nobody_opened_here_says_nothing(scene: Scene) -> None:
    await scene.opened()
    await scene.poll(target=f"{RESPONSES}/resp_2")
    assert scene.watched.renewed_ids == []


async def test_end_that_the_caller_has_taken_is_claimed(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll(DONE)
    ((id, observed, is_claimed),) = scene.watched.seen
    assert (id, observed.progress, is_claimed) == (opened.id, Progress.SUCCEEDED, True)
    assert scene.watched.ending_ids == [opened.id]
    assert observed.reported is not None
    assert observed.reported.usage.output == 5


async def test_progress_is_told_and_claims_nothing(scene: Scene) -> None:
    await scene.opened()
    await scene.poll()
    ((_, observed, is_claimed),) = scene.watched.seen
    assert (observed.progress, is_claimed) == (Progress.RUNNING, False)


async def test_poller_that_leaves_before_the_reply_has_claimed_nothing(scene: Scene) -> None:
    await scene.opened()
    caller = await scene.road.caller(get(POLL, KEY))
    connection, _ = await scene.road.provider.call()
    caller.leave()
    await connection.was_closed()
    await scene.written()
    assert scene.watched.seen == []


async def test_operation_that_another_process_opened_is_read_late(scene: Scene) -> None:
    opened = await scene.opened()
    scene.renewals._seen = SeenOperations()
    await scene.poll(DONE)
    await scene.written()
    ((id, observed, is_claimed),) = scene.watched.seen
    assert (id, observed.progress, is_claimed) == (opened.id, Progress.SUCCEEDED, True)


async def test_cancel_that_the_provider_has_taken_is_the_callers_own(scene: Scene) -> None:
    await scene.opened()
    caller = await scene.road.caller(request(f"{POLL}/cancel", b"", KEY))
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(CANCELLED, JSON, CLOSE))
    await caller.reply()
    await scene.written()
    assert (scene.only().state, scene.only().cancel_trigger) == ("cancelling", "caller")
    assert scene.watched.seen[0][1].progress is Progress.CANCELLED


async def test_cancel_that_the_provider_declined_changes_nothing(scene: Scene) -> None:
    await scene.opened()
    caller = await scene.road.caller(request(f"{POLL}/cancel", b"", KEY))
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(b"{}", JSON, CLOSE, status="409 Conflict"))
    await caller.reply()
    await scene.written()
    assert scene.only().state == "running"


async def test_poll_shows_its_credential_to_the_memory(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll()
    assert [id for id, *_ in scene.watched.credentials] == [opened.id, opened.id]


async def test_credential_that_the_provider_did_not_accept_is_not_remembered(scene: Scene) -> None:
    opened = await scene.opened()
    await scene.poll(b"{}", status="403 Forbidden")
    assert [id for id, *_ in scene.watched.credentials] == [opened.id]


async def test_operation_that_only_the_query_names_is_heard_of() -> None:
    async with operating("together", TOGETHER) as scene:
        caller = await scene.road.caller(
            request("/together/v1/queue/submit", b'{"model":"m/v","payload":{}}', JSON, KEY)
        )
        connection, _ = await scene.road.provider.call()
        await connection.send(reply(b'{"request_id":"r1"}', JSON, CLOSE))
        await caller.reply()
        await scene.written()
        await scene.poll(b'{"request_id":"r1","status":"running"}', "/together/v1/queue/status?model=m/v&request_id=r1")
        assert scene.watched.heard_ids == [scene.only().id]


async def test_path_of_several_families__the_reply_is_read_by_the_one_that_opened_it() -> None:
    async with operating("gemini", GEMINI) as scene:
        create = "/gemini/v1beta/models/veo-3.1-generate-preview:predictLongRunning"
        body = b'{"instances":[{"prompt":"a"}],"parameters":{"durationSeconds":8}}'
        caller = await scene.road.caller(request(create, body, JSON, "X-Goog-Api-Key: k"))
        connection, _ = await scene.road.provider.call()
        await connection.send(reply(b'{"name":"models/veo-3.1-generate-preview/operations/op1"}', JSON, CLOSE))
        await caller.reply()
        await scene.written()
        made = b"""{"name":"models/veo-3.1-generate-preview/operations/op1","done":true,
        "response":{"generateVideoResponse":{"generatedSamples":[{"video":{"uri":"u"}}]}}}"""
        await scene.poll(made, "/gemini/v1beta/operations/op1")
        ((_, observed, _),) = scene.watched.seen
        assert observed.reported is not None
        assert observed.reported.usage.video_seconds == 8
