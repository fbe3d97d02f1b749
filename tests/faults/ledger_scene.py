"""The stage of faults of the disk: a sidecar that enforces, callers that come and go, and what the ledger says afterwards."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from sidecar.cli.operation_rows import operation_row
from sidecar.cli.rows import call_row
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operation_sqlite import SqliteOperationReader
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.reader import SqliteReader
from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import Row, RunningSidecar, running_sidecar

LEASE_SECONDS: Final = 1.0
SETTINGS: Final = {
    "MODE": "enforce",
    "OPERATIONS__LEASE_SECONDS": str(int(LEASE_SECONDS)),
    "OPERATIONS__GRACE_SECONDS": "0.3",
    "OPERATIONS__CONFIRM_SECONDS": "0.3",
    "OPERATIONS__CLAIM_SECONDS": "0.3",
    "LIMITS__UPSTREAM_IDLE_SECONDS": "1",  # connections that are kept would look like descriptors that are not given back
}
CALL: Final = "/gemini/v1beta/models/gemini-2.5-flash:generateContent"
OPERATION: Final = "/openai/v1/responses"
JSON: Final = {"Content-Type": "application/json", "Authorization": "Bearer a-key"}
QUICK: Final = "seconds=0.01"
LONG: Final = "never_ending=1 seconds=600"
SHORT: Final = "seconds=0.7"
"""Of an operation: it ends while the ledger is in trouble."""
TIMEOUT_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.1
POLL_SECONDS: Final = 0.25


class Answer(NamedTuple):
    """What a caller was told."""

    name: str
    status: int
    """0 where no answer came."""
    seconds: float
    id: str = ""
    """Of the operation that was opened."""
    state: str = ""
    """How an operation stands, in the provider's words."""


class Callers:
    """Programs that call, open operations and poll them. All are known by their names, to us and to the provider."""

    def __init__(self, proxy: str, team: str) -> None:
        self.address = urlsplit(proxy).netloc
        self.answers: list[Answer] = []
        self.team = team
        self._numbers = iter(range(10**9))

    def call(self, script: str = QUICK) -> Answer:
        """Make one call, under a name that nobody had before."""
        name = f"{self.team}-{next(self._numbers)}"
        answer = self.ask("POST", CALL, name, {"contents": [{"parts": [{"text": "hi"}]}]}, {"X-Simulator": script})
        self.answers.append(answer)
        return answer

    def open(self, name: str, script: str = LONG) -> Answer:
        """Open an operation. The name is the caller's, and should be of the team where several share a provider."""
        body = {"model": "gpt-5-mini", "input": "hi", "background": True}
        return self.ask("POST", OPERATION, name, body, {"X-Simulator": script})

    def poll(self, name: str, id: str) -> Answer:
        """Ask how an operation stands."""
        return self.ask("GET", f"{OPERATION}/{id}", name, None, {})

    def ask(self, method: str, target: str, name: str, body: object, more: Mapping[str, str]) -> Answer:
        """One exchange on a connection of its own."""
        headers = {**JSON, "X-Sidecar-Caller": name, "X-Simulator-Call": name, **more}
        began = time.monotonic()
        status, told = 0, {}
        try:
            with closing(http.client.HTTPConnection(self.address, timeout=TIMEOUT_SECONDS)) as connection:
                connection.request(method, target, None if body is None else json.dumps(body), headers)
                reply = connection.getresponse()
                status, told = reply.status, json.loads(reply.read())
        except (OSError, http.client.HTTPException, ValueError):
            status = 0
        return Answer(name, status, time.monotonic() - began, str(told.get("id", "")), str(told.get("status", "")))

    def calling(self) -> AbstractContextManager[None]:
        """One of them calls again and again meanwhile."""
        return _again(PAUSE_SECONDS, self.call)

    def polling(self, opened: Answer) -> AbstractContextManager[None]:
        """The one that has opened this operation polls it meanwhile."""
        return _again(POLL_SECONDS, lambda: self.poll(opened.name, opened.id))


@contextmanager
def _again(pause_seconds: float, do: Callable[[], object]) -> Iterator[None]:
    """Do this again and again in another thread, for as long as the block lasts."""
    is_over = threading.Event()

    def run() -> None:
        while not is_over.wait(pause_seconds):
            do()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


class Scene(NamedTuple):
    """All who play."""

    simulator: RunningSimulator
    sidecar: RunningSidecar
    callers: Callers

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.sidecar.ledger

    def at_the_provider(self, name: str) -> Seen:
        """The one operation of a caller, as the provider knows it."""
        (found,) = [seen for seen in self.simulator.operations if seen.tag == name]
        return found

    def cancels(self) -> int:
        """How many cancels the provider has had."""
        return sum(len(seen.cancels) for seen in self.simulator.operations)

    def errors(self) -> float:
        """How often the ledger could not be used, by its own count."""
        return self.sidecar.total("ledger_errors_total")

    def waiting(self) -> float:
        """Rows of calls that wait to be written."""
        return self.sidecar.total("ledger_rows_waiting")


@contextmanager
def enforcing(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Scene]:
    """A provider and a sidecar before it that cancels what nobody waits for."""
    with running_simulator() as simulator, beginning(directory, simulator, settings) as scene:
        yield scene


@contextmanager
def beginning(
    directory: Path, simulator: RunningSimulator, settings: Mapping[str, str] | None = None
) -> Iterator[Scene]:
    """The same with a provider that is there already: a sidecar that is started, or started again, on its ledger."""
    with running_sidecar(directory, simulator, settings_for(directory, simulator) | dict(settings or {})) as sidecar:
        yield Scene(simulator, sidecar, Callers(sidecar.proxy, f"caller-{sidecar.process.pid}"))


def settings_for(directory: Path, simulator: RunningSimulator) -> dict[str, str]:
    """What a sidecar is started with, as `SIDECAR_*` variables without the prefix. Writes a credential's file there."""
    key = directory / "key"  # a caller's own credential is forgotten when the sidecar ends
    key.write_text("a-key")
    openai = {"UPSTREAMS__OPENAI__URL": simulator.url, "UPSTREAMS__OPENAI__CREDENTIAL__FILE": str(key)}
    return SETTINGS | openai


def rows_in(ledger: Path) -> list[Row]:
    """All calls and all operations in a file, as the command line shows them."""
    address = f"sqlite:///{ledger}"
    calls = SqliteReader.open(address).calls(CallQuery())
    operations = SqliteOperationReader.open(address).operations(OperationQuery())
    return [*(dict(call_row(call)) for call in calls), *(dict(operation_row(operation)) for operation in operations)]


def operation_in(ledger: Path, name: str) -> Row | None:
    """The row of a caller's operation, if it is there."""
    query = OperationQuery(caller=name)
    found = list(SqliteOperationReader.open(f"sqlite:///{ledger}").operations(query))
    return dict(operation_row(found[0])) if found else None


def is_known_in(ledger: Path, name: str) -> bool:
    """Whether a caller's operation is there with the provider's id, whatever has become of it since."""
    row = operation_in(ledger, name)
    return row is not None and row["provider_id"] is not None
