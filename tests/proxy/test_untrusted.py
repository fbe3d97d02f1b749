"""What people are told of clients that do not trust us."""

import shutil
import subprocess

import pytest

from sidecar.proxy.untrusted import MOST_TOLD, UNUSED, tell_untrusted
from tests.proxy.certificates import Authority
from tests.proxy.road import Road
from tests.proxy.tunneling import an_intercepting_road

pytestmark = pytest.mark.anyio

NODE = """
const http = require("http"), tls = require("tls");
const asked = http.request({host: "127.0.0.1", port: PROXY, method: "CONNECT", path: "127.0.0.1:PORT"});
asked.on("connect", (_, socket) => tls.connect({socket, host: "127.0.0.1"}).on("error", () => socket.destroy()));
asked.end();
"""


def hears(road: Road) -> list[dict[str, object]]:
    told: list[dict[str, object]] = []
    road.context.warn = lambda event, **facts: told.append({"event": event, **facts})
    return told


async def test_once_for_each_host(road: Road) -> None:
    told = hears(road)
    for host in ("a", "b", "a", ""):
        tell_untrusted(road.context, host, "unknown ca")
    assert [line["host"] for line in told] == ["a", "b", "the proxy port"]
    assert {line["event"] for line in told} == {"certificate_not_trusted"}


async def test_for_no_more_hosts_than_anybody_has(road: Road) -> None:
    told = hears(road)
    for number in range(MOST_TOLD + 1):
        tell_untrusted(road.context, str(number), "unknown ca")
    assert len(told) == MOST_TOLD


async def test_tunnel_that_was_never_used__told(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside()
        await caller.goodbye()
        await way.road.until(lambda: way.warned)
        assert way.warned[0]["problem"] == UNUSED


async def test_tunnel_that_was_used__nothing_to_tell(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.inside(b"GET")
        await way.road.until(lambda: any(each.inbound.unread for each in way.road.context.downstreams))
        await caller.goodbye()
        await way.road.until(lambda: not way.road.context.downstreams)
        assert way.warned == []


@pytest.mark.part("node")
async def test_node__says_nothing_and_is_noticed(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        script = NODE.replace("PROXY", str(way.road.address[1])).replace("PORT", str(way.port))
        await way.road.loop.run_in_executor(
            None, lambda: subprocess.run([shutil.which("node") or "", "-e", script], timeout=10)
        )
        await way.road.until(lambda: way.warned)
        assert [line["event"] for line in way.warned] == ["certificate_not_trusted"]
