"""google-genai inside of the sidecar: apart from its environment, its log, and from one tenant to the next."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from sidecar.providers.answer import Credential
from sidecar.providers.operation import Ask
from sidecar.reaper import google_asker
from tests.proxy.messages import reply
from tests.proxy.scripted import Connection
from tests.proxy.sockets import within
from tests.reaper.google_rig import CALLS, TOKEN, Rig, a_rig, is_of_the_sdk

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with a_rig() as made:
        yield made


@pytest.mark.parametrize(("ask", "credential"), [CALLS[1][:2], CALLS[8][:2]], ids=["gemini", "vertex"])
async def test_sidecars_environment_decides_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, ask: Ask, credential: Credential
) -> None:
    for name in ("GEMINI", "VERTEX"):
        monkeypatch.setenv(f"GOOGLE_{name}_BASE_URL", "http://127.0.0.1:1")
    for name, value in {
        "GOOGLE_API_KEY": "canary-of-ours", "GEMINI_API_KEY": "canary-of-ours", "GOOGLE_CLOUD_PROJECT": "ours",
        "GOOGLE_CLOUD_LOCATION": "ours", "GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_GENAI_USE_ENTERPRISE": "true",
        "GOOGLE_GENAI_API_VERSION": "v7", "GOOGLE_GENAI_CLIENT_MODE": "replay", "GOOGLE_API_USE_MTLS_ENDPOINT": "always",
        "GOOGLE_API_USE_CLIENT_CERTIFICATE": "true", "GOOGLE_GENAI_REPLAYS_DIRECTORY": "/nowhere",
        "HTTP_PROXY": "http://127.0.0.1:1", "SSL_CERT_FILE": "/nowhere", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    task = rig.asking(ask, credential)
    connection, request = await rig.asked()
    assert request.lines[0] == f"POST {ask.target} HTTP/1.1".encode()
    assert is_of_the_sdk(request)
    assert b"ours" not in request.head
    await connection.send(reply(b"{}"))
    await within(task)


async def test_questions_of_many_tenants_at_once__each_with_its_own_credential(rig: Rig) -> None:
    tasks = []
    for number in range(40):
        credential = Credential(((b"x-goog-api-key", b"key-%d" % number),), "caller")
        tasks.append(rig.asking(Ask("GET", f"/v1beta/batches/b{number}"), credential))

    async def answer(connection: Connection) -> None:
        while True:
            request = await connection.request()
            number = request.lines[0].partition(b"batches/b")[2].partition(b" ")[0]
            assert b"x-goog-api-key: key-" + number in request.lines
            await connection.send(reply(b'{"name":"batches/b%b"}' % number))

    answering: list[asyncio.Task[None]] = []
    while not all(task.done() for task in tasks):
        if len(rig.road.provider.accepted) > len(answering):
            answering.append(asyncio.create_task(answer(await rig.road.provider.connection())))
        await asyncio.sleep(0.01)
    bodies = [task.result().body for task in tasks]
    assert bodies == [b'{"name":"batches/b%d"}' % number for number in range(40)]
    assert len(answering) <= google_asker.MOST_AT_ONCE
    for each in answering:
        each.cancel()


async def test_sdk_logs_no_credential_and_no_answer(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    task = rig.asking(CALLS[8][0], TOKEN)
    connection, _ = await rig.asked()
    await connection.send(reply(b'{"prompt":"canary"}'))
    await within(task)
    assert "canary" not in caplog.text
