"""OpenTelemetry, opened as the settings say and joined with who tells it of calls and operations. Part of what `app.py` does."""

import asyncio
import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from sidecar import __version__
from sidecar.config.ending import Pod
from sidecar.config.otel import GenAiMetrics
from sidecar.config.settings import Settings
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.proxy.destination import Destination
from sidecar.telemetry.genai_metrics import Convention
from sidecar.telemetry.otel import Otel, OtelLog, OtelOptions, open_otel
from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.spans_calls import Server

MOST_CLOSE_SECONDS: Final = 5.0
LEAST_CLOSE_SECONDS: Final = 1.0
"""At the end, what waits may be exported for so long, even when the calls have taken all the time there was."""

PLACES: Final = {
    "name": "k8s.pod.name", "namespace": "k8s.namespace.name", "uid": "k8s.pod.uid", "node": "k8s.node.name",
}  # fmt: skip


class Exporting:
    """One per sidecar that exports: `join` it before the first call, `close` it when all has been `told`."""

    def __init__(self, otel: Otel, ledger: OperationLedger) -> None:
        self._otel, self._ledger = otel, ledger
        self._tasks: set[asyncio.Task[None]] = set()

    def join(self, recorder: Recorder) -> None:
        """Be told what settles from here on."""
        recorder.otel, recorder.operations.otel = self._otel, self

    def operation_settled(self, record: OperationRecord) -> None:
        """Tell of an operation when its history has been read."""
        task = asyncio.get_running_loop().create_task(self._tell(record))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell(self, record: OperationRecord) -> None:
        moves: Sequence[OperationMove] = ()  # what its row tells is enough
        with contextlib.suppress(LedgerError):
            moves = await asyncio.to_thread(self._ledger.moves, record.id)
        self._otel.operation_settled(record, moves)

    async def told(self) -> None:
        """Every operation that has settled was told. The ledger must be open until then."""
        await asyncio.gather(*self._tasks)

    async def close(self, rest_seconds: float) -> None:
        """Export all that waits, when so much of the drain's time is left."""
        await asyncio.to_thread(self._otel.close, min(MOST_CLOSE_SECONDS, max(LEAST_CLOSE_SECONDS, rest_seconds)))


def exporting_of(
    settings: Settings, destinations: Iterable[Destination], ledger: OperationLedger, instance: str, log: OtelLog
) -> Exporting | None:
    """What exports; None where OpenTelemetry is off, as nearly always.

    Raises:
        SettingsError: the extra `otel` is not installed, or a setting can't be used.
    """
    if not settings.otel.enabled:
        return None
    return Exporting(open_otel(options_of(settings, instance, os.environ), log, servers_of(destinations)), ledger)


def options_of(settings: Settings, instance: str, variables: Mapping[str, str]) -> OtelOptions:
    """The settings as `telemetry` wants them. `variables` is the environment.

    Raises:
        SettingsError: the header fields are not where the settings say.
    """
    otel = settings.otel
    is_off = otel.genai_metrics is GenAiMetrics.OFF
    return OtelOptions(
        version=__version__,
        instance=instance,
        place=place_of(settings.pod),
        endpoint=None if otel.endpoint is None else str(otel.endpoint),
        headers=None if otel.headers is None else otel.headers.read(variables),
        has_traces=otel.traces,
        convention=None if is_off else cast(Convention, otel.genai_metrics.value),
        service_name=otel.service_name,
        sample_ratio=otel.sample_ratio,
        export_interval_seconds=otel.export_interval_seconds,
        model_limit=settings.labels.max_models,
    )


def place_of(pod: Pod) -> dict[str, str]:
    """The pod, as OpenTelemetry's conventions for resources name it."""
    return {PLACES[field]: value for field, value in pod.known().items()}


def servers_of(destinations: Iterable[Destination]) -> dict[str, Server]:
    """Where each upstream is that is in one place: Vertex and Bedrock have a host for each region, which no record names."""
    return {
        destination.name: (destination.endpoint.host, destination.endpoint.port)
        for destination in destinations
        if destination.host_for is None and not destination.follows_host
    }
