"""A recorder whose log is a list, calls to settle, and the page read back as numbers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sidecar.clock import SECOND
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.page import Page, expose
from sidecar.telemetry.recorder import Recorder

START = 1_790_000_000 * SECOND


class ListedCalls:
    """A log that remembers what settled, and what was said of operations."""

    def __init__(self) -> None:
        self.records: list[CallRecord] = []
        self.problems: list[tuple[str, str, str]] = []
        self.operations: list[OperationRecord] = []
        self.events: list[tuple[str, str, bool, dict[str, object]]] = []
        self.suspicions: list[tuple[int, int, str]] = []

    def call_settled(self, record: CallRecord) -> None:
        self.records.append(record)

    def upstream_failed(self, upstream: str, error: str, problem: str) -> None:
        self.problems.append((upstream, error, problem))

    def operation_settled(self, record: OperationRecord) -> None:
        self.operations.append(record)

    def operation_event(
        self, event: str, record: OperationRecord, *, is_warning: bool = False, **facts: object
    ) -> None:
        self.events.append((event, record.id, is_warning, facts))

    def mass_suspicion(self, suspected: int, known: int, why: str) -> None:
        self.suspicions.append((suspected, known, why))


def a_record(id: str = "c1", **fields: Any) -> CallRecord:
    """A delivered stream of 2 s that cost 1 USD, changed as asked."""
    usual: dict[str, Any] = {
        "upstream": "gemini", "provider": "google", "dialect": "gemini", "model": "gemini-3-pro",
        "kind": CallKind.STREAM, "started_at": START, "committed_at": START + 1000, "answered_at": START + SECOND // 2,
        "finished_at": START + 2 * SECOND, "settled_at": START + 2 * SECOND + 500, "outcome": "delivered",
        "http_status": 200, "usage": {"input": 10, "output": 5}, "spend_usd": Decimal(1),
        "orphaned_usd": Decimal(0), "avoidable_usd": Decimal(0), "basis": "exact", "price_source": "override:1",
    }  # fmt: skip
    return CallRecord(id=id, **(usual | fields))


def an_operation(id: str = "o1", **fields: Any) -> OperationRecord:
    """A background response that has just opened, changed as asked."""
    usual: dict[str, Any] = {
        "upstream": "openai", "provider": "openai", "dialect": "openai", "method": "responses.create",
        "kind": OperationKind.BACKGROUND, "model": "gpt-6", "opened_at": START, "path": "/v1/responses",
        "lease_seconds": 60.0, "renewed_at": START, "due_at": START + SECOND, "holder": "me", "fence": 1,
    }  # fmt: skip
    return OperationRecord(id=id, **(usual | fields))


def samples_of(page: Page) -> dict[str, list[tuple[dict[str, str], float]]]:
    """Every sample of a rendered page by name: its labels and value."""
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(expose(page).body.decode()):
        for sample in family.samples:
            found.setdefault(sample.name.removeprefix("inference_sidecar_"), []).append((sample.labels, sample.value))
    return found


@pytest.fixture(scope="session")
def new_log() -> Callable[[], ListedCalls]:
    """Makes a log, for tests that need many."""
    return ListedCalls


@pytest.fixture
def calls() -> ListedCalls:
    return ListedCalls()


@pytest.fixture
def recorder(calls: ListedCalls) -> Recorder:
    return Recorder("1.2.3", calls, LedgerHealth)


@pytest.fixture(scope="session")
def record() -> Callable[..., CallRecord]:
    return a_record


@pytest.fixture(scope="session")
def operation() -> Callable[..., OperationRecord]:
    return an_operation


@pytest.fixture(scope="session")
def read() -> Callable[[Page], dict[str, list[tuple[dict[str, str], float]]]]:
    return samples_of


@pytest.fixture
def total(recorder: Recorder) -> Callable[..., float]:
    """The sum of a family's samples on the page, of those with the given labels."""

    def summed(name: str, **labels: str) -> float:
        found = samples_of(recorder.page()).get(name, [])
        return sum(value for had, value in found if labels.items() <= had.items())

    return summed
