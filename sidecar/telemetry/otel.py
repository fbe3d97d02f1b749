"""The door to OpenTelemetry: what it is told of settled calls and operations, and what it is set to. Needs the extra `otel`.

Nothing of OpenTelemetry is imported before `open_otel`, so that a sidecar without it loads and runs nothing of it.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from sidecar.errors import SettingsError
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.genai_metrics import Convention
from sidecar.telemetry.spans_calls import Server


class OtelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What is exported, and where to. What is None is as the standard `OTEL_*` variables say, else as OpenTelemetry has it."""

    version: str
    """Ours."""
    instance: str
    """Which of our processes this is."""
    place: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Where it runs, by OpenTelemetry's names: `k8s.pod.name`."""
    endpoint: str | None = None
    """URL of an OTLP/HTTP collector, to which `/v1/traces` and `/v1/metrics` are added."""
    headers: str | None = None
    """What each request to it carries besides, `name=value,name=value` with values percent-encoded."""
    has_traces: bool = True
    convention: Convention | None = "latest"
    """The GenAI metrics' names; None exports none."""
    service_name: str | None = None
    sample_ratio: float | None = None
    """Share of the traces without a sampled or unsampled caller that are kept."""
    export_interval_seconds: float | None = None
    model_limit: int = 100
    """Distinct models in the metrics; the rest is `other`."""

    def __repr__(self) -> str:
        return f"OtelOptions(endpoint={self.endpoint!r})"


class SettledOperations(Protocol):
    """Who is told that an operation has settled."""

    def operation_settled(self, record: OperationRecord) -> None:
        """Its outcome, usage and money are final."""
        ...


class OtelLog(Protocol):
    """Where problems of exporting are said, from any thread; `telemetry.log.Log.events` is one."""

    def warning(self, event: str, **facts: object) -> object:
        """Say that something is wrong."""
        ...

    def info(self, event: str, **facts: object) -> object:
        """Say that something is right again."""
        ...


class Otel(Protocol):
    """What is told to OpenTelemetry. All methods but `close` are quick and belong to the event loop's thread."""

    def call_settled(self, record: CallRecord, trace: str = "") -> None:
        """A call's outcome, usage and spend are final. `trace` is its caller's (`spans_context.trace_of`)."""
        ...

    def operation_settled(self, record: OperationRecord, moves: Iterable[OperationMove] = ()) -> None:
        """An operation's are. `moves` are its history, where that is at hand."""
        ...

    def dropped(self) -> int:
        """How many spans were lost since the start: the queue was full, or the collector did not take them."""
        ...

    def close(self, timeout_seconds: float) -> None:
        """Export what waits, for at most so long. Blocks: call it in a thread."""
        ...


def open_otel(options: OtelOptions, log: OtelLog, servers: Mapping[str, Server]) -> Otel:
    """Start exporting. `servers` says where each upstream is that is in one place.

    Raises:
        SettingsError: the extra is not installed, or OpenTelemetry can't use a setting.
    """
    try:
        from sidecar.telemetry.otel_pipeline import Pipeline
    except ImportError as error:
        raise SettingsError(
            "otel.enabled",
            f"needs OpenTelemetry, which can't be imported ({error})",
            "install the extra: pip install 'inference-sidecar[otel]'",
        ) from error
    return Pipeline(options, log, servers)
