"""The whole way to a real OTLP/HTTP receiver: what arrives, what is said when nobody is there, and that ending is quick."""

import logging
from collections.abc import Iterator

import pytest

from sidecar.errors import SettingsError
from sidecar.telemetry.otel import OtelOptions
from sidecar.telemetry.otel_pipeline import Pipeline, most_waiting, resource_of
from tests.telemetry.collector import Collector, attributes, running_collector, seconds_of
from tests.telemetry.conftest import a_record, an_operation
from tests.telemetry.exporting import SERVERS, Told, enable_loggers

CALLER = f"00-{'a' * 32}-{'b' * 16}-01"
NOBODY = "http://127.0.0.1:1"
LONG = 3600.0


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may export something themselves."""
    enable_loggers()
    for name in (
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with running_collector() as collector:
        yield collector


@pytest.fixture
def told() -> Told:
    return Told()


def options(endpoint: str | None, **more: object) -> OtelOptions:
    usual = {"version": "1.2.3", "instance": "me", "endpoint": endpoint, "export_interval_seconds": LONG}
    return OtelOptions(**(usual | more))  # type: ignore[arg-type]


def settle(pipeline: Pipeline, calls: int = 1) -> None:
    for number in range(calls):
        pipeline.call_settled(a_record(f"c{number}", method="chat.completions", usage_basis="exact"), CALLER)


def test_spans_and_metrics_arrive(collector: Collector, told: Told):
    pipeline = Pipeline(options(collector.url), told, SERVERS)
    settle(pipeline, 3)
    pipeline.operation_settled(an_operation("o1", outcome="succeeded"))
    pipeline.close(30)
    names = sorted(span.name for span in collector.spans())
    assert names == ["chat gemini-3-pro"] * 3 + ["responses.create gpt-6"]
    assert {span.trace_id.hex() for span in collector.spans() if "chat" in span.name} == {"a" * 32}
    (point,) = collector.newest_metrics()["gen_ai.client.inference.duration"].histogram.data_points
    assert (point.count, attributes(point.attributes)["gen_ai.operation.name"]) == (3, "chat")
    assert (told.said, pipeline.dropped()) == ([], 0)


def test_who_sends_it_is_told(collector: Collector, told: Told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    pipeline = Pipeline(options(collector.url), told, SERVERS)
    settle(pipeline)
    pipeline.close(30)
    resource = collector.resource()
    assert {name: resource[name] for name in resource if not name.startswith("telemetry.")} == {
        "service.name": "inference-sidecar", "service.version": "1.2.3", "service.instance.id": "me",
        "deployment.environment": "test",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "variable", "name"),
    [(None, None, "inference-sidecar"), (None, "theirs", "theirs"), ("mine", "theirs", "mine")],
)
def test_the_service_is_named_by_the_setting_else_the_variable_else_by_us(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, variable: str | None, name: str
):
    if variable is not None:
        monkeypatch.setenv("OTEL_SERVICE_NAME", variable)
    assert resource_of(options(None, service_name=setting)).attributes["service.name"] == name


def test_headers_of_the_settings_and_of_the_variable_are_sent(
    collector: Collector, told: Told, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-a=1")
    pipeline = Pipeline(options(collector.url, headers="authorization=Bearer%20canary"), told, SERVERS)
    settle(pipeline)
    pipeline.close(30)
    assert {headers["authorization"] for headers in collector.headers} == {"Bearer canary"}
    assert {headers["x-a"] for headers in collector.headers} == {"1"}


def test_without_an_endpoint_the_standard_variable_counts(
    collector: Collector, told: Told, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    pipeline = Pipeline(options(None), told, SERVERS)
    settle(pipeline)
    pipeline.close(30)
    assert len(collector.spans()) == 1


def test_each_of_the_two_can_be_left_out(collector: Collector, told: Told):
    for more in ({"has_traces": False}, {"convention": None}):
        pipeline = Pipeline(options(collector.url, **more), told, SERVERS)
        settle(pipeline)
        pipeline.operation_settled(an_operation("o1", outcome="succeeded"))
        pipeline.close(30)
    assert (len(collector.spans()), len(collector.metrics)) == (2, 1)


def test_a_collector_that_is_not_there_is_said_once_and_ending_does_not_wait_for_it(told: Told):
    pipeline = Pipeline(options(NOBODY), told, SERVERS)
    settle(pipeline)
    assert seconds_of(lambda: pipeline.close(0.5)) < 5
    assert told.events() == ["otel_export_failed"]


def test_what_the_collector_declines_is_counted_and_said_with_the_reason(collector: Collector, told: Told):
    collector.status = 400
    pipeline = Pipeline(options(collector.url), told, SERVERS)
    settle(pipeline, 4)
    pipeline.close(30)
    assert pipeline.dropped() == 4
    assert told.events() == ["otel_export_failed"]
    assert "400" in str(told.said[0][1]["why"])


def test_afterwards_the_sdk_is_left_as_it_was(collector: Collector, told: Told):
    Pipeline(options(collector.url), told, SERVERS).close(30)
    assert logging.getLogger("opentelemetry").propagate
    assert not [
        each for each in logging.getLogger("opentelemetry").handlers if type(each).__module__.startswith("sidecar")
    ]


def test_a_variable_that_the_sdk_can_not_use_is_a_sentence(told: Told, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with pytest.raises(SettingsError, match="OpenTelemetry can't be set up: max_export_batch_size must be"):
        Pipeline(options(NOBODY), told, SERVERS)
    assert logging.getLogger("opentelemetry").propagate


@pytest.mark.parametrize(("text", "number"), [("", 2048), ("600", 600), ("many", 2048), ("-1", 2048)])
def test_how_many_may_wait_is_the_variables(monkeypatch: pytest.MonkeyPatch, text: str, number: int):
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", text)
    assert most_waiting() == number
