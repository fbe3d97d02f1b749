"""Exporting says once that it fails, counts what is lost, and never lets the SDK write to standard error."""

import logging
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from sidecar.telemetry.otel_export import EXPORTERS, MOST_SAID, BoundedBatches, Collector, Complaints, CountedSpans
from tests.telemetry.conftest import a_record
from tests.telemetry.exporting import Spans, Told, enable_loggers


class Answering(SpanExporter):
    """An exporter that does as it is told."""

    def __init__(self) -> None:
        self.result = SpanExportResult.SUCCESS
        self.taken = self.ends = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.taken += len(spans)
        return self.result

    def shutdown(self) -> None:
        self.ends += 1

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def complaints(told: Told) -> Iterator[Complaints]:
    enable_loggers()
    complaints = Complaints(told)
    complaints.listen()
    yield complaints
    complaints.ignore()


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def counted(told: Told, complaints: Complaints, answering: Answering) -> CountedSpans:
    return CountedSpans(answering, Collector(told, complaints))


def a_span() -> ReadableSpan:
    spans = Spans()
    spans.traces.call_settled(a_record(), "")
    (span,) = spans.exported()
    return span


def test_a_collector_that_fails_is_said_once_with_the_reason_and_again_when_it_works(
    told: Told, counted: CountedSpans, answering: Answering
):
    answering.result = SpanExportResult.FAILURE
    for _ in range(3):
        logging.getLogger(f"{EXPORTERS}.otlp").warning("Transient error %s, retrying", "refused")
        logging.getLogger(f"{EXPORTERS}.otlp").error("Failed to export %s batch", "spans")
        counted.export([a_span()])
    answering.result = SpanExportResult.SUCCESS
    counted.export([a_span()])
    counted.export([a_span()])
    assert told.said == [
        ("otel_export_failed", {"exported": "spans", "why": "Transient error refused, retrying"}),
        ("otel_export_works_again", {"exported": "spans"}),
    ]


def test_one_that_always_works_is_not_spoken_of(told: Told, counted: CountedSpans):
    assert counted.export([a_span()]) is SpanExportResult.SUCCESS
    assert told.said == []


def test_what_was_not_taken_is_counted(counted: CountedSpans, answering: Answering):
    answering.result = SpanExportResult.FAILURE
    counted.export([a_span(), a_span()])
    answering.result = SpanExportResult.SUCCESS
    counted.export([a_span()])
    assert (counted.given, counted.lost) == (3, 2)


def test_what_the_sdk_complains_of_is_said_once(told: Told, complaints: Complaints, capfd: pytest.CaptureFixture[str]):
    for number in range(3):
        logging.getLogger("opentelemetry.sdk.trace").warning("Queue full, dropping %s.", number)
        logging.getLogger("opentelemetry.sdk.trace").info("nothing to see")
    assert told.said == [("otel_problem", {"problem": "Queue full, dropping 0."})]
    assert capfd.readouterr() == ("", "")


def test_complaints_are_bounded(told: Told, complaints: Complaints):
    for number in range(MOST_SAID + 10):
        logging.getLogger("opentelemetry.sdk").warning(f"complaint {number}")
    assert len(told.said) == MOST_SAID


def test_afterwards_the_sdk_logs_as_before(told: Told, complaints: Complaints):
    complaints.ignore()
    assert logging.getLogger("opentelemetry").propagate
    assert complaints not in logging.getLogger("opentelemetry").handlers


def test_shutting_down_twice_is_shutting_down_once(counted: CountedSpans, answering: Answering):
    counted.shutdown()
    counted.shutdown()
    assert answering.ends == 1


def test_more_spans_than_may_wait_are_refused_and_counted(counted: CountedSpans, answering: Answering):
    batches = BoundedBatches(counted, 512, schedule_delay_millis=3_600_000)
    span = a_span()
    batches._batch_processor._max_export_batch_size = 10_000  # so that its thread is not woken by their number
    for _ in range(600):
        batches.on_end(span)
    assert (batches.refused, answering.taken) == (88, 0)
    batches.shutdown()
    assert answering.taken == 512


def test_when_some_were_exported_others_fit_again(counted: CountedSpans, answering: Answering):
    batches = BoundedBatches(counted, 512, schedule_delay_millis=3_600_000)
    for _ in range(3):
        for _ in range(400):
            batches.on_end(a_span())
        batches.force_flush()
    batches.shutdown()
    assert (batches.refused, answering.taken) == (0, 1_200)
