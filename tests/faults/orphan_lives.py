"""Operations that nobody asks for, and sidecars that are killed at some place of such a life; the next one goes on with it.

An orphan is a batch, because a batch has the longest life: it lapses, is claimed, cancelled, looked at until it has ended, its
results are read, and it settles, with what its rows cost. Beside it operations live whose callers poll, by whichever sidecar is
there.
"""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from sidecar.lifecycle.operation import OperationState
from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.rig import Row, RunningSidecar, running_sidecar
from tests.faults.application import KEY, Application
from tests.faults.breakable_path import BreakablePath, Way
from tests.faults.ledger_rows import Books
from tests.faults.strace import injected
from tests.faults.waiting import until

BATCHES: Final = "/anthropic/v1/messages/batches"
ROWS: Final = [{"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}] * 60
BATCH: Final[dict[str, Any]] = {
    "requests": [{"custom_id": str(number), "params": params} for number, params in enumerate(ROWS)]
}
COSTS: Final = "seconds=60 prompt=1000 output=500"
"""A row a second: whenever it is cancelled it has cost something."""
SETTINGS: Final = {
    "MODE": "enforce",
    "OPERATIONS__LEASE_SECONDS": "1.5",
    "OPERATIONS__GRACE_SECONDS": "0",
    "OPERATIONS__CONFIRM_SECONDS": "0.3",
    "OPERATIONS__CLAIM_SECONDS": "0.3",
}
LEASE: Final = "1.5s"
LONG_LEASE: Final = "30s"
SOON: Final = 30.0

Blow = Callable[["Lives", RunningSidecar, int], AbstractContextManager[object]]
"""Sees to it that a sidecar dies at its n-th place of a kind, counted from now."""


class Lives:
    """A ledger, a provider, and one sidecar after another."""

    def __init__(self, name: str, directory: Path, url: str, simulator: RunningSimulator, path: BreakablePath) -> None:
        """`path` leads to the simulator; the orphans, and nobody else, are opened and cancelled by it."""
        self.name, self.directory, self.path = name, directory, path
        self._simulator = simulator
        directory.mkdir()
        (key := directory / "key").write_text(KEY)
        self._settings = SETTINGS | {
            "LEDGER__URL": url,
            "UPSTREAMS__ANTHROPIC__URL": f"http://127.0.0.1:{path.port}",
            "UPSTREAMS__ANTHROPIC__CREDENTIAL__FILE": str(key),
            "UPSTREAMS__OPENAI__URL": simulator.url,
            "UPSTREAMS__OPENAI__CREDENTIAL__FILE": str(key),
        }
        self.died: Counter[str] = Counter()
        """Where the orphans stood when their sidecars were killed."""
        self.unnamed: set[str] = set()
        """Those whose sidecar died with the provider's name for them: their row did not have it yet."""
        self.wrong: list[str] = []
        self.logs: list[list[Row]] = []

    @contextmanager
    def sidecar(self) -> Iterator[RunningSidecar]:
        """One more on this ledger."""
        (place := self.directory / f"sidecar {len(self.logs)}").mkdir()
        with running_sidecar(place, self._simulator, self._settings) as sidecar:
            self.logs.append(sidecar.log)
            yield sidecar

    def live(self, number: int, sidecar: RunningSidecar, blow: Blow, books: Callable[[], Books]) -> None:
        """Open an orphan, and strike its sidecar; without such a place the orphan lives to its end."""
        tag, caller = f"{self.name}-orphan-{number}", Application(sidecar.proxy)
        caller.begin(BATCHES, BATCH, tag, COSTS, lease=LEASE)
        self.wrong += caller.failures
        with blow(self, sidecar, number):
            until(lambda: sidecar.process.poll() is not None or is_settled(books(), tag), SOON)
        if sidecar.process.poll() == -signal.SIGKILL:
            state = state_of(books(), tag)
            self.died[state] += 1
            if state == OperationState.OPENING:
                self.unnamed.add(tag)

    def findings(self, books: Books) -> Iterator[str]:
        """What is not as it should be about the orphans, once all have settled."""
        yield from self.wrong
        told = Counter(line["caller"] for log in self.logs for line in log if line["event"] == "operation_settled")
        for seen in self.seen():
            outcomes = [row["outcome"] for row in books.operations if row["caller"] == seen.tag]
            if seen.tag in self.unnamed and outcomes == [OperationState.UNTRACEABLE]:
                continue  # nobody can cancel it any more, and its row says so
            if outcomes != ["cancelled"]:
                yield f"{seen.tag} came to {outcomes}"
            if not seen.cancels:
                yield f"{seen.tag} was never cancelled"
            if told[seen.tag] > 1:
                yield f"{seen.tag} was settled {told[seen.tag]} times"

    def seen(self) -> list[Seen]:
        """The orphans, as the provider knows them."""
        return [seen for seen in self._simulator.operations if seen.tag.startswith(f"{self.name}-orphan")]


def is_settled(books: Books, tag: str) -> bool:
    """Whether the operation of this caller has settled."""
    return any(row["caller"] == tag and row["settled_at"] for row in books.operations)


def state_of(books: Books, tag: str) -> str:
    """Where it stands; `settled` when it has."""
    (row,) = [row for row in books.operations if row["caller"] == tag]
    return "settled" if row["settled_at"] else str(row["state"])


def at_call(*names: str) -> Blow:
    """SIGKILL at the entry of the n-th system call of a name, whichever thread comes to so many first; the names take turns."""

    @contextmanager
    def blow(lives: Lives, sidecar: RunningSidecar, number: int) -> Iterator[None]:
        times, name = divmod(number - 1, len(names))
        told, fault = lives.directory / f"strace {number}", f"signal=SIGKILL:when={times + 1}"
        with injected(sidecar.process.pid, [names[name]], fault, [], told):
            yield

    return blow


@contextmanager
def at_the_provider(lives: Lives, sidecar: RunningSidecar, number: int) -> Iterator[None]:
    """SIGKILL when the n-th request is at the provider's door, or the n-th answer about to leave it, in turns; both are lost."""
    times, place = divmod(number - 1, len(Way))
    left = [times + 1]

    def may_pass(way: Way, piece: bytes) -> bool:
        left[0] -= way is tuple(Way)[place]
        is_struck = left[0] == 0
        if is_struck:
            sidecar.process.kill()
            sidecar.process.wait()
        return not is_struck

    lives.path.may_pass = may_pass
    yield
    lives.path.may_pass = lambda way, piece: True
