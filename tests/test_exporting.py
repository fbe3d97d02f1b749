"""The settings as OpenTelemetry's door wants them, and operations told with their history."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from sidecar.config.settings import Settings
from sidecar.errors import LedgerError, SettingsError
from sidecar.exporting import Exporting, exporting_of, options_of, servers_of
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.proxy.destination import destinations_of
from sidecar.telemetry.recorder import Recorder
from tests.ledger.operations_given import MemoryOperationPlace
from tests.telemetry.conftest import ListedCalls, a_record, an_operation
from tests.telemetry.exporting import Told

pytestmark = pytest.mark.anyio


class Heard:
    """What OpenTelemetry was told, and for how long it was let go on at the end."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.operations: list[tuple[str, list[str]]] = []
        self.closed_after: list[float] = []

    def call_settled(self, record: CallRecord, trace: str = "") -> None:
        self.calls.append((record.id, trace))

    def operation_settled(self, record: OperationRecord, moves: Iterable[OperationMove] = ()) -> None:
        self.operations.append((record.id, [str(move.event) for move in moves]))

    def dropped(self) -> int:
        return 0

    def close(self, timeout_seconds: float) -> None:
        self.closed_after.append(timeout_seconds)


def settings(**otel: Any) -> Settings:
    return Settings.model_validate({"otel": otel})


def test_what_is_not_set_is_left_to_opentelemetry():
    options = options_of(settings(), "me", {})
    assert (options.endpoint, options.headers, options.service_name, options.sample_ratio) == (None, None, None, None)
    assert (options.convention, options.has_traces, options.model_limit) == ("latest", True, 100)


def test_what_is_set_is_passed_on():
    keys: Mapping[str, Any] = {
        "endpoint": "http://collector:4318/x", "headers": {"env": "OTLP"}, "traces": False, "genai_metrics": "off",
        "sample_ratio": 0.5, "service_name": "mine", "export_interval_seconds": "2s",
    }  # fmt: skip
    options = options_of(settings(**keys), "me", {"OTLP": "a=b"})
    assert (options.endpoint, options.headers, options.has_traces) == ("http://collector:4318/x", "a=b", False)
    assert (options.convention, options.sample_ratio, options.service_name) == (None, 0.5, "mine")
    assert (options.export_interval_seconds, options.instance) == (2.0, "me")


def test_a_pod_is_named_as_opentelemetry_names_it():
    in_pod = Settings.model_validate({"pod": {"name": "api-0", "node": "n1"}})
    assert options_of(in_pod, "me", {}).place == {"k8s.pod.name": "api-0", "k8s.node.name": "n1"}
    assert options_of(settings(), "me", {}).place == {}


def test_headers_that_are_not_there_are_said():
    with pytest.raises(SettingsError, match="OTLP is empty or not set"):
        options_of(settings(headers={"env": "OTLP"}), "me", {})


def test_nothing_is_opened_where_it_is_off():
    assert exporting_of(settings(), (), MemoryOperationPlace().open(), "me", Told()) is None


def test_upstreams_of_many_hosts_are_said_to_be_nowhere():
    servers = servers_of(destinations_of(Settings()).values())
    assert servers["openai"] == ("api.openai.com", 443)
    assert not {"vertex", "bedrock"} & set(servers)


async def test_a_call_is_told_with_its_callers_trace():
    heard, recorder = Heard(), Recorder("1", ListedCalls(), LedgerHealth)
    Exporting(heard, MemoryOperationPlace().open()).join(recorder)
    record = a_record("c1")
    recorder.settled(recorder.admitted(record.provider, record.model, record.kind), record, trace="00-a-b-01")
    recorder.lost([a_record("c2", outcome="lost")])
    assert heard.calls == [("c1", "00-a-b-01"), ("c2", "")]


async def test_an_operation_is_told_with_its_history():
    heard, recorder, ledger = Heard(), Recorder("1", ListedCalls(), LedgerHealth), MemoryOperationPlace().open()
    exporting = Exporting(heard, ledger)
    exporting.join(recorder)
    recorder.operations.settled(ledger.open(an_operation("o1")))
    await exporting.told()
    assert heard.operations == [("o1", ["opened"])]


async def test_a_history_that_can_not_be_read_is_done_without(monkeypatch: pytest.MonkeyPatch):
    def unreadable(id: str) -> list[OperationMove]:
        raise LedgerError("x", "is gone")

    heard, ledger = Heard(), MemoryOperationPlace().open()
    monkeypatch.setattr(ledger, "moves", unreadable)
    exporting = Exporting(heard, ledger)
    exporting.operation_settled(an_operation("o1"))
    await exporting.told()
    assert heard.operations == [("o1", [])]


@pytest.mark.parametrize(("rest", "given"), [(-3.0, 1.0), (2.0, 2.0), (20.0, 5.0)])
async def test_what_waits_is_exported_for_as_long_as_the_drain_lets_it(rest: float, given: float):
    heard = Heard()
    await Exporting(heard, MemoryOperationPlace().open()).close(rest)
    assert heard.closed_after == [given]
