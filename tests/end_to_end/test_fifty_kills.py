"""Sidecars are killed fifty times under load, at moments of chance. Their ledgers never lose an operation, and always add up.

Two at a time, each with a ledger of its own: most of it is waiting for one to start.
"""

import http.client
import json
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar

KILLS_EACH = 25
LEDGERS = ("first", "second")
CALLERS = 3
LONGEST_LIFE_SECONDS = 0.5
JSON = {"Content-Type": "application/json", "Authorization": "Bearer a-key"}
CALL = ("/gemini/v1beta/models/gemini-2.5-flash:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]})
OPERATION = ("/openai/v1/responses", {"model": "gpt-5-mini", "input": "hi", "background": True})
VARIABLE = "KEY_OF_THE_TESTS"
SETTINGS = {
    "OPERATIONS__LEASE_SECONDS": "1",
    "OPERATIONS__CLAIM_SECONDS": "0.2",
    "UPSTREAMS__OPENAI__CREDENTIAL__ENV": VARIABLE,  # those of the callers die with each sidecar
}


class Load:
    """Callers that call, open operations and poll them, whether the sidecar is there or not."""

    def __init__(self, name: str) -> None:
        self.address = ""
        self._name = name
        self._is_over = threading.Event()
        self._numbers = iter(range(10**9))
        self._threads = [threading.Thread(target=self._call, args=(f"{name} {one}",)) for one in range(CALLERS)]

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in self._threads:
                thread.join()

    def _call(self, seed: str) -> None:
        dice = random.Random(seed)
        while not self._is_over.is_set():
            target, body = OPERATION if dice.random() < 0.3 else CALL
            id = self._ask("POST", target, body)
            if id and dice.random() < 0.5:
                self._ask("GET", f"{OPERATION[0]}/{id}", None)

    def _ask(self, method: str, target: str, body: object) -> str:
        """Ask once; the id in the answer, if there is an answer with one."""
        tag = f"{self._name}-{next(self._numbers)}"
        headers = {**JSON, "X-Sidecar-Caller": tag, "X-Simulator-Call": tag, "X-Simulator": "seconds=0.03"}
        try:
            with closing(http.client.HTTPConnection(self.address, timeout=5)) as connection:
                connection.request(method, target, None if body is None else json.dumps(body), headers)
                answer = json.loads(connection.getresponse().read())
                return str(answer.get("id", ""))
        except (OSError, http.client.HTTPException, ValueError):
            time.sleep(0.01)
            return ""


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def directories(provider: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where ledgers lie that have been through all of it, and have had time to settle."""
    places = {name: tmp_path_factory.mktemp(name) for name in LEDGERS}
    with pytest.MonkeyPatch.context() as environment, ThreadPoolExecutor(len(LEDGERS)) as pool:
        environment.setenv(VARIABLE, "a-key")
        list(pool.map(lambda name: go_through(name, places[name], provider), LEDGERS))
    return places


@pytest.fixture(params=LEDGERS)
def directory(request: pytest.FixtureRequest, directories: dict[str, Path]) -> Path:
    return directories[request.param]


def go_through(name: str, place: Path, provider: RunningSimulator) -> None:
    load, dice = Load(name), random.Random(name)
    settings = SETTINGS | {"UPSTREAMS__OPENAI__URL": provider.url}
    with load.running():
        for _ in range(KILLS_EACH):
            with running_sidecar(place, provider, settings) as sidecar:
                check_the_page(sidecar)
                load.address = urlsplit(sidecar.proxy).netloc
                time.sleep(dice.uniform(0, LONGEST_LIFE_SECONDS))
                sidecar.end(signal.SIGKILL)
    with running_sidecar(place, provider, settings) as sidecar:
        wait_until_settled(sidecar)
        check_the_page(sidecar)
        sidecar.end()


def check_the_page(sidecar: RunningSidecar) -> None:
    """Started = settled + in flight, opened = settled + open: on the page of each process, for what it found and what it did."""
    page = Counter[str]()
    for (name, _), value in sidecar.metrics().items():
        page[name.removeprefix("inference_sidecar_")] += round(value)
    assert page["calls_started_total"] == page["calls_settled_total"] + page["calls_in_flight"]
    assert page["operations_opened_total"] == page["operations_settled_total"] + page["operations_open"]


def wait_until_settled(sidecar: RunningSidecar) -> None:
    deadline = time.monotonic() + 60
    while sidecar.total("operations_open") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert sidecar.total("operations_open") == 0


def rows(directory: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(directory / "ledger.db")) as ledger:
        return ledger.execute(query).fetchall()


def test_ledger_is_whole(directory: Path) -> None:
    assert rows(directory, "PRAGMA integrity_check") == [("ok",)]


def test_nothing_is_left_open(directory: Path) -> None:
    assert rows(directory, "SELECT count(*) FROM calls WHERE outcome IS NULL") == [(0,)]
    assert rows(directory, "SELECT count(*) FROM operations WHERE settled_at IS NULL") == [(0,)]


def test_every_operation_of_the_provider_has_its_row(directory: Path, provider: RunningSimulator) -> None:
    known = {tag for (tag,) in rows(directory, "SELECT caller FROM operations")}
    made = [seen.tag for seen in provider.operations if seen.tag.startswith(f"{directory.name.rstrip('0')}-")]
    print(f"{len(made)} operations, {len(known)} rows")
    assert len(made) > KILLS_EACH
    assert [tag for tag in made if tag not in known] == []


def test_every_learned_id_was_followed_to_its_end(directory: Path) -> None:
    states = rows(directory, "SELECT DISTINCT state FROM operations WHERE provider_id IS NOT NULL")
    assert states == [("succeeded",)]


def test_history_of_every_operation_ends_where_its_row_stands(directory: Path) -> None:
    apart = rows(
        directory,
        "SELECT id FROM operations WHERE state != (SELECT state FROM operation_moves"
        " WHERE operation_id = operations.id ORDER BY number DESC LIMIT 1)",
    )
    assert apart == []


@pytest.mark.parametrize(
    ("table", "condition"), [("calls", "outcome != 'lost'"), ("operations", "provider_id IS NOT NULL")]
)
def test_bill_is_the_providers_to_the_last_digit(
    directory: Path, provider: RunningSimulator, table: str, condition: str
) -> None:
    billed: Counter[str] = Counter()
    truth = {entry.id: entry.usd for entry in provider.bill.entries}
    ours = rows(directory, f"SELECT caller, spend_usd FROM {table} WHERE {condition} AND spend_usd IS NOT NULL")
    billed["rows"] = len(ours)
    apart = [
        (tag, usd, truth.get(str(tag))) for tag, usd in ours if Decimal(str(usd)) != truth.get(str(tag), Decimal(0))
    ]
    assert billed["rows"] > KILLS_EACH / 2
    assert apart == []
