"""A sidecar before a scripted provider, whose bill is what it would cost that each request came whole."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sidecar.simulator.bill import Bill
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.faults.answers import Answer, billed, captured
from tests.faults.fault import Stage
from tests.faults.raw_provider import Play, RawProvider, Turn
from tests.faults.together import some_at_a_time
from tests.faults.wire import PROMPT, Ending, Heard, Kind, asked, request

AT_ONCE: Final = 12
PATIENCE_SECONDS: Final = 20.0


class Scene:
    """What an act plays on."""

    def __init__(
        self, sidecar: RunningSidecar, provider: RawProvider, answers: Mapping[Kind, Answer], stage: Stage
    ) -> None:
        self.sidecar, self.provider, self.answers, self.stage = sidecar, provider, answers, stage
        self.kinds: dict[str, Kind] = {}
        """Of the calls that were made, by name."""
        self._places = asyncio.Semaphore(AT_ONCE)

    async def ask(
        self,
        name: str,
        play: Play | None = None,
        *,
        kind: Kind = Kind.UNARY,
        upstream: str = "gemini",
        body: bytes = PROMPT,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Heard:
        """Make a call, which the provider plays so; the caller leaves when its patience ends."""
        self.kinds[name] = kind
        if play is not None:
            self.provider.plays[name] = play
        return await asked(self.sidecar.proxy, request(name, upstream, kind, body), patience_seconds)

    async def ready(self) -> None:
        """A call goes through."""
        await self.recovered("before")

    def bill(self) -> Bill:
        """What the provider asks for."""
        return billed(self.answers, self.kinds, self.provider.billed)

    def asked(self) -> Mapping[str, int]:
        """How often the provider was asked, by the call's name."""
        return self.provider.asked

    def names(self) -> Iterable[str]:
        """The calls of which there has to be a row."""
        return self.kinds

    async def stop(self) -> None:
        """The provider goes."""
        await self.provider.stop()

    async def each(self, calls: Sequence[Callable[[], Awaitable[list[str]]]]) -> list[str]:
        """Make calls, some at a time; what all of them found."""
        return await some_at_a_time(self._places, calls)

    def sends(self, *pieces: bytes, pause_seconds: float = 0.0) -> Play:
        """The provider reads the request and sends these."""

        async def play(turn: Turn) -> None:
            await turn.whole()
            await turn.send(*pieces, pause_seconds=pause_seconds)

        return play

    async def recovered(self, name: str, upstream: str = "gemini", since: float | None = None) -> float:
        """Seconds until a call is answered whole again, from now or from a reading of the monotonic clock.

        Raises:
            AssertionError: none is.
        """
        since = time.monotonic() if since is None else since
        number = 0
        while time.monotonic() - since < PATIENCE_SECONDS:
            again = f"{name} {number}"
            heard = await self.ask(again, self.sends(self.answers[Kind.UNARY].raw), upstream=upstream)
            if heard == Heard(Ending.WHOLE, 200, self.answers[Kind.UNARY].body):
                return time.monotonic() - since
            number += 1
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name}: calls are not answered any more, as: {heard}")

    def untrue(self, name: str, heard: Heard, *, is_whole: bool = False) -> list[str]:
        """What a caller got that it should not have; `is_whole`: it has to have all of the provider's answer."""
        answer = self.answers[self.kinds[name]]
        if is_whole and heard != Heard(Ending.WHOLE, 200, answer.body):
            return [
                f"{name}: {heard.status}, {len(heard.body)} of {len(answer.body)} bytes, and the answer was {heard.ending}"
            ]
        is_ours = heard.is_own_error(502, 503, 504)
        is_theirs = heard.ending in (Ending.WHOLE, Ending.BROKEN) and answer.body.startswith(heard.body)
        is_clean_and_short = heard.ending is Ending.WHOLE and heard.body != answer.body
        if is_ours or (is_theirs and not is_clean_and_short):
            return []
        return [
            f"{name}: {heard.status} with {len(heard.body)} bytes of another answer, or a short one: {heard.ending}"
        ]


Settings = Callable[[Path, RawProvider, ExitStack], Awaitable[Mapping[str, str]]]
"""Those of the sidecar, its upstream gemini aside; it may let the provider listen on more ports."""


def before_a_script(settings: Settings) -> Callable[[Stage, ExitStack], Awaitable[Scene]]:
    """How such a scene is opened."""

    async def opened(stage: Stage, stack: ExitStack) -> Scene:
        answers, provider = await asyncio.to_thread(captured), RawProvider()
        url = f"http://127.0.0.1:{await provider.listen()}"
        said = await settings(stage.directory, provider, stack)
        # By the thread that the settings were made in: a mount namespace is a thread's own, and its children's.
        return Scene(stack.enter_context(running_sidecar(stage.directory, url, said)), provider, answers, stage)

    return opened
