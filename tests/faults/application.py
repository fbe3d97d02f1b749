"""A program that goes on whatever happens to its sidecar's ledger: it calls, opens operations, polls some and leaves others."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

CALL: Final = "/gemini/v1beta/models/gemini-2.5-flash:generateContent"
ASKED: Final[dict[str, Any]] = {"contents": [{"parts": [{"text": "hi"}]}]}
RESPONSES: Final = "/openai/v1/responses"
BACKGROUND: Final[dict[str, Any]] = {"model": "gpt-5-mini", "input": "hi", "background": True}
ENDLESS: Final = "never_ending=1 seconds=600"
KEY: Final = "a-key-of-the-caller"
PATIENCE_SECONDS: Final = 20.0
POLL_EVERY_SECONDS: Final = 0.3
CALL_EVERY_SECONDS: Final = 0.1


class Application:
    """Callers named `<name>-call-<n>`, and operations of whatever names. What was not answered well is told in `failures`."""

    def __init__(self, proxy: str, name: str = "app") -> None:
        self.proxy = proxy
        """Where it finds its sidecar; may be set."""
        self.name = name
        self.failures: list[str] = []
        self.calls = 0
        self.slowest_seconds = 0.0
        self.living: dict[str, str] = {}
        """Operations that are polled, by their names: the provider's ids."""
        self.taken: list[str] = []
        """The names of those whose end was polled. Nobody asks for them any more."""
        self._is_over = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Application"]:
        """Call and poll for as long as the block lasts."""
        with self._working(self._call_on, self._poll_on):
            yield self

    @contextmanager
    def polling(self) -> Iterator["Application"]:
        """Poll for as long as the block lasts."""
        with self._working(self._poll_on):
            yield self

    @contextmanager
    def _working(self, *works: Callable[[], None]) -> Iterator[None]:
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def open(self, tag: str, script: str = ENDLESS, *, is_polled: bool = False, lease: str = "") -> str:
        """Open an operation of this name; its id, empty where it failed."""
        return self.begin(RESPONSES, BACKGROUND, tag, script, is_polled=is_polled, lease=lease)

    def begin(
        self, target: str, body: Mapping[str, Any], tag: str, script: str, *, is_polled: bool = False, lease: str = ""
    ) -> str:
        """Open an operation of any kind; only background responses can be polled."""
        answer = self._ask("POST", target, body, tag, script, lease)
        id = str(answer.get("id", ""))
        if is_polled and id:
            self.living[tag] = id
        return id

    def take_leave(self) -> None:
        """Cancel what is polled, as a program does that wants it no more."""
        for tag, id in self.living.items():
            self._ask("POST", f"{RESPONSES}/{id}/cancel", None, tag, "")
        self.living = {}

    def call(self, tag: str, script: str = "seconds=0.02") -> dict[str, Any]:
        """One unary call."""
        return self._ask("POST", CALL, ASKED, tag, script)

    def _call_on(self) -> None:
        while not self._is_over.wait(CALL_EVERY_SECONDS):
            self.calls += 1
            self.call(f"{self.name}-call-{self.calls}")

    def _poll_on(self) -> None:
        while not self._is_over.wait(POLL_EVERY_SECONDS):
            for tag, id in tuple(self.living.items()):
                if self._ask("GET", f"{RESPONSES}/{id}", None, tag, "").get("status") == "completed":
                    self.taken.append(tag)
                    self.living.pop(tag, None)

    def _ask(self, method: str, target: str, body: object, tag: str, script: str, lease: str = "") -> dict[str, Any]:
        began = time.monotonic()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}", "X-Sidecar-Caller": tag}
        headers |= {"X-Simulator-Call": tag} | ({"X-Simulator": script} if script else {})
        headers |= {"X-Sidecar-Lease": lease} if lease else {}
        place = urlsplit(self.proxy).netloc
        try:
            with closing(http.client.HTTPConnection(place, timeout=PATIENCE_SECONDS)) as connection:
                connection.request(method, target, None if body is None else json.dumps(body), headers)
                reply = connection.getresponse()
                answer: dict[str, Any] = json.loads(reply.read())
                if reply.status != http.client.OK:
                    self.failures.append(f"{tag}: {method} was answered {reply.status}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.failures.append(f"{tag}: {method} got no answer: {type(error).__name__}: {error}")
            answer = {}
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        return answer
