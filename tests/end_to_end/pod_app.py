"""The application of a pod: a process with real SDKs and many things to do at once, which ends as applications do."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from functools import cached_property
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import openai

from sidecar.clock import Moment
from tests.end_to_end.program import PATIENCE_SECONDS, Program, Programs
from tests.sdk_clients import sdk_client

CLOSING_SECONDS = 10.0
"""An application that ends in order waits so long for what it has begun."""


class OnSigterm(StrEnum):
    """What an application does when it is told to end."""

    DIES = "dies"
    """At once, as a program that has no handler."""
    IS_DEAF = "is_deaf"
    """Nothing, as a shell that is process 1."""
    ENDS_IN_ORDER = "ends_in_order"
    """It does its last errands, waits for all that it has begun, closes its connections."""


class Errand(NamedTuple):
    """One thing to do."""

    name: str
    """Its `X-Sidecar-Caller`, and its tag at the simulator."""
    doing: str
    """A key of `DOING`."""
    script: str = ""


class Told(NamedTuple):
    """What an application has seen of an errand: `chunk`, `answered`, `opened`, or `failed`."""

    what: str
    name: str
    at: Moment
    detail: Any = None


class Clients:
    """The SDKs' clients; each takes half a second of CPU, and is made when it is first needed."""

    def __init__(self, proxy: str, stack: ExitStack) -> None:
        self._proxy, self._stack = proxy, stack

    @cached_property
    def gemini(self) -> Any:
        """google-genai on the Gemini API."""
        return self._stack.enter_context(sdk_client("gemini", f"{self._proxy}/gemini"))

    @cached_property
    def vertex(self) -> Any:
        """google-genai on Vertex."""
        return self._stack.enter_context(sdk_client("vertex", f"{self._proxy}/vertex"))

    @cached_property
    def gpt(self) -> openai.OpenAI:
        """openai."""
        client = openai.OpenAI(api_key="an-app-key", base_url=f"{self._proxy}/openai/v1", max_retries=0)
        return self._stack.enter_context(client)


Saying = Callable[[str, Any], None]
Headers = dict[str, str]


def _unary(gemini: Any, headers: Headers, say: Saying) -> None:
    config = {"http_options": {"headers": headers}}
    reply = gemini.models.generate_content(model="gemini-2.5-flash", contents="hi", config=config)
    say("answered", reply.usage_metadata.candidates_token_count)


def _stream(vertex: Any, headers: Headers, say: Saying) -> None:
    config = {"http_options": {"headers": headers}}
    chunks = vertex.models.generate_content_stream(model="gemini-2.5-flash", contents="hi", config=config)
    for number, _ in enumerate(chunks):
        if number == 0:
            say("chunk", None)
    say("answered", None)


def _chat(gpt: openai.OpenAI, headers: Headers, say: Saying) -> None:
    turn: Any = [{"role": "user", "content": "hi"}]
    reply = gpt.chat.completions.create(model="gpt-5-mini", messages=turn, extra_headers=headers)
    say("answered", reply.usage and reply.usage.completion_tokens)


def _response(gpt: openai.OpenAI, headers: Headers, say: Saying) -> None:
    reply = gpt.responses.create(model="gpt-5-mini", input="hi", background=True, extra_headers=headers)
    say("opened", reply.id)


def _interaction(gemini: Any, headers: Headers, say: Saying) -> None:
    model = "gemini-2.5-flash"
    made = gemini.interactions.create(model=model, input="hi", background=True, extra_headers=headers)
    say("opened", made.id)


def _video(vertex: Any, headers: Headers, say: Saying) -> None:
    config = {"http_options": {"headers": headers}}
    made = vertex.models.generate_videos(model="veo-3.1-generate-preview", source={"prompt": "a sea"}, config=config)
    say("opened", made.name)


def _batch(vertex: Any, headers: Headers, say: Saying) -> None:
    config = {"dest": "gs://bucket/out", "http_options": {"headers": headers}}
    made = vertex.batches.create(model="gemini-2.5-flash", src="gs://bucket/in.jsonl", config=config)
    say("opened", made.name)


class Doing(NamedTuple):
    """A way to use an SDK."""

    client: str
    """Field of `Clients`."""
    do: Callable[[Any, Headers, Saying], None]


DOING = {
    "unary": Doing("gemini", _unary),
    "stream": Doing("vertex", _stream),
    "chat": Doing("gpt", _chat),
    "response": Doing("gpt", _response),
    "interaction": Doing("gemini", _interaction),
    "video": Doing("vertex", _video),
    "batch": Doing("vertex", _batch),
}
OPENS = frozenset({"response", "interaction", "video", "batch"})
"""What opens an operation; the others are calls."""


class App:
    """An application, from outside."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.told: list[Told] = []
        self._pid = int(program.heard("alive"))
        self._ends = os.pidfd_open(self._pid)
        self.ended_at: Moment | None = None

    def until(self, what: str, names: Collection[str]) -> None:
        """Wait until it has said this of all of these."""
        while missing := set(names) - {told.name for told in self.told if told.what == what}:
            told = Told(*self._program.heard("told"))
            assert told.what != "failed" or what == "failed" or told.name not in missing, told
            self.told.append(told)

    def send(self, number: int) -> None:
        """Send a signal, if it lives."""
        if not self.is_over(0):
            signal.pidfd_send_signal(self._ends, number)  # type: ignore[attr-defined,unused-ignore]

    def is_over(self, seconds: float) -> bool:
        """Whether it has ended, waited for so long."""
        if self.ended_at is None and select.select([self._ends], [], [], max(0.0, seconds))[0]:
            self.ended_at = time.time_ns() // 1000
        return self.ended_at is not None

    def last_words(self) -> list[Told]:
        """All that it has said, when it has ended."""
        assert self.is_over(PATIENCE_SECONDS)
        try:
            while True:
                self.told.append(Told(*self._program.heard("told")))
        except EOFError:
            return self.told

    def close(self) -> None:
        """End it."""
        self.send(signal.SIGKILL)
        os.close(self._ends)


class Apps(Programs):
    """Starts applications."""

    def __init__(self) -> None:
        super().__init__("google.genai", "openai", "tests.end_to_end.pod_app")

    @contextmanager
    def app(
        self,
        proxy: str,
        errands: Collection[Errand],
        on_sigterm: OnSigterm = OnSigterm.DIES,
        last: Collection[Errand] = (),
    ) -> Iterator[App]:
        """An application that does all its errands at once, and the `last` ones when it is told to end."""
        with self.started(_live, proxy, list(errands), on_sigterm, list(last)) as program:
            app = App(program)
            try:
                yield app
            finally:
                app.close()


def _live(say: Connection, proxy: str, errands: list[Errand], on_sigterm: OnSigterm, last: list[Errand]) -> None:
    """The application's program."""
    is_told, one_at_a_time = threading.Event(), threading.Lock()
    if on_sigterm is OnSigterm.ENDS_IN_ORDER:
        signal.signal(signal.SIGTERM, lambda *_: is_told.set())
    elif on_sigterm is OnSigterm.IS_DEAF:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def tell(name: str, what: str, detail: Any) -> None:
        with one_at_a_time:
            say.send(("told", (what, name, time.time_ns() // 1000, detail)))

    with ExitStack() as stack:
        clients = Clients(proxy, stack)
        for doing in {DOING[errand.doing] for errand in (*errands, *last)}:
            getattr(clients, doing.client)  # here: threads would make the same one twice
        say.send(("alive", os.getpid()))
        begun = [_begin(errand, clients, tell) for errand in errands]
        while not is_told.wait(1):  # a handler runs between two waits
            pass
        begun += [_begin(errand, clients, tell) for errand in last]
        for thread in begun:
            thread.join(CLOSING_SECONDS)


def _begin(errand: Errand, clients: Clients, tell: Callable[[str, str, Any], None]) -> threading.Thread:
    headers = {"X-Sidecar-Caller": errand.name, "X-Simulator-Call": errand.name, "X-Simulator": errand.script}

    def run() -> None:
        try:
            doing = DOING[errand.doing]
            doing.do(getattr(clients, doing.client), headers, lambda what, detail: tell(errand.name, what, detail))
        except Exception as error:
            tell(errand.name, "failed", f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
