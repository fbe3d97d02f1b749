"""The group about OpenTelemetry: what is exported of settled calls and operations, and where to. Needs the extra `otel`."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from sidecar.config.group import Group
from sidecar.config.secret_place import SecretPlace
from sidecar.config.values import MaybeOff, SomeSeconds, Text, UpstreamUrl, unusable


class GenAiMetrics(StrEnum):
    """By which version of OpenTelemetry's GenAI conventions metrics are named."""

    LATEST = "latest"
    """The newest: `gen_ai.client.inference.*`."""
    V1_41 = "v1.41"
    """The last of the conventions' first repository: `gen_ai.client.operation.duration`, `gen_ai.client.token.usage`."""
    OFF = "off"
    """None is exported."""


def _share(value: object) -> float:
    """A share between 0 and 1: pydantic alone would take `yes` for 1."""
    try:
        share = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise unusable(value, "is not a share", "write a number from 0 (none) to 1 (all): 0.1")
    return share


class HeadersSource(SecretPlace):
    """Where header fields are kept, `name=value,name=value` with values percent-encoded, as in OTEL_EXPORTER_OTLP_HEADERS."""

    KEY = "otel.headers"
    IT = "a credential"
    PLACES = "write a place: {env: OTLP_HEADERS} or {file: /run/secrets/otlp}"
    NOTHING = "is empty or not set", "write name=value,name=value there"


class Otel(Group):
    """What OpenTelemetry is told, over OTLP/HTTP (protobuf). Standard variables (`OTEL_*`) count where nothing is set here."""

    enabled: bool = False
    """Off, because it sends what callers do to another place. Off costs nothing: nothing of OpenTelemetry is loaded."""
    endpoint: UpstreamUrl | None = None
    """`http://collector:4318`, to which `/v1/traces` and `/v1/metrics` are added. Not set: OTEL_EXPORTER_OTLP_ENDPOINT and its
    like, else `http://localhost:4318`."""
    headers: Annotated[HeadersSource | None, HeadersSource.or_refused()] = None
    """Where header fields for each export are kept, mostly a credential: `{env: NAME}` or `{file: /path}`, read at the start.
    Those of OTEL_EXPORTER_OTLP_HEADERS are sent too."""
    traces: bool = True
    """A span for each call and operation, made when it settles."""
    sample_ratio: Annotated[float, BeforeValidator(_share)] | None = None
    """Share of calls that have a span where their caller does not say by its own `traceparent` whether it is sampled. Not set:
    OTEL_TRACES_SAMPLER, else all."""
    genai_metrics: Annotated[GenAiMetrics, MaybeOff] = GenAiMetrics.LATEST
    """The names of the GenAI metrics: `latest`, `v1.41` or `off`. The sidecar's own stay where Prometheus fetches them."""
    service_name: Text | None = None
    """What the sidecar is called there. Not set: OTEL_SERVICE_NAME, else `inference-sidecar`."""
    export_interval_seconds: SomeSeconds | None = None
    """Between two exports. Not set: OTEL_BSP_SCHEDULE_DELAY, else 5 s, for spans, and OTEL_METRIC_EXPORT_INTERVAL, else 60 s."""
