"""Google's operations asked about with the real google-genai, down to the bytes on the wire."""

import asyncio
import sys
from collections.abc import AsyncIterator

import msgspec
import pytest

from sidecar.providers.answer import Answer, Credential, Unreachable
from sidecar.providers.operation import Ask
from tests.proxy.messages import reply
from tests.proxy.sockets import within
from tests.reaper.google_rig import BATCH, CALLS, Rig, V, a_rig, is_of_the_sdk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as made:
        yield made


@pytest.mark.parametrize(("ask", "credential", "query"), CALLS, ids=[call[0].target for call in CALLS])
async def test_sdk_sends_what_the_dialect_asks_for(rig: Rig, ask: Ask, credential: Credential, query: bytes) -> None:
    task = rig.asking(ask, credential)
    connection, request = await rig.asked()
    assert is_of_the_sdk(request)
    assert request.lines[:2] == [
        b"%b %b%b HTTP/1.1" % (ask.verb.encode(), ask.target.encode(), query),
        b"Host: 127.0.0.1:%d" % rig.road.provider.port,
    ]
    assert {b"%b: %b" % field for field in credential.fields} <= set(request.lines)
    assert b"none" not in request.head  # what stands in for the credential inside of the SDK
    assert msgspec.json.decode(request.body or b"null") == msgspec.json.decode(ask.body or b"null")
    if ask.verb == "POST" and not ask.body:
        assert b"content-length: 0" in request.lines
    await connection.send(reply(b"{}", "Content-Type: application/json"))
    assert await within(task) == Answer(200, b"{}", "application/json")


async def test_header_fields_of_a_cancel_are_these_and_no_others(rig: Rig) -> None:
    task = rig.asking(Ask("POST", "/v1beta/batches/b:cancel"))
    connection, request = await rig.asked()
    assert [line.partition(b":")[0].lower() for line in request.lines[1:]] == [
        b"host", b"accept", b"content-type", b"user-agent", b"x-goog-api-client", b"x-goog-api-key", b"content-length",
    ]  # fmt: skip
    await connection.send(reply(b""))
    assert await within(task) == Answer(200)  # an empty 200 means success too (google-wire 4, caveat b)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("200 OK", BATCH),
        ("200 OK", b"not json"),
        ("200 OK", b'{"state": 17, "unheard": {"of": []}}'),
        ("400 Bad Request", b'{"error":{"code":400,"status":"FAILED_PRECONDITION"}}'),
        ("404 Not Found", b"<html>"),
        ("409 Conflict", b"{}"),
        ("499 Cancelled", b'{"error":{"code":499,"status":"CANCELLED"}}'),
        ("501 No", b'{"error":{"code":501,"status":"UNIMPLEMENTED"}}'),
        ("503 Later", b""),
        ("302 Found", b""),
    ],
)
@pytest.mark.parametrize("target", ["/v1beta/batches/b", "/v1beta/interactions/i"])
async def test_answer_is_the_providers_own__asked_for_once(rig: Rig, target: str, status: str, body: bytes) -> None:
    task = rig.asking(Ask("GET", target))
    connection, _ = await rig.asked()
    await connection.send(reply(body, "Location: /v1beta/other", status=status))
    answer = await within(task)
    assert (answer.status, answer.body) == (int(status[:3]), body)
    assert len(rig.road.provider.accepted) == 1
    await connection.close()
    assert await connection.reader.read() == b""


async def test_interaction_that_wants_to_be_continued_is_not(rig: Rig) -> None:
    """A continuation is a new interaction, which costs money (google-wire 6)."""
    task = rig.asking(Ask("GET", "/v1beta/interactions/i"))
    connection, _ = await rig.asked()
    body = b'{"id":"i","object":"interaction","status":"requires_continuation","continuation_token":"t"}'
    await connection.send(reply(body, "Content-Type: application/json"))
    assert (await within(task)).body == body
    await connection.close()
    assert await connection.reader.read() == b""


async def test_wait_that_an_error_asks_for_in_its_body_is_told(rig: Rig) -> None:
    task = rig.asking(Ask("POST", "/v1beta/batches/b:cancel"))
    connection, _ = await rig.asked()
    await connection.send(reply(b'{"error":{"details":[{"retryDelay":"38s"}]}}', status="429 Too Many"))
    assert (await within(task)).retry_after_seconds == 38.0


async def test_connection_that_breaks_is_no_answer__and_is_not_tried_again(rig: Rig) -> None:
    task = rig.asking(Ask("POST", "/v1beta/interactions/i/cancel"))
    connection, _ = await rig.asked()
    await connection.reset()
    with pytest.raises(Unreachable, match="upstream gemini: the provider closed the connection"):
        await within(task)
    assert len(rig.road.provider.accepted) == 1


async def test_whoever_is_cancelled_leaves_no_connection(rig: Rig) -> None:
    task = rig.asking(Ask("GET", "/v1beta/batches/b"))
    connection, _ = await rig.asked()
    task.cancel()
    await connection.was_closed()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "ask",
    [
        Ask("GET", "/v1beta/batches?pageSize=100"),
        Ask("GET", "/v1beta/batches/b?alt=json"),
        Ask("POST", f"{V}/operations/o:cancel"),
        Ask("GET", "/v1beta/batches/b%20c"),
    ],
    ids=lambda ask: ask.target,
)
async def test_what_the_sdk_has_no_call_for_goes_as_it_is(rig: Rig, ask: Ask) -> None:
    task = rig.asking(ask)
    connection, request = await rig.asked()
    assert request.lines[0] == f"{ask.verb} {ask.target} HTTP/1.1".encode()
    await connection.send(reply(b"{}"))
    assert (await within(task)).status == 200


async def test_other_dialects_go_as_they_are(rig: Rig) -> None:
    task = rig.asking(Ask("GET", "/v1/batches/b"), dialect="openai")
    connection, request = await rig.asked()
    assert not is_of_the_sdk(request)
    await connection.send(reply(b"{}"))
    await within(task)
    assert rig.asker._sdk is None


async def test_sdk_is_loaded_before_it_is_wanted__and_then_only_used(rig: Rig) -> None:
    await rig.asker.load(Ask("POST", "/v1beta/batches/b:cancel"))
    loaded = rig.asker._sdk
    assert loaded is not None
    task = rig.asking(Ask("POST", "/v1beta/batches/b:cancel"))
    connection, _ = await rig.asked()
    await connection.send(reply(b"{}"))
    await within(task)
    assert rig.asker._sdk is loaded


async def test_nothing_is_loaded_for_what_the_sdk_has_no_call_for(rig: Rig) -> None:
    await rig.asker.load(Ask("GET", "/v1beta/nothing/of/it"))
    assert rig.asker._sdk is None


async def test_broken_installation_keeps_nobody_from_cancelling(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sidecar.reaper.google_sdk", None)
    task = rig.asking(Ask("POST", "/v1beta/batches/b:cancel"))
    connection, request = await rig.asked()
    assert not is_of_the_sdk(request)
    await connection.send(reply(b"{}"))
    assert (await within(task)).status == 200
