"""OpenTelemetry's SDK set up: providers, exporters over OTLP/HTTP (protobuf), and the threads that they export in.

The SDK's global providers and its current context play no part: a library in this process that speaks to OpenTelemetry is not
heard here. What the settings leave open the SDK reads from the standard variables (`OTEL_EXPORTER_OTLP_*`, `OTEL_BSP_*`,
`OTEL_METRIC_EXPORT_INTERVAL`, `OTEL_TRACES_SAMPLER`, `OTEL_RESOURCE_ATTRIBUTES` ...); `requests` carries it, with the proxies and
certificates that the environment names.
"""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.environment_variables import OTEL_BSP_MAX_QUEUE_SIZE
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.util.re import parse_env_headers

from sidecar.errors import SettingsError
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.otel import OtelLog, OtelOptions
from sidecar.telemetry.otel_export import BoundedBatches, Collector, Complaints, CountedSpans, ToldMetrics
from sidecar.telemetry.otel_metrics import GenAiMetrics
from sidecar.telemetry.otel_traces import Traces
from sidecar.telemetry.spans_calls import Server, call_span
from sidecar.telemetry.spans_operations import operation_span

SCOPE: Final = "inference_sidecar"
UNNAMED: Final = "unknown_service"
"""What the SDK calls a service that has no name."""
MOST_WAITING: Final = 2048
"""Spans, unless the variable says otherwise; the SDK's own default."""
FAILING_SECONDS: Final = 1.0
"""At the end a collector that has not taken the last export gets so long and no longer."""
ABORTING_SECONDS: Final = 0.5
"""Then the exporters' threads get so long to see that nothing more is tried; one that waits for an answer ends as we do."""


class Pipeline:
    """One per sidecar; an `otel.Otel`."""

    def __init__(self, options: OtelOptions, log: OtelLog, servers: Mapping[str, Server]) -> None:
        self._complaints = Complaints(log)
        self._complaints.listen()
        self._collector = Collector(log, self._complaints)
        self._servers = servers
        self._shutdowns: list[Callable[[], object]] = []
        self._aborts: list[Callable[[], object]] = []
        """Of the exporters themselves: no further attempt."""
        self._spans: CountedSpans | None = None
        self._batches: BoundedBatches | None = None
        try:
            resource = resource_of(options)
            self._traces = self._open_traces(options, resource) if options.has_traces else None
            self._metrics = self._open_metrics(options, resource)
        except ValueError as why:  # a standard variable that the SDK can't use
            self._complaints.ignore()
            raise SettingsError(
                "otel", f"OpenTelemetry can't be set up: {why}", "look at the OTEL_* variables"
            ) from why

    def call_settled(self, record: CallRecord, trace: str = "") -> None:
        """Make its span, and count it."""
        traces = self._traces
        span = call_span(record) if traces is None else traces.call_settled(record, trace)
        if self._metrics is not None:
            self._metrics.call_settled(record, span)

    def operation_settled(self, record: OperationRecord, moves: Iterable[OperationMove] = ()) -> None:
        """Make its span, and count it."""
        traces = self._traces
        span = operation_span(record) if traces is None else traces.operation_settled(record, moves)
        if self._metrics is not None:
            self._metrics.operation_settled(record, span)

    def dropped(self) -> int:
        """Spans that did not fit into the queue, or that the collector did not take."""
        if self._spans is None or self._batches is None:
            return 0
        return self._spans.lost + self._batches.refused

    def close(self, timeout_seconds: float) -> None:
        """Export what waits. The SDK's own wait has no end that one can set, so that it is done by a thread that may be left."""
        is_failing = self._collector.is_failing or self._complaints.is_complaining
        thread = threading.Thread(target=self._shut_down, name="otel-close", daemon=True)
        thread.start()
        thread.join(min(timeout_seconds, FAILING_SECONDS) if is_failing else timeout_seconds)
        if thread.is_alive():
            for abort in self._aborts:
                abort()
            thread.join(ABORTING_SECONDS)
        self._complaints.ignore()

    def _shut_down(self) -> None:
        if self._traces is not None:
            self._traces.close()
        for shutdown in self._shutdowns:
            shutdown()

    def _open_traces(self, options: OtelOptions, resource: Resource) -> Traces:
        ratio = options.sample_ratio
        sampler = None if ratio is None else ParentBased(TraceIdRatioBased(ratio))
        provider = TracerProvider(
            sampler, resource, shutdown_on_exit=False
        )  # finds the sampler that the variables name
        exporter = OTLPSpanExporter(endpoint_of(options, "/v1/traces"), headers=headers_of(options))
        self._spans = CountedSpans(exporter, self._collector)
        self._batches = BoundedBatches(self._spans, most_waiting(), milliseconds(options))
        provider.add_span_processor(self._batches)
        self._shutdowns.append(provider.shutdown)
        self._aborts.append(self._spans.shutdown)
        scope = InstrumentationScope(SCOPE, options.version)
        return Traces(self._batches, provider.sampler, resource, scope, self._servers)

    def _open_metrics(self, options: OtelOptions, resource: Resource) -> GenAiMetrics | None:
        if options.convention is None:
            return None
        exporter = ToldMetrics(endpoint_of(options, "/v1/metrics"), headers=headers_of(options))
        exporter.collector = self._collector
        reader = PeriodicExportingMetricReader(exporter, milliseconds(options))
        provider = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._shutdowns.append(provider.shutdown)
        self._aborts.append(exporter.shutdown)
        meter = provider.get_meter(SCOPE, options.version)
        return GenAiMetrics(meter, options.convention, self._servers, options.model_limit)


def resource_of(options: OtelOptions) -> Resource:
    """Who says all this. The service's name is the setting's, else the standard variables', else ours."""
    ours = {SERVICE_VERSION: options.version, SERVICE_INSTANCE_ID: options.instance}
    found = Resource.create({**options.place, **ours})
    is_unnamed = str(found.attributes.get(SERVICE_NAME, UNNAMED)).startswith(UNNAMED)
    name = options.service_name or ("inference-sidecar" if is_unnamed else None)
    return found if name is None else found.merge(Resource({SERVICE_NAME: name}))


def endpoint_of(options: OtelOptions, path: str) -> str | None:
    """The whole URL of a signal; None leaves it to the standard variables."""
    return None if options.endpoint is None else options.endpoint.rstrip("/") + path


def headers_of(options: OtelOptions) -> Mapping[str, str]:
    """The header fields that the settings add, besides those of the standard variables."""
    return parse_env_headers(options.headers or "", liberal=True)


def milliseconds(options: OtelOptions) -> float | None:
    """Between exports; None leaves it to the standard variables."""
    return None if options.export_interval_seconds is None else options.export_interval_seconds * 1_000


def most_waiting() -> int:
    """Spans that may wait for the next export."""
    told = os.environ.get(OTEL_BSP_MAX_QUEUE_SIZE, "")
    return int(told) if told.isascii() and told.isdecimal() else MOST_WAITING
