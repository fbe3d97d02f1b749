"""Spans and metrics as OpenTelemetry's SDK would export them, kept in memory."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import DEFAULT_ON, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from sidecar.telemetry.genai_metrics import Convention
from sidecar.telemetry.otel_metrics import GenAiMetrics
from sidecar.telemetry.otel_traces import Traces

SERVERS = {"gemini": ("generativelanguage.googleapis.com", 443)}
RESOURCE = Resource({"service.name": "test"})


class Told:
    """A log that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, object]]] = []

    def warning(self, event: str, **facts: object) -> None:
        self.said.append((event, facts))

    def info(self, event: str, **facts: object) -> None:
        self.said.append((event, facts))

    def events(self) -> list[str]:
        return [event for event, _ in self.said]


def enable_loggers() -> None:
    """Let OpenTelemetry's loggers speak: import-linter, which test_architecture runs in this process, disables all loggers."""
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.name.startswith("opentelemetry"):
            logger.disabled = False


class Spans:
    """Traces whose spans stay here."""

    def __init__(self, sampler: Sampler = DEFAULT_ON) -> None:
        self._exporter = InMemorySpanExporter()
        scope = InstrumentationScope("inference_sidecar", "1.2.3")
        self.traces = Traces(SimpleSpanProcessor(self._exporter), sampler, RESOURCE, scope, SERVERS)

    def exported(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def of(self, id: str) -> ReadableSpan:
        """The span of one call or operation."""
        (found,) = (span for span in self.exported() if is_of(span, id))
        return found


def is_of(span: ReadableSpan, id: str) -> bool:
    """It is the span of this call or operation, and does not only name it."""
    attributes: Mapping[str, Any] = span.attributes or {}
    return id in (attributes.get("inference_sidecar.call_id"), attributes.get("inference_sidecar.operation_id"))


class Metrics:
    """GenAI metrics that are read from here."""

    def __init__(self, convention: Convention = "latest", model_limit: int = 100) -> None:
        self._reader = InMemoryMetricReader()
        provider = MeterProvider([self._reader], RESOURCE, shutdown_on_exit=False)
        self.metrics = GenAiMetrics(provider.get_meter("inference_sidecar"), convention, SERVERS, model_limit)

    def points(self) -> dict[str, list[Any]]:
        """The data points of every metric, by its name."""
        data = self._reader.get_metrics_data()
        found = (
            []
            if data is None
            else [metric for each in data.resource_metrics for scope in each.scope_metrics for metric in scope.metrics]
        )
        return {metric.name: list(metric.data.data_points) for metric in found}
