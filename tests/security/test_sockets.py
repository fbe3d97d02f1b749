"""Threat 7: what another pod reaches of us is the observe socket, where nothing can be changed and only figures be read."""

import http.client
import itertools
import json
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from sidecar.config.settings import Settings
from sidecar.simulator.server import running_simulator
from tests.end_to_end.live_page import open_operation
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.security.listening import answered, status_of

READ: Final = {"GET", "HEAD"}
THERE: Final = {"/metrics", "/livez", "/readyz", "/startupz"}
METHODS: Final = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "QUERY", "LINK", "MKCOL",
]  # fmt: skip
VARIANTS: Final = ["/", "//metrics", "/metrics/", "/./metrics", "/%6detrics/..", "/metrics;x", "/quitquitquit", "/api/drain",
                   "/debug/pprof", "/admin", "/page/app.mjs", "/api/../metrics", "/METRICS"]  # fmt: skip
LISTENING: Final = "0A"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with running_simulator() as simulator:
        settings = {"UPSTREAMS__OPENAI__URL": simulator.url, "CONTROL__ALLOW_QUIT": "true"}
        with running_sidecar(tmp_path_factory.mktemp("sockets"), simulator, settings) as sidecar:
            open_operation(sidecar.proxy, "victim")
            yield sidecar


def asked(url: str, method: str, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        connection.request(method, path, headers={"X-Sidecar-Control": "true", "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def standing(sidecar: RunningSidecar) -> Any:
    (operation,) = json.loads(asked(sidecar.control, "GET", "/api/operations")[1])
    state = json.loads(asked(sidecar.control, "GET", "/api/state")[1])["state"]
    return state, operation["id"], operation["cancel_requested_at"], operation["ended_at"], sidecar.process.poll()


def paths_of(sidecar: RunningSidecar) -> list[str]:
    """Every path of the control API, about an operation that there is."""
    described = json.loads(asked(sidecar.control, "GET", "/api/openapi.json")[1])
    _, id, *_ = standing(sidecar)
    return [path.replace("{id}", id) for path in described["paths"]]


def test_observe_socket__whatever_is_asked_by_whatever_method_nothing_is_changed(running: RunningSidecar) -> None:
    before = standing(running)
    for method, path in itertools.product(METHODS, [*paths_of(running), *VARIANTS, *THERE]):
        status, body = asked(running.observe, method, path)
        if method in READ and path in THERE:
            assert status == 200, (method, path)
        else:
            assert status in (404, 405), (method, path, status)
            assert b"victim" not in body
    assert standing(running) == before == ("serving", before[1], None, None, None)


def test_observe_socket__what_is_no_path_is_refused(running: RunningSidecar) -> None:
    before, port = standing(running), int(urlsplit(running.observe).port or 0)
    for target in (
        b"*",
        b"x:443",
        b"http://127.0.0.1/api/drain",
        b"http://evil.example/",
        b"/\xff",
        b"\\",
        b"/%00",
        b"/?" + b"a" * 60_000,
    ):
        for method in (b"GET", b"POST", b"CONNECT", b"OPTIONS"):
            raw = b"%b %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % (method, target)
            assert status_of(answered(port, raw)) in (0, 400, 404, 405)
    assert standing(running) == before


def test_page_of_figures_names_no_caller_and_no_operation(running: RunningSidecar) -> None:
    _, id, *_ = standing(running)
    page = asked(running.observe, "GET", "/metrics")[1]
    assert b"victim" not in page
    assert id.encode() not in page


def test_every_socket_that_listens_is_on_loopback(running: RunningSidecar) -> None:
    """As the kernel has it. The rig binds to loopback as the defaults do."""
    assert all(host == "127.0.0.1" for host, _ in listening(running.process.pid))
    ports = {int(urlsplit(url).port or 0) for url in (running.proxy, running.observe, running.control)}
    assert {port for _, port in listening(running.process.pid)} == ports


def test_defaults__every_socket_on_loopback_and_no_end_by_request() -> None:
    settings = Settings()
    assert {each.listen.host for each in (settings.proxy, settings.control, settings.observe)} == {"127.0.0.1"}
    assert not settings.control.allow_quit


def listening(pid: int) -> list[tuple[str, int]]:
    """Where a process listens by TCP (proc(5), net/tcp: addresses as the machine has them in memory)."""
    links = [path.readlink().name for path in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link.partition("[")[2].rstrip("]") for link in links if link.startswith("socket:")}
    found = []
    for line in [
        *Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:],
        *Path(f"/proc/{pid}/net/tcp6").read_text().splitlines()[1:],
    ]:
        fields = line.split()
        if fields[3] == LISTENING and fields[9] in inodes:
            address, port = fields[1].split(":")
            host = socket.inet_ntoa(struct.pack("=I", int(address, 16))) if len(address) == 8 else address
            found.append((host, int(port, 16)))
    return found
