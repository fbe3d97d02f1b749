"""Around OpenTelemetry's exporters: what is lost is counted, and an unreachable collector is said once, not per batch."""

import logging
import threading
from collections.abc import Sequence
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from sidecar.telemetry.otel import OtelLog

THEIRS: Final = "opentelemetry"
"""The logger above all of OpenTelemetry's own."""
EXPORTERS: Final = "opentelemetry.exporter"
"""Those that say why an export failed, each time anew."""
MOST_SAID: Final = 100
"""Different complaints of OpenTelemetry's that are passed on."""


class Complaints(logging.Handler):
    """Takes what OpenTelemetry logs: each sort of complaint is said once, and why an export failed is kept for who asks.

    Without it the standard library would write every one of them to standard error.
    """

    def __init__(self, log: OtelLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._said: set[str] = set()
        self._why = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record in."""
        if record.name.startswith(EXPORTERS):
            self._why = self._why or record.getMessage()
        elif record.msg not in self._said and len(self._said) < MOST_SAID:
            self._said.add(record.msg)
            self._log.warning("otel_problem", problem=record.getMessage())

    @property
    def is_complaining(self) -> bool:
        """An export is failing, and being tried again perhaps."""
        return bool(self._why)

    def why(self) -> str:
        """Why the last export failed, in the exporter's words: its first, as the later ones only say that it gave up."""
        why, self._why = self._why, ""
        return why

    def listen(self) -> None:
        """Take everything from here on."""
        logger = logging.getLogger(THEIRS)
        logger.addHandler(self)
        logger.propagate = False

    def ignore(self) -> None:
        """Take nothing any more."""
        logger = logging.getLogger(THEIRS)
        logger.removeHandler(self)
        logger.propagate = True


class Collector:
    """What is known of where things are exported to; told by the exporters' threads."""

    def __init__(self, log: OtelLog, complaints: Complaints) -> None:
        self._log, self._complaints = log, complaints
        self._lock = threading.Lock()
        self.is_failing = False
        """It did not take what it was sent last."""

    def told(self, *, is_good: bool, what: str) -> None:
        """An export of `what` was taken, or was not: say so when that is new."""
        why = self._complaints.why()
        with self._lock:
            is_new, self.is_failing = is_good == self.is_failing, not is_good
        if is_new and is_good:
            self._log.info("otel_export_works_again", exported=what)
        elif is_new:
            self._log.warning("otel_export_failed", exported=what, why=why)


class CountedSpans(SpanExporter):
    """An exporter of spans that counts what it was given, and what of that was lost."""

    def __init__(self, exporter: SpanExporter, collector: Collector) -> None:
        self._exporter, self._collector = exporter, collector
        self.given = self.lost = 0
        self._is_shut_down = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export a batch."""
        self.given += len(spans)
        result = self._exporter.export(spans)
        is_good = result is SpanExportResult.SUCCESS
        if not is_good:
            self.lost += len(spans)
        self._collector.told(is_good=is_good, what="spans")
        return result

    def shutdown(self) -> None:
        """Export nothing any more; what is being tried is not tried again. May be called twice."""
        if not self._is_shut_down:
            self._is_shut_down = True
            self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return self._exporter.force_flush(timeout_millis)


class BoundedBatches(BatchSpanProcessor):
    """The SDK's batches, with a bound of our own before theirs: what does not fit is counted, and not only complained of."""

    def __init__(self, exporter: CountedSpans, most_waiting: int, schedule_delay_millis: float | None = None) -> None:
        super().__init__(exporter, max_queue_size=most_waiting, schedule_delay_millis=schedule_delay_millis)
        self._spans, self._most = exporter, most_waiting
        self._taken = 0
        self.refused = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span, unless as many wait as may."""
        if self._taken - self._spans.given >= self._most:
            self.refused += 1
        else:
            self._taken += bool(span.context and span.context.trace_flags.sampled)
            super().on_end(span)


class ToldMetrics(OTLPMetricExporter):
    """Says whether metrics arrive. Nothing is lost when they do not: the next export has the same totals."""

    collector: Collector
    """Set before the first export."""

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: object
    ) -> MetricExportResult:
        """Export what was collected."""
        result = super().export(metrics_data, timeout_millis, **kwargs)
        self.collector.told(is_good=result is MetricExportResult.SUCCESS, what="metrics")
        return result

    def shutdown(self, timeout_millis: float = 30_000, **kwargs: object) -> None:
        """Export nothing any more; what is being tried is not tried again. May be called twice."""
        if not self._shutdown:
            super().shutdown(timeout_millis, **kwargs)
