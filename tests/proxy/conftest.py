"""A road for each test, and one that a test changes."""

import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.openai import OPENAI
from tests.proxy.certificates import Authority
from tests.proxy.road import Road, a_road


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    async with a_road() as built:
        yield built


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody can begin to."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def stuck_port() -> Iterator[int]:
    """A port to which connections are never completed: its queue is full and nobody accepts."""
    waiting = []
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for each in waiting:
            each.close()


@pytest.fixture
async def openai() -> AsyncIterator[Road]:
    """A road to a provider that speaks OpenAI's dialect and stops when a stream's connection closes."""
    facts = {CallKind.STREAM: OnClose.STOPS, CallKind.UNARY: OnClose.RUNS_ON}
    async with a_road(name="openai", dialect=OPENAI, on_close_as_set=facts) as road:
        yield road
