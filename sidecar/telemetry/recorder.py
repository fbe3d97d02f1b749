"""The one entry through which the program reports what happened. All methods belong to the event loop's thread."""

from collections.abc import Callable, Iterable
from typing import Protocol

from sidecar.clock import Moment
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.spend import NO_TOKENS, TokenFates
from sidecar.telemetry import metrics
from sidecar.telemetry.calls import CallFamilies, CallMetrics
from sidecar.telemetry.labels import OTHER, BoundedLabel
from sidecar.telemetry.operation_recorder import OperationLog, OperationRecorder
from sidecar.telemetry.page import Page, runtime_collectors
from sidecar.telemetry.program import LedgerHealth, Program, unix_seconds
from sidecar.telemetry.series import Number, distributions, numbers

UNUSED = TokenFates(NO_TOKENS, NO_TOKENS)
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
)
"""Every bound that `limit_reached` is told of, as the settings are called: each is on the page from the start."""


UNMETERED_REASONS = ("unknown_path", "operation")
RELOADS = {True: "good", False: "failed"}


class EventLog(OperationLog, Protocol):
    """Where the one line per call and operation goes, and why upstreams failed; `telemetry.log.Log` is one."""

    def call_settled(self, record: CallRecord) -> None:
        """Write the line of one settled call."""
        ...

    def upstream_failed(self, upstream: str, error: str, problem: str) -> None:
        """Say why an exchange with an upstream broke."""
        ...


class Recorder:
    """Counts calls and exchanges, and logs each call once, when it settles.

    A call is named by its `CallRecord.id`. `left`, `returned` and `settled` take the `CallMetrics` that `admitted`
    gave for it, so that a call settles under the labels it started under even if its record names another model by then.
    `model_limit` bounds the distinct values of the label `model`; calls and operations beyond it count as `other`.
    What happens to operations is reported through `operations`.
    """

    def __init__(
        self, version: str, log: EventLog, ledger_health: Callable[[], LedgerHealth], model_limit: int = 50
    ) -> None:
        self.program = Program(version, ledger_health)
        self._log = log
        self._models = BoundedLabel(model_limit)
        self._families = CallFamilies()
        self.operations = OperationRecorder(self._families, self._fit_model, log)
        self._known: dict[tuple[str, str, CallKind], CallMetrics] = {}
        self._left_at: dict[str, Moment] = {}
        self._oldest = self._families.oldest_orphan.of()
        self._detection = self._families.detection_seconds.of()
        self._exchanges, self._by_code = numbers(metrics.EXCHANGES), dict[tuple[str, int | None], Number]()
        self._errors = numbers(metrics.UPSTREAM_ERRORS)
        self._unmetered = numbers(metrics.UNMETERED)
        self._overheads = distributions(metrics.OVERHEAD)
        self._overhead = self._overheads.of()
        self._overflows = numbers(metrics.LABEL_OVERFLOW)
        self._folded_models = self._overflows.of("model")
        self._limits = numbers(metrics.LIMITS_REACHED)
        for limit in LIMITS:
            self._limits.of(limit)
        self._connects = numbers(metrics.UPSTREAM_CONNECTS)
        self._reloads = numbers(metrics.CERTIFICATE_RELOADS)
        for result in RELOADS.values():
            self._reloads.of(result)
        self._runtime = runtime_collectors()

    def admitted(self, provider: str, model: str, kind: CallKind) -> CallMetrics:
        """A call's request head was read: it has started and its caller is there."""
        call = self._known.get((provider, model, kind)) or self._fitted(provider, model, kind)
        call.started.value += 1
        call.attached.value += 1
        return call

    def _fitted(self, provider: str, model: str, kind: CallKind) -> CallMetrics:
        key = (provider, self._fit_model(model), kind)
        if key not in self._known:
            self._known[key] = CallMetrics(self._families, *key)
        return self._known[key]

    def _fit_model(self, model: str) -> str:
        label = self._models.fit(model)
        if label == OTHER:
            self._folded_models.value += 1
        return label

    def left(
        self,
        call: CallMetrics,
        call_id: str,
        reason: LeftReason,
        left_at: Moment,
        detection_seconds: float | None = None,
    ) -> None:
        """The caller left. `detection_seconds` since its FIN or RST arrived, where that is known."""
        call.departures[reason].value += 1
        call.attached.value -= 1
        call.orphaned.value += 1
        self._left_at[call_id] = left_at
        if detection_seconds is not None:
            self._detection.observe(detection_seconds)

    def returned(self, call: CallMetrics, call_id: str, via: str) -> None:
        """A caller that had left was there after all."""
        call.returns[via].value += 1
        call.orphaned.value -= 1
        call.attached.value += 1
        del self._left_at[call_id]

    def settled(
        self,
        call: CallMetrics,
        record: CallRecord,
        tokens: TokenFates = UNUSED,
    ) -> None:
        """The call's outcome, usage and spend are final. Counts them and writes the call's one log line.

        `tokens` are those of the call's usage by fate: `Spend.tokens`, or `split_tokens` of a call without a bill.
        """
        has_left = self._left_at.pop(record.id, None) is not None
        (call.orphaned if has_left else call.attached).value -= 1
        call.settled[record.outcome or "none"].value += 1
        call.count_money(record)
        if tokens is not UNUSED:
            call.count_tokens(tokens)
        call.count_time(record)
        self._log.call_settled(record)

    def lost(self, records: Iterable[CallRecord]) -> None:
        """Calls that an earlier process left open, found in the ledger at start, now settled as `lost`.

        They count as started, departed and settled here as well, so that the page of each process adds up by itself.
        """
        for record in records:
            call = self.admitted(record.provider, record.model, record.kind)
            call.departures[record.left_reason or LeftReason.SIDECAR_LOST].value += 1
            self.settled(call, record)

    def exchange(self, provider: str, status: int | None, overhead_seconds: float | None = None) -> None:
        """A request and its reply, billable or not, have ended. `status` is None where no reply began."""
        count = self._by_code.get((provider, status)) or self._first_exchange(provider, status)
        count.value += 1
        if overhead_seconds is not None:
            self._overhead.observe(overhead_seconds)

    def unmetered(self, provider: str, reason: str) -> None:
        """A request went to a provider that may cost money and is no call: `unknown_path`, or `operation`."""
        self._unmetered.of(provider, reason).value += 1

    def _first_exchange(self, provider: str, status: int | None) -> Number:
        is_usual = status is not None and LOWEST_STATUS <= status <= HIGHEST_STATUS
        for reason in UNMETERED_REASONS:
            self._unmetered.of(provider, reason)
        code = "none" if status is None else str(status) if is_usual else OTHER
        count = self._exchanges.of(provider, code)
        if code != OTHER:
            self._by_code[provider, status] = count
        return count

    def upstream_failed(self, provider: str, upstream: str, error: str, problem: str) -> None:
        """An exchange was broken by the provider or on the way to it. `error` is a word of a small set, `problem` a sentence."""
        self._errors.of(provider, error).value += 1
        self._log.upstream_failed(upstream, error, problem)

    def limit_reached(self, limit: str) -> None:
        """A bound was reached. `limit` is the setting that draws it, as people write it: `limits.head_bytes`."""
        self._limits.of(limit).value += 1

    def upstream_connect(self, upstream: str, result: str) -> None:
        """A connection to an upstream was `made`, or `failed`."""
        self._connects.of(upstream, result).value += 1

    def certificates_reloaded(self, is_good: bool) -> None:
        """Certificate files had changed and were read again."""
        self._reloads.of(RELOADS[is_good]).value += 1

    def page(self) -> Page:
        """Every family at this instant: take it on the event loop, render it (`page.expose`) in a thread."""
        orphans = (min(self._left_at.values(), default=None), self.operations.oldest_orphan_at())
        self._oldest.value = unix_seconds(min((at for at in orphans if at is not None), default=None))
        counted = (self._exchanges, self._unmetered, self._overheads, self._errors, self._overflows)
        others = (*counted, self._limits, self._connects, self._reloads)
        metered = (*self._families.frozen(), *self.operations.frozen())
        frozen = [*metered, *(series.frozen() for series in others), *self.program.frozen()]
        return Page(frozen, self._runtime)
