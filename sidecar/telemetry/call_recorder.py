"""The entry through which the program reports what happens to calls. All methods belong to the event loop's thread.

`Recorder` is one, and adds what is no call. Of a call that nobody leaves nothing is remembered here: its gauge is known.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from sidecar.clock import Moment
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.spend import NO_TOKENS, TokenFates
from sidecar.telemetry.calls import Attachment, CallFamilies, CallMetrics
from sidecar.telemetry.otel import Otel

UNUSED: Final = TokenFates(NO_TOKENS, NO_TOKENS)
REMEMBERED: Final = 1_000
"""Settled calls that are kept for people to see: some two MiB."""


class CallLog(Protocol):
    """Where the one line per call goes; `telemetry.log.Log` is one."""

    def call_settled(self, record: CallRecord) -> None:
        """Write the line of one settled call."""
        ...


class Standing:
    """What has to be known of a call in flight whose caller left, or that asks for an abandoned answer once more."""

    __slots__ = ("attachment", "is_repeat", "metrics", "orphaned_at")

    def __init__(self, metrics: CallMetrics) -> None:
        self.metrics = metrics
        self.attachment = Attachment.ATTACHED
        self.orphaned_at: Moment | None = None
        """Since when the provider works on it for nobody; None while it does not."""
        self.is_repeat = False


class CallRecorder:
    """Counts calls, and logs each once, when it settles.

    A call is named by its `CallRecord.id`. All other methods take the `CallMetrics` that `admitted` gave for it, so that a call
    settles under the labels it started under even if its record names another model by then. What is reported of a call that
    is not known to have left, or has settled, moves no gauge.
    """

    def __init__(self, families: CallFamilies, fit_model: Callable[[str], str], log: CallLog) -> None:
        self._families, self._fit, self._log = families, fit_model, log
        self._known: dict[tuple[str, str, CallKind], CallMetrics] = {}
        self._standing: dict[str, Standing] = {}
        self._detection = families.detection_seconds.of()
        self.otel: Otel | None = None
        """What OpenTelemetry is told through; None where it is off."""
        self.recent: Final[deque[CallRecord]] = deque(maxlen=REMEMBERED)
        """The calls that settled last, the newest at the end. None of them changes any more."""

    def admitted(self, provider: str, model: str, kind: CallKind) -> CallMetrics:
        """A call's request head was read: it has started and its caller is there."""
        call = self._known.get((provider, model, kind)) or self._fitted(provider, model, kind)
        call.started.value += 1
        call.attached.value += 1
        return call

    def _fitted(self, provider: str, model: str, kind: CallKind) -> CallMetrics:
        key = (provider, self._fit(model), kind)
        if key not in self._known:
            self._known[key] = CallMetrics(self._families, *key)
        return self._known[key]

    # === the caller, and its retries ===

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
        self._remember(call, call_id)
        self._move(call, call_id, Attachment.ORPHANED, left_at)
        if detection_seconds is not None:
            self._detection.observe(detection_seconds)

    def returned(self, call: CallMetrics, call_id: str, via: str) -> None:
        """A caller that had left was there after all."""
        call.returns[via].value += 1
        self._move(call, call_id, Attachment.ATTACHED)

    def shelved(self, call: CallMetrics, call_id: str) -> None:
        """The work on a call that was left has ended, and a retry may still take its answer: nothing runs for nobody any more."""
        self._move(call, call_id, Attachment.SHELVED)

    def taken(self, call: CallMetrics, call_id: str) -> None:
        """A retry is being given the answer of a call that was left: somebody is there for it again."""
        self._move(call, call_id, Attachment.ATTACHED)

    def let_go(self, call: CallMetrics, call_id: str, at: Moment) -> None:
        """That retry left as well, at `at`. The departure is the retry's: this call's own caller left once."""
        self._move(call, call_id, Attachment.ORPHANED, at)

    def would_rescue(self, call: CallMetrics, call_id: str) -> None:
        """The call asks for an abandoned answer once more, and `enforce` would give it that one. Once for each call."""
        call.would_rescue.value += 1
        self._remember(call, call_id).is_repeat = True

    def repeat_refused(self, call: CallMetrics) -> None:
        """We answered a retry ourselves, because it would have paid again for an answer that can't be handed on."""
        call.repeats_refused.value += 1

    # === what is known of them ===

    def attachment(self, call_id: str) -> Attachment:
        """Whether somebody is there for a call in flight, as `calls_in_flight` counts it."""
        standing = self._standing.get(call_id)
        return Attachment.ATTACHED if standing is None else standing.attachment

    def oldest_orphan_at(self) -> Moment | None:
        """Since when the provider has been working for nobody on the oldest of the orphaned calls."""
        return min((each.orphaned_at for each in self._standing.values() if each.orphaned_at is not None), default=None)

    def exposed(self) -> Iterator[tuple[CallKind, float]]:
        """The kind of each orphaned call, and what such calls have cost on average."""
        for standing in self._standing.values():
            if standing.orphaned_at is not None:
                yield standing.metrics.kind, standing.metrics.mean_usd()

    def mean_usd(self, record: CallRecord) -> float:
        """What calls of this provider, model and kind have cost on average, as `exposed` says it; 0 where that is not known."""
        metrics = self._known.get((record.provider, record.model, record.kind))
        return 0.0 if metrics is None else metrics.mean_usd()

    def _remember(self, call: CallMetrics, call_id: str) -> Standing:
        return self._standing.setdefault(call_id, Standing(call))

    def _move(self, call: CallMetrics, call_id: str, to: Attachment, orphaned_at: Moment | None = None) -> None:
        standing = self._standing.get(call_id)
        if standing is not None:
            call.in_flight[standing.attachment].value -= 1
            call.in_flight[to].value += 1
            standing.attachment, standing.orphaned_at = to, orphaned_at

    # === the end ===

    def settled(self, call: CallMetrics, record: CallRecord, tokens: TokenFates = UNUSED, trace: str = "") -> None:
        """The call's outcome, usage and spend are final. Counts them and writes the call's one log line.

        `tokens` are those of the call's usage by fate: `Spend.tokens`, or `split_tokens` of a call without a bill. `trace` is
        the request's W3C trace context (`spans_context.trace_of`), empty where it carried none.
        """
        standing = self._standing.pop(record.id, None)
        (call.attached if standing is None else call.in_flight[standing.attachment]).value -= 1
        call.settled[record.outcome or "none"].value += 1
        counted = call.count_money(record)
        if tokens is not UNUSED:
            call.count_tokens(tokens)
        call.count_time(record, trace[3:35])
        if standing is not None:
            call.count_rescue(record, counted, is_repeat=standing.is_repeat)
        self._log.call_settled(record)
        self.recent.append(record)
        if self.otel is not None:
            self.otel.call_settled(record, trace)

    def lost(self, records: Iterable[CallRecord]) -> None:
        """Calls that an earlier process left open, found in the ledger at start, now settled as `lost`.

        They count as started, departed and settled here as well, so that the page of each process adds up by itself.
        """
        for record in records:
            call = self.admitted(record.provider, record.model, record.kind)
            call.departures[record.left_reason or LeftReason.SIDECAR_LOST].value += 1
            self.settled(call, record)
