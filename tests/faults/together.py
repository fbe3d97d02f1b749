"""Several faults on one sidecar at the same time: what hangs is waited for once.

Each act makes calls under names that begin with its own and says what its callers got; afterwards it is asked, once for all of
them, whether the rows are the bill, whether each request came once, and whether anything is still held.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Generic, NamedTuple, Protocol, TypeVar

from sidecar.simulator.bill import Bill
from tests.end_to_end.rig import RunningSidecar
from tests.faults.books import differing, not_given_back, operations_in, rows_in
from tests.faults.fault import Stage, Verdict
from tests.soak.figures import look


class Acted(NamedTuple):
    """What came of one act, as far as its callers can say."""

    tried: int
    lost: Sequence[str] = ()
    wrong: Sequence[str] = ()
    leaked: Sequence[str] = ()
    recovered_seconds: float | None = None
    remark: str = ""


class Played(Protocol):
    """A sidecar, a provider with its bill, and what was asked."""

    sidecar: RunningSidecar
    stage: Stage

    async def ready(self) -> None: ...
    def bill(self) -> Bill: ...
    def asked(self) -> Mapping[str, int]: ...
    def names(self) -> Iterable[str]: ...
    async def stop(self) -> None: ...


Scene = TypeVar("Scene", bound=Played)
Act = Callable[[Scene], Awaitable[Acted]]


async def some_at_a_time(places: asyncio.Semaphore, calls: Sequence[Callable[[], Awaitable[list[str]]]]) -> list[str]:
    """Make calls, as many at a time as there are places; what all of them found."""

    async def one(call: Callable[[], Awaitable[list[str]]]) -> list[str]:
        async with places:
            return await call()

    return [found for findings in await asyncio.gather(*map(one, calls)) for found in findings]


class Together(Generic[Scene]):
    """Acts that are played on one sidecar. The first that is asked for plays them all; the others have been by then."""

    def __init__(self, opened: Callable[[Stage, ExitStack], Awaitable[Scene]]) -> None:
        self._opened = opened
        self._acts: dict[str, Act[Scene]] = {}
        self._alone: dict[str, Act[Scene]] = {}
        self._verdicts: dict[tuple[str, bool], Verdict] = {}

    def act(self, name: str, act: Act[Scene], *, is_alone: bool = False) -> Callable[[Stage], Verdict]:
        """Add an act, which is played when all others have ended if it needs the sidecar alone; how it is played as a fault."""
        (self._alone if is_alone else self._acts)[name] = act

        def play(stage: Stage) -> Verdict:
            if (name, stage.is_full) not in self._verdicts:
                with ThreadPoolExecutor(1) as own_thread:
                    own_thread.submit(asyncio.run, self._play(stage)).result()
            return self._verdicts.pop((name, stage.is_full))

        return play

    async def _play(self, stage: Stage) -> None:
        with ExitStack() as stack:
            scene = await self._opened(stage, stack)
            await scene.ready()
            before = await asyncio.to_thread(look, scene.sidecar)
            at_once = [_played(name, act, scene) for name, act in self._acts.items()]
            acted = dict(zip(self._acts, await asyncio.gather(*at_once), strict=True))
            for name, act in self._alone.items():
                acted[name] = await _played(name, act, scene)
            held = await asyncio.to_thread(not_given_back, scene.sidecar, before)
            self._judge(scene, acted, held)
            await scene.stop()

    def _judge(self, scene: Scene, acted: Mapping[str, Acted], held: Sequence[str]) -> None:
        told = scene.sidecar.ledger.with_name("stderr").read_text()
        held = [*held, *(["the sidecar's own loop reported an exception"] if "Traceback" in told else [])]
        wrong = _wrong(scene)
        for name, found in acted.items():
            of_act = [sentence for sentence in wrong if sentence.startswith(name)]
            verdict = Verdict(
                found.tried, tuple(found.lost), (*found.wrong, *of_act), (*found.leaked, *held), found.recovered_seconds,
                found.remark,
            )  # fmt: skip
            self._verdicts[name, scene.stage.is_full] = verdict
        nobodys = [sentence for sentence in wrong if not sentence.startswith(tuple(acted))]
        assert not nobodys, nobodys


async def _played(name: str, act: Act[Scene], scene: Scene) -> Acted:
    try:
        return await act(scene)
    except AssertionError as error:
        return Acted(1, [f"{name}: {error}"])


def _wrong(scene: Played) -> list[str]:
    rows = rows_in(scene.sidecar.ledger) + operations_in(scene.sidecar.ledger)
    again = [f"{name}: the provider was asked {count} times" for name, count in scene.asked().items() if count > 1]
    missing = set(scene.names()) - {row["caller"] for row in rows}
    return [*differing(rows, scene.bill()), *again, *(f"{name}: no row" for name in missing)]
