"""Threat 9: a body that is a bomb passes unchanged, what is spent on reading it is bounded, and what is not known is said so."""

import hashlib
import http.client
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.security.bombs import FRAMES, MIB, REPLIES, REQUESTS, Bomb
from tests.security.listening import Listening

MOST_BYTES: Final = 64 * MIB
"""More than before, at any moment; a bomb is of 100 MiB and more."""
MOST_CPU_SECONDS: Final = 5.0
"""Of the whole process. What is bounded takes tenths; what is quadratic takes minutes."""
PATHS: Final = {
    "gemini": "/gemini/v1beta/models/gemini-2.5-flash:{}",
    "openai": "/openai/v1/responses",
    "anthropic": "/anthropic/v1/messages",
    "bedrock": "/bedrock/model/m/converse-stream",
}


class Bombing(Listening):
    """A provider that answers each request, once it has come, with what it was given."""

    def throw(self, bomb: Bomb) -> None:
        coding = b"Content-Encoding: %b\r\n" % bomb.coding if bomb.coding else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%bContent-Length: %d\r\nConnection: close\r\n\r\n"
        self._answer = head % (bomb.media_type, coding, len(bomb.body)) + bomb.body


class Target:
    """A sidecar, and what it spends."""

    def __init__(self, sidecar: RunningSidecar, provider: Bombing) -> None:
        self.sidecar, self.provider = sidecar, provider
        self._calls = 0
        self._lock = threading.Lock()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.sidecar.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100

    def call(self, path: str, body: bytes = b"{}") -> tuple[bytes, dict[str, Any]]:
        """The answer's digest, and the settled call's line of the log; held to the bounds."""
        self._calls += 1
        name = f"bomb-{self._calls}"
        before, spent = self.sidecar.resident_bytes(), self.cpu_seconds()
        connection = http.client.HTTPConnection(urlsplit(self.sidecar.proxy).netloc, timeout=60)
        try:
            connection.request("POST", path, body, {"X-Sidecar-Caller": name, "Content-Type": "application/json"})
            answer, digest = connection.getresponse(), hashlib.sha256()
            while piece := answer.read(MIB):
                digest.update(piece)
        finally:
            connection.close()
        (line,) = self.sidecar.settled(name)
        assert self.sidecar.peak_resident_bytes() - before < MOST_BYTES
        assert self.cpu_seconds() - spent < MOST_CPU_SECONDS
        return digest.digest(), line


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with Bombing() as provider:
        url = f"http://127.0.0.1:{provider.port}"
        urls = {f"UPSTREAMS__{name.upper()}__URL": url for name in PATHS}
        with running_sidecar(tmp_path_factory.mktemp("bombs"), url, urls) as sidecar:
            yield Target(sidecar, provider)


@pytest.mark.parametrize("made", REPLIES.values(), ids=REPLIES.keys())
def test_reply_passes_unchanged_and_what_it_cost_is_known_or_said_not_to_be(
    target: Target, made: Callable[[], Bomb]
) -> None:
    bomb = made()
    method = "streamGenerateContent?alt=sse" if bomb.media_type == b"text/event-stream" else "generateContent"
    target.provider.throw(bomb)
    path = PATHS["bedrock"] if bomb.media_type == FRAMES else PATHS["gemini"].format(method)
    digest, line = target.call(path)
    assert digest == hashlib.sha256(bomb.body).digest()
    assert line["outcome"] == "delivered"
    if bomb.is_read:
        assert line["usage"] == {"input": 7, "output": 3}
    else:
        assert (line.get("usage"), bool(line["unpriced_reason"])) == (None, True)


@pytest.mark.parametrize("name", ["gemini", "openai", "anthropic"])
@pytest.mark.parametrize("made", REQUESTS.values(), ids=REQUESTS.keys())
def test_request_passes_and_is_read_in_bounds(target: Target, made: Callable[[], bytes], name: str) -> None:
    target.provider.throw(Bomb(b"{}"))
    digest, line = target.call(PATHS[name].format("generateContent"), made())
    assert digest == hashlib.sha256(b"{}").digest()
    assert line["outcome"] == "delivered"
    assert len(line["model"] or "") < 200
