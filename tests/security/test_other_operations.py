"""Threat 13: who names somebody else's operation, by whatever id, cancels nothing and lends it no credential."""

import http.client
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import pytest

from sidecar.callers.exits import CallerExits
from sidecar.callers.peer import Address
from sidecar.proxy.destination import Destination
from sidecar.simulator.server import running_simulator
from tests.end_to_end.live_page import open_operation
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.proxy.messages import get, reply, request
from tests.proxy.operating import CLOSE, JSON, QUEUED, RESPONSES, Scene, operating

OTHER_KEY = "Authorization: Bearer sk-other-tenant"
IDS = ["resp_2", "resp_", "resp_1%00", "resp_1%2F", "RESP_1", "resp_1*", "resp_%", "resp_1'--", "%27%20OR%201=1--", "*", "%25",
       "_", "?", "resp_1;resp_2", "..%2Fresp_1", "resp_1%20", "resp_1\\", "r" * 4_000]  # fmt: skip
"""As they stand in a path; resp_1 is the operation's."""
ANSWERS = ["401 Unauthorized", "403 Forbidden", "404 Not Found", "409 Conflict", "429 Too Many Requests", "500 Oh"]
CONTROL_IDS = ["%", "_", "*", "?", "[o]", "o%", "o_", "o*", "' OR '1'='1", "'; DROP TABLE operations; --", '"', "\\", "\x00",
               "\U0010ffff", "O", "x", " ", "o" * 5_000, "../calls", "{id}"]  # fmt: skip


class Counting(CallerExits):
    """Whose processes end is not looked at: only for which operations somebody was taken to stand behind them."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.road.loop, scene.road.context.peers, scene.watched.caller_gone, scene.troubles.append)
        self.asked: list[str] = []

    def seen(self, operation: str, ours: Address, theirs: Address) -> None:
        self.asked.append(operation)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with operating() as made:
        yield made


@pytest.fixture
def counting(scene: Scene) -> Counting:
    made = Counting(scene)
    operations = scene.road.context.operations
    assert operations is not None
    operations._exits = made
    return made


async def by_another(scene: Scene, raw: bytes, status: str, answer: bytes = QUEUED) -> None:
    """Another tenant asks this, and the provider says so."""
    caller = await scene.road.caller(raw)
    connection, _ = await scene.road.provider.call()
    await connection.send(reply(answer, JSON, CLOSE, status=status))
    await caller.reply(raw.partition(b" ")[0].decode())
    await scene.road.at_rest()


def attacks(id: str) -> Iterator[bytes]:
    for method, path in (("POST", "/cancel"), ("DELETE", ""), ("GET", "")):
        yield request(f"{RESPONSES}/{id}{path}", b"", OTHER_KEY, method=method)


@pytest.mark.anyio
@pytest.mark.parametrize("status", ANSWERS)
async def test_provider_does_not_let_the_other_tenant__nothing_is_cancelled_and_nothing_lent(
    scene: Scene, counting: Counting, status: str
) -> None:
    opened = await scene.opened()
    for raw in attacks("resp_1"):
        await by_another(scene, raw, status, b'{"error":{}}')
    await scene.written()
    only = scene.only()
    assert (only.state, only.cancel_trigger, only.ended_at) == ("running", None, None)
    assert [id for id, *_ in scene.watched.credentials] == [opened.id]
    assert (scene.watched.seen, scene.watched.gone) == ([], [])
    assert counting.asked == [opened.id]


@pytest.mark.anyio
async def test_crafted_ids__are_nobodys(scene: Scene) -> None:
    """Also where the provider says yes to everything: the row that is meant is the one of exactly this id, or none."""
    opened = await scene.opened()
    for id in IDS:
        for raw in attacks(id):
            await by_another(scene, raw, "200 OK", QUEUED.replace(b"queued", b"cancelled"))
    await scene.written()
    assert scene.only() == opened
    assert [id for id, *_ in scene.watched.credentials] == [opened.id]
    assert (scene.watched.heard_ids, scene.watched.seen) == ([], [])


@pytest.mark.anyio
async def test_same_id_at_another_upstream__is_another_operation(scene: Scene) -> None:
    opened = await scene.opened()
    (mine,) = scene.road.context.destinations.values()
    scene.road.context.destinations = {b"openai": mine, b"other": renamed(mine, "other")}
    for raw in attacks("resp_1"):
        await by_another(
            scene, raw.replace(b"/openai/", b"/other/", 1), "200 OK", QUEUED.replace(b"queued", b"cancelled")
        )
    assert scene.only() == opened
    assert [id for id, *_ in scene.watched.credentials] == [opened.id]


def renamed(destination: Destination, name: str) -> Destination:
    endpoint = msgspec.structs.replace(destination.endpoint, upstream=name)
    return msgspec.structs.replace(destination, name=name, endpoint=endpoint)


@pytest.mark.anyio
async def test_who_is_let__by_the_provider__is_its_word(scene: Scene, counting: Counting) -> None:
    """Otherwise the tests above could pass with nothing ever seen."""
    opened = await scene.opened()
    await by_another(scene, get(f"{RESPONSES}/resp_1", OTHER_KEY), "200 OK")
    await scene.written()
    assert [id for id, *_ in scene.watched.credentials] == [opened.id] * 2
    assert counting.asked == [opened.id] * 2


# === the control API ===


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with running_simulator() as simulator:
        settings = {"UPSTREAMS__OPENAI__URL": simulator.url}
        with running_sidecar(tmp_path_factory.mktemp("operations"), simulator, settings) as sidecar:
            open_operation(sidecar.proxy, "victim")
            yield sidecar


def asked(sidecar: RunningSidecar, method: str, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(sidecar.control).netloc, timeout=20)
    try:
        connection.request(method, path, headers={"X-Sidecar-Control": "true"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def test_ids_that_are_patterns_or_sql__are_nobodys(running: RunningSidecar) -> None:
    _, before = asked(running, "GET", "/api/operations")
    for id in CONTROL_IDS:
        for method, path in (("POST", "/cancel"), ("POST", "/renew"), ("GET", "")):
            status, _ = asked(running, method, f"/api/operations/{quote(id, safe='')}{path}")
            assert status in (404, 405), (id, method, path)
    _, after = asked(running, "GET", "/api/operations")
    told = ("id", "cancel_requested_at", "cancel_trigger", "cancel_attempts", "ended_at")
    assert [[row[name] for name in told] for row in after] == [[row[name] for name in told] for row in before]
    assert len(after) == 1
