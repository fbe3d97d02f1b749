"""The metrics pages of a real sidecar, by what it has seen: series, and bytes as they are scraped."""

import gzip
import json
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from tests.end_to_end.rig import RunningSidecar, running_sidecar

ACCEPTED: Final = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
"""As Prometheus 2.42 asks."""
PROMPT: Final = {"contents": [{"parts": [{"text": "Tell me about the sea."}]}]}
MODELS: Final = ("gemini-9-sea", "gpt-9-sea")
"""How the models of each provider are called, and a number."""
_TOKENS: Final = {"promptTokenCount": 7, "candidatesTokenCount": 11, "totalTokenCount": 18}
ANSWERS: Final = {
    False: {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Wide."}]}, "finishReason": "STOP"}],
        "usageMetadata": _TOKENS,
    },
    True: {
        "id": "c1", "object": "chat.completion", "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Wide."}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 11, "total_tokens": 18},
    },
}  # fmt: skip
"""By whether OpenAI's path was asked."""
TARGETS: Final = ("/gemini/v1beta/models/{model}:generateContent", "/openai/v1/chat/completions")


class Seen(NamedTuple):
    """What passed through a sidecar before its page was taken."""

    providers: int
    models: int
    """Of each provider."""
    callers: int
    """Names of callers (`X-Sidecar-Caller`)."""


class Page(NamedTuple):
    """One page, as it was sent."""

    seen: Seen
    series: int
    body: bytes
    """As text."""
    packed: bytes
    """As it goes over the network."""


SIZES: Final = (Seen(1, 1, 1), Seen(1, 1, 40), Seen(1, 3, 1), Seen(2, 3, 1), Seen(2, 10, 1), Seen(2, 60, 1))
"""Each the one before and more; the last has more models than `labels.max_models` lets through."""


class AnyModel(BaseHTTPRequestHandler):
    """A provider that has every model, which the simulator, as a real one, has not."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer as Google and OpenAI do, in a word."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(ANSWERS["completions" in self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def busy_sidecar(directory: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[RunningSidecar]:
    """A real `sidecar serve` before a provider that has every model, and speaks as both."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), AnyModel)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    try:
        with running_sidecar(directory, url, {"UPSTREAMS__OPENAI__URL": url, **settings}) as sidecar:
            yield sidecar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pages_of(sidecar: RunningSidecar, sizes: Sequence[Seen] = SIZES) -> list[Page]:
    """The pages at the start, and after each of these was seen."""
    pages = [page_of(sidecar, Seen(0, 0, 0))]
    for size in sizes:
        see(sidecar, size)
        pages.append(page_of(sidecar, size))
    return pages


def see(sidecar: RunningSidecar, size: Seen) -> None:
    """Make a call of each caller to each model of each provider."""
    for caller in range(size.callers):
        for model in range(size.models):
            for provider in range(size.providers):
                call(sidecar, provider, model, f"caller-{caller}")


def call(sidecar: RunningSidecar, provider: int, model: int, caller: str) -> None:
    """One call, whole."""
    name = f"{MODELS[provider]}-{model}"
    body = PROMPT if provider == 0 else {"model": name, "messages": [{"role": "user", "content": "the sea"}]}
    asked = urllib.request.Request(
        sidecar.proxy + TARGETS[provider].format(model=name),
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "X-Sidecar-Caller": caller},
    )
    with urllib.request.urlopen(asked, timeout=30) as reply:
        reply.read()
    sidecar.settled(caller)


def page_of(sidecar: RunningSidecar, seen: Seen) -> Page:
    """The page as Prometheus takes it."""
    headers = {"Accept": ACCEPTED, "Accept-Encoding": "gzip"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{sidecar.observe}/metrics", headers=headers), timeout=30
    ) as got:
        packed = got.read()
    body = gzip.decompress(packed)
    return Page(seen, series_in(body), body, packed)


def series_in(body: bytes) -> int:
    """Lines that are samples."""
    return sum(not line.startswith(b"#") for line in body.splitlines() if line)
