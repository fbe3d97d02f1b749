"""The live page in a headless Chromium, and what a test needs around it: calls without an SDK, a crowd, an open operation."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Locator, Page, Request, TimeoutError as PageTimeout, expect, sync_playwright

from tests.parts import part

PATIENCE_MILLISECONDS = 15_000
BROWSING = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""Without a sandbox, which root can not have, and without a word to anybody else."""
VIOLATIONS = """document.addEventListener('securitypolicyviolation', (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));"""
MODEL = "gemini-2.5-flash"
TURN = {"contents": [{"role": "user", "parts": [{"text": "Tell me about the sea."}]}]}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=part("chromium").path(), args=list(BROWSING))
        yield running
        running.close()


class Overheard:
    """What a page complains of, and what it asked for and does not have."""

    def __init__(self, page: Page, origin: str) -> None:
        self.complaints: list[str] = []
        self._awaited: dict[Request, str] = {}
        self._page, self._origin = page, origin
        page.on(
            "console", lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._asked)
        page.on("response", lambda reply: self._awaited.update({reply.request: f"HTTP {reply.status}, and no end"}))
        page.on("requestfailed", lambda asked: self._awaited.update({asked: str(asked.failure)}))
        page.on("requestfinished", self._had)

    def _asked(self, request: Request) -> None:
        self._awaited[request] = "no reply"
        if not request.url.startswith(self._origin):
            self.complaints.append(request.url)

    def _had(self, request: Request) -> None:
        self._awaited.pop(request, None)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """A page that takes too long says what it waits for: it happens seldom, and can't be asked afterwards."""
        try:
            yield
        except PageTimeout as error:
            awaited = {request.url: word for request, word in self._awaited.items()}
            connection = self._page.locator(".connection").all_inner_texts()
            error.add_note(f"it says {connection}, complains of {self.complaints} and waits for {awaited}")
            raise


@contextmanager
def page_at(
    browser: Browser, url: str, scheme: Scheme = "light", width: int = 1280, may_lose: bool = False
) -> Iterator[Page]:
    """The page, open. It must have nothing to complain of, but that a sidecar was lost which a test has ended."""
    with browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900}) as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.add_init_script(VIOLATIONS)
        page = context.new_page()
        overheard = Overheard(page, url.partition("#")[0])
        with overheard.explaining():
            page.goto(url)
            page.locator(".connection.live, dialog[open]").first.wait_for()
        yield page
    lost = "Failed to load resource"
    unexpected = [said for said in overheard.complaints if not (may_lose and said.startswith(lost))]
    assert unexpected == [], unexpected


def row_of(page: Page, caller: str) -> Locator:
    """The line of a caller's call."""
    return page.locator(".rows .row").filter(has=page.get_by_text(caller, exact=True))


def operation_of(page: Page, caller: str) -> Locator:
    """The line of a caller's operation."""
    return page.locator(".operation").filter(has=page.get_by_role("button", name=caller, exact=True))


def flaws(page: Page) -> list[str]:
    """What axe-core has against the page as it is now."""
    return [
        f"{flaw['id']}: {flaw['help']}, at {[node['target'] for node in flaw['nodes']][:3]}"
        for flaw in Axe().run(page).response["violations"]
    ]


def headers_of(caller: str, script: str) -> dict[str, str]:
    """Of a request that the simulator answers by this script."""
    return {
        "Content-Type": "application/json", "X-Sidecar-Caller": caller, "X-Simulator-Call": caller, "X-Simulator": script,
        "x-goog-api-key": "a-key", "Authorization": "Bearer a-key",
    }  # fmt: skip


@contextmanager
def asked(
    proxy: str, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> Iterator[http.client.HTTPConnection]:
    """A request that was sent; the caller leaves at the end."""
    connection = http.client.HTTPConnection(urlsplit(proxy).netloc, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body).encode(), dict(headers))
        yield connection
    finally:
        connection.close()


def call(proxy: str, caller: str, script: str) -> Any:
    """A call that is in flight for as long as the block lasts, unless it is answered before."""
    path = f"/gemini/v1beta/models/{MODEL}:generateContent"
    return asked(proxy, path, TURN, headers_of(caller, script))


def open_operation(proxy: str, caller: str) -> None:
    """A background response that never ends by itself."""
    body = {"model": "gpt-5-mini", "input": "hi", "background": True}
    with asked(proxy, "/openai/v1/responses", body, headers_of(caller, "never_ending=1 seconds=600")) as connection:
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        reply.read()


class Crowd(threading.Thread):
    """So many callers at once, each waiting on a connection of its own. In a thread: the browser has this one's loop."""

    def __init__(self, proxy: str, count: int, script: str) -> None:
        super().__init__(daemon=True)
        self._place = urlsplit(proxy)
        self._count, self._script = count, script
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()

    def __enter__(self) -> "Crowd":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    def run(self) -> None:
        """Connect, ask, and wait until it is over."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._gather())

    async def _gather(self) -> None:
        writers = [await self._ask(number) for number in range(self._count)]
        await self._over.wait()
        for writer in writers:
            writer.transport.abort()

    async def _ask(self, number: int) -> asyncio.StreamWriter:
        _, writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        body = json.dumps(TURN)
        fields = headers_of(f"crowd-{number:04d}", self._script) | {
            "Host": self._place.netloc, "Content-Length": str(len(body)), "X-Sidecar-On-Departure": "cut",
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"POST /gemini/v1beta/models/{MODEL}:generateContent HTTP/1.1\r\n{head}\r\n{body}".encode())
        return writer
