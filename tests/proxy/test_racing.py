"""Several addresses: the first that answers wins, and of the others nothing is left."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sidecar.proxy import racing
from sidecar.proxy.lookups import Found
from sidecar.proxy.racing import connect_first, new_socket

pytestmark = pytest.mark.anyio


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def at(port: int) -> Found:
    return socket.AF_INET, ("127.0.0.1", port)


@pytest.fixture
async def open_port() -> AsyncIterator[int]:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def reached(*ports: int) -> int:
    """The port that was connected to; nothing but that connection may be left open."""
    before = open_files()
    sock = await connect_first(asyncio.get_running_loop(), [at(port) for port in ports], 60)
    port: int = sock.getpeername()[1]
    sock.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert open_files() <= before + 1  # the server's end
    return port


async def test_one_address(open_port: int) -> None:
    assert await reached(open_port) == open_port


async def test_first_refuses__the_next_is_tried_at_once(
    open_port: int, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "HEAD_START_SECONDS", 60)
    assert await reached(closed_port, open_port) == open_port


async def test_first_hangs__the_next_is_tried_beside_it(
    open_port: int, stuck_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(racing, "HEAD_START_SECONDS", 0.02)
    assert await reached(stuck_port, open_port) == open_port


async def test_none_answers__the_first_ones_error(closed_port: int) -> None:
    with pytest.raises(ConnectionRefusedError):
        await reached(closed_port, closed_port)


async def test_cancelled_amid_the_race__nothing_is_left(stuck_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "HEAD_START_SECONDS", 0.001)
    before = open_files()
    task = asyncio.create_task(reached(stuck_port, stuck_port))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert open_files() == before


@pytest.mark.parametrize(("seconds", "figures"), [(60, (60, 15, 120_000)), (1, (1, 1, 2_000))])
def test_connection_is_dead_after_twice_its_silence(seconds: int, figures: tuple[int, int, int]) -> None:
    with new_socket(socket.AF_INET, seconds) as sock:
        options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_USER_TIMEOUT)
        assert tuple(sock.getsockopt(socket.IPPROTO_TCP, option) for option in options) == figures
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
