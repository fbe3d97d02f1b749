"""The group about OpenTelemetry: what is exported of settled calls and operations, and where to. Needs the extra `otel`."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from sidecar.config.credential import VARIABLE
from sidecar.config.group import Group
from sidecar.config.values import MaybeOff, SomeSeconds, Text, UpstreamUrl, unusable, unusable_whole
from sidecar.errors import SettingsError


class GenAiMetrics(StrEnum):
    """By which version of OpenTelemetry's GenAI conventions metrics are named."""

    LATEST = "latest"
    """The newest: `gen_ai.client.inference.*`."""
    V1_41 = "v1.41"
    """The last of the conventions' first repository: `gen_ai.client.operation.duration`, `gen_ai.client.token.usage`."""
    OFF = "off"
    """None is exported."""


ONE: str = "write a place: {env: OTLP_HEADERS} or {file: /run/secrets/otlp}"


def _place(value: object) -> object:
    """Refuse what may be the headers themselves, without repeating it."""
    if value is None or isinstance(value, dict | HeadersSource):
        return value
    raise unusable_whole("what stands there (not shown: it may be a credential) is not a group of keys", ONE)


def _variable(value: object) -> str:
    if isinstance(value, str) and VARIABLE(value):
        return value
    raise unusable_whole("what stands there (not shown: it may be a credential) is not the name of a variable", ONE)


def _share(value: object) -> float:
    """A share between 0 and 1: pydantic alone would take `yes` for 1."""
    try:
        share = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise unusable(value, "is not a share", "write a number from 0 (none) to 1 (all): 0.1")
    return share


class HeadersSource(Group):
    """Where header fields are kept, `name=value,name=value` with values percent-encoded, as in OTEL_EXPORTER_OTLP_HEADERS."""

    env: Annotated[str, BeforeValidator(_variable)] | None = None
    """The name of an environment variable of the sidecar."""
    file: Text | None = None
    """The path of a file."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise unusable_whole("names no place" if self.env is None else "names two places", ONE)
        return self

    def read(self, variables: Mapping[str, str]) -> str:
        """What is kept there. `variables` is the environment.

        Raises:
            SettingsError: nothing is. What is there is in no error.
        """
        try:
            text = variables.get(self.env, "") if self.env else Path(self.file or "").read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            raise SettingsError("otel.headers.file", f"can't read {self.file}: {type(why).__name__}") from None
        if not text.strip():
            key, place = ("env", self.env) if self.env else ("file", self.file)
            raise SettingsError(
                f"otel.headers.{key}", f"{place} is empty or not set", "write name=value,name=value there"
            )
        return text.strip()


class Otel(Group):
    """What OpenTelemetry is told, over OTLP/HTTP (protobuf). Standard variables (`OTEL_*`) count where nothing is set here."""

    enabled: bool = False
    """Off, because it sends what callers do to another place. Off costs nothing: nothing of OpenTelemetry is loaded."""
    endpoint: UpstreamUrl | None = None
    """`http://collector:4318`, to which `/v1/traces` and `/v1/metrics` are added. Not set: OTEL_EXPORTER_OTLP_ENDPOINT and its
    like, else `http://localhost:4318`."""
    headers: Annotated[HeadersSource | None, BeforeValidator(_place)] = None
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
