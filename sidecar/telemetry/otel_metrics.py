"""The GenAI conventions' metrics as instruments of OpenTelemetry's SDK.

Counters are plain numbers here, which the SDK reads when it exports: a counter of its own takes some 15 microseconds at every
measurement, on the event loop.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from opentelemetry.metrics import CallbackOptions, Histogram, Meter, Observation

from sidecar.clock import seconds_between
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.genai_metrics import (
    TABLE,
    Convention,
    Instrument,
    Kind,
    Measured,
    measurements,
    of_call,
    of_operation,
)
from sidecar.telemetry.labels import BoundedLabel
from sidecar.telemetry.spans import SettledSpan
from sidecar.telemetry.spans_calls import Server

Attributes = dict[str, str | int]
More = tuple[tuple[str, str], ...]
Tell = Callable[[float, Attributes, More], None]

MOST: Final = 2**53
"""What a number is at most. OTLP has 64 bits, and no figure of a provider may break what is exported."""


class Sum:
    """A counter's numbers, by their attributes."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[object, ...], Observation] = {}

    def add(self, amount: float, attributes: Attributes, more: More) -> None:
        """Count."""
        key = (*attributes.values(), more)
        before = self._numbers.get(key)
        if before is None:
            self._numbers[key] = Observation(min(amount, MOST), attributes | dict(more))
        else:
            self._numbers[key] = Observation(min(before.value + amount, MOST), before.attributes)

    def read(self, _: CallbackOptions) -> Iterable[Observation]:
        """All of them now; asked for by the exporter's thread."""
        return list(self._numbers.values())


class GenAiMetrics:
    """Counts settled calls and operations by the conventions. Models are few: those beyond `model_limit` are `other`."""

    def __init__(self, meter: Meter, convention: Convention, servers: Mapping[str, Server], model_limit: int) -> None:
        made: dict[str, Tell] = {}
        for row in TABLE[convention]:
            if row.name not in made:  # v1.41 has one instrument for input and output
                made[row.name] = _made(meter, row)
        self._instruments = [(row, made[row.name]) for row in TABLE[convention]]
        self._servers = servers
        self._models = BoundedLabel(model_limit)

    def call_settled(self, record: CallRecord, span: SettledSpan) -> None:
        """Count a call, whose duration is that of its span."""
        measured = of_call(record, seconds_between(span.start, span.end))
        if measured is not None:
            self._count(measured, self._servers.get(record.upstream))

    def operation_settled(self, record: OperationRecord, span: SettledSpan) -> None:
        """Count an operation."""
        self._count(of_operation(record, span.error_type), self._servers.get(record.upstream))

    def _count(self, measured: Measured, server: Server | None) -> None:
        attributes = self._attributes(measured, server)
        for row, tell in self._instruments:
            for amount, more in measurements(row, measured):
                tell(amount, attributes, more)

    def _attributes(self, measured: Measured, server: Server | None) -> Attributes:
        attributes: Attributes = {
            "gen_ai.operation.name": measured.operation,
            "gen_ai.provider.name": measured.provider,
            "gen_ai.request.model": self._models.fit(measured.request_model),
        }
        if measured.response_model is not None:
            attributes["gen_ai.response.model"] = self._models.fit(measured.response_model)
        if server is not None:
            attributes["server.address"], attributes["server.port"] = server
        return attributes


def _made(meter: Meter, row: Instrument) -> Tell:
    """The instrument of a row, in the SDK; returns what tells it."""
    if row.kind is Kind.COUNTER:
        numbers = Sum()
        meter.create_observable_counter(row.name, [numbers.read], row.unit, row.help)
        return numbers.add
    histogram = meter.create_histogram(row.name, row.unit, row.help, explicit_bucket_boundaries_advisory=row.buckets)
    return _recording(histogram)


def _recording(histogram: Histogram) -> Tell:
    def record(amount: float, attributes: Attributes, more: More) -> None:
        histogram.record(min(amount, MOST), attributes | dict(more) if more else attributes)

    return record
