"""The one entry through which the program reports what happened. All methods belong to the event loop's thread."""

from collections.abc import Callable
from typing import Final, Protocol

from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry import metrics, program_metrics
from sidecar.telemetry.call_recorder import CallLog, CallRecorder
from sidecar.telemetry.calls import CallFamilies
from sidecar.telemetry.labels import OTHER, BoundedLabel
from sidecar.telemetry.operation_recorder import OperationLog, OperationRecorder
from sidecar.telemetry.page import Page, runtime_collectors
from sidecar.telemetry.program import LedgerHealth, Program, unix_seconds
from sidecar.telemetry.series import Number, distributions, numbers
from sidecar.telemetry.sockets import LiveCells, SocketRecorder, TunnelCells

LOWEST_STATUS, HIGHEST_STATUS = 100, 599

LIMITS = (
    "limits.request_line_bytes",
    "limits.head_bytes",
    "limits.head_fields",
    "limits.body_bytes",
    "limits.max_connections",
    "limits.max_calls",
    "limits.request_head_seconds",
    "limits.request_progress_seconds",
    "limits.upstream_stall_seconds",
    "limits.connect_seconds",
    "limits.max_upstream_connections",
    "limits.max_idle_upstream_connections",
    "limits.upstream_max_age_seconds",
    "limits.upstream_idle_seconds",
    "limits.downstream_idle_seconds",
    "calls.write_stall_seconds",
    "calls.follow.max_calls",
    "calls.follow.max_seconds",
    "calls.follow.max_bytes",
    "calls.live.max_message_bytes",
    "calls.live.idle_seconds",
    "rescue.max_bytes",
    "rescue.max_answer_bytes",
)
"""Every bound that `limit_reached` is told of, as the settings are called: each is on the page from the start."""


UNMETERED_REASONS = ("unknown_path", "operation", "websocket", "grpc")
USUAL_STATUSES = (101, 200, 400, 401, 403, 404, 429, 500, 502, 503, 504, None)
UPSTREAM_ERRORS = (
    "resolve", "connect", "connect_timeout", "egress", "certificate", "client_certificate", "tls", "closed", "reset", "protocol",
)  # fmt: skip
"""The words of `proxy.failures.UpstreamError`."""
CONNECTS = ("made", "failed")
KINDS = (*CallKind, *OperationKind)
RELOADS = {True: "good", False: "failed"}


class EventLog(CallLog, OperationLog, Protocol):
    """Where the one line per call and operation goes, and why upstreams failed; `telemetry.log.Log` is one."""

    def upstream_failed(self, upstream: str, error: str, problem: str) -> None:
        """Say why an exchange with an upstream broke."""
        ...


class Recorder(CallRecorder):
    """Counts calls and exchanges, and logs each call once, when it settles.

    `model_limit` bounds the distinct values of the label `model`; calls and operations beyond it count as `other`.
    What happens to operations is reported through `operations`.
    """

    def __init__(
        self, version: str, log: EventLog, ledger_health: Callable[[], LedgerHealth], model_limit: int = 50
    ) -> None:
        super().__init__(CallFamilies(), self._fit_model, log)
        self.program = Program(version, ledger_health)
        self.operations = OperationRecorder(self._families, self._fit_model, log)
        self._events = log
        self._models = BoundedLabel(model_limit)
        self._oldest = self._families.oldest_orphan.of()
        self._exposure = numbers(metrics.EXPOSURE)
        for kind in KINDS:
            self._exposure.of(kind)
        self._exchanges, self._by_code = numbers(metrics.EXCHANGES), dict[tuple[str, int | None], Number]()
        self._errors = numbers(metrics.UPSTREAM_ERRORS)
        self._unmetered = numbers(metrics.UNMETERED)
        self._overheads = distributions(metrics.OVERHEAD)
        self._overhead = self._overheads.of()
        self._overflows = numbers(program_metrics.LABEL_OVERFLOW)
        self._folded_models = self._overflows.of("model")
        self._limits = numbers(program_metrics.LIMITS_REACHED)
        for limit in LIMITS:
            self._limits.of(limit)
        self._connects = numbers(program_metrics.UPSTREAM_CONNECTS)
        self._reloads = numbers(program_metrics.CERTIFICATE_RELOADS)
        for result in RELOADS.values():
            self._reloads.of(result)
        self._sockets = SocketRecorder()
        self.tunnels: Final[TunnelCells] = self._sockets.tunnels
        """What CONNECT is counted in, and the tunnels that come of it."""
        self._runtime = runtime_collectors()

    def _fit_model(self, model: str) -> str:
        label = self._models.fit(model)
        if label == OTHER:
            self._folded_models.value += 1
        return label

    def exchange(self, provider: str, status: int | None, overhead_seconds: float | None = None) -> None:
        """A request and its reply, billable or not, have ended. `status` is None where no reply began."""
        count = self._by_code.get((provider, status)) or self._first_exchange(provider, status)
        count.value += 1
        if overhead_seconds is not None:
            self._overhead.observe(overhead_seconds)

    def unmetered(self, provider: str, reason: str) -> None:
        """Something went to a provider that may cost money and is no call to us, by a word of `UNMETERED_REASONS`."""
        self._unmetered.of(provider, reason).value += 1

    def _first_exchange(self, provider: str, status: int | None) -> Number:
        """What is likely to be counted of this provider later is born now, or `increase()` would miss the first of it."""
        for reason in UNMETERED_REASONS:
            self._unmetered.of(provider, reason)
        for error in UPSTREAM_ERRORS:
            self._errors.of(provider, error)
        for usual in USUAL_STATUSES:
            self._exchanges.of(provider, code_of(usual))
        count = self._exchanges.of(provider, code := code_of(status))
        if code != OTHER:
            self._by_code[provider, status] = count
        return count

    def upstream_failed(self, provider: str, upstream: str, error: str, problem: str) -> None:
        """An exchange was broken by the provider or on the way to it. `error` is a word of a small set, `problem` a sentence."""
        self._errors.of(provider, error).value += 1
        self._events.upstream_failed(upstream, error, problem)

    def live(self, provider: str) -> LiveCells:
        """What the sockets of a provider that carry calls are counted in."""
        return self._sockets.live(provider)

    def open_live(self) -> dict[str, int]:
        """How many of them are open now, by provider; of providers that have had one."""
        return self._sockets.open_live()

    def handshake(self, result: str) -> None:
        """A TLS handshake with a caller has ended: `made`, `untrusted`, or `failed`."""
        self._sockets.handshake(result)

    def handshakes(self) -> dict[str, int]:
        """How many have ended so far, by that word."""
        return self._sockets.handshakes()

    def limit_reached(self, limit: str) -> None:
        """A bound was reached. `limit` is the setting that draws it, as people write it: `limits.head_bytes`."""
        self._limits.of(limit).value += 1

    def upstream_connect(self, upstream: str, result: str) -> None:
        """A connection to an upstream was `made`, or `failed`."""
        for each in CONNECTS:
            self._connects.of(upstream, each)
        self._connects.of(upstream, result).value += 1

    def certificates_reloaded(self, is_good: bool) -> None:
        """Certificate files had changed and were read again."""
        self._reloads.of(RELOADS[is_good]).value += 1

    def page(self) -> Page:
        """Every family at this instant: take it on the event loop, render it (`page.expose`) in a thread."""
        self._look_at_orphans()
        counted = (self._exposure, self._exchanges, self._unmetered, self._overheads, self._errors, self._overflows)
        others = (*counted, self._limits, self._connects, self._reloads)
        metered = (*self._families.frozen(), *self.operations.frozen(), *self._sockets.frozen())
        frozen = [*metered, *(series.frozen() for series in others), *self.program.frozen()]
        return Page(frozen, self._runtime)

    def _look_at_orphans(self) -> None:
        """Set the gauges that are told of the orphans there are now."""
        orphans = (self.oldest_orphan_at(), self.operations.oldest_orphan_at())
        self._oldest.value = unix_seconds(min((at for at in orphans if at is not None), default=None))
        for kind in KINDS:
            self._exposure.of(kind).value = 0
        for kind, usd in (*self.exposed(), *self.operations.exposed()):
            self._exposure.of(kind).value += usd


def code_of(status: int | None) -> str:
    """The label value of a status: itself, `none` where no reply began, `other` where it is none that HTTP has."""
    if status is None:
        return "none"
    return str(status) if LOWEST_STATUS <= status <= HIGHEST_STATUS else OTHER
