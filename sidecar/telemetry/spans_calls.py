"""The span of a settled call: named and described by the GenAI conventions, and by what the sidecar knows beyond them."""

from typing import Final

from sidecar.clock import Moment
from sidecar.lifecycle.call import ERROR_STATUS, Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.durations import ended_at, orphaned_seconds
from sidecar.telemetry.genai import TOLD, operation_name, provider_name, tokens_of, usage_attributes
from sidecar.telemetry.spans import PREFIX, SettledSpan, SpanEvent, span

Server = tuple[str, int]
"""Host and port."""

ERRORS: Final = frozenset({
    Outcome.REJECTED, Outcome.REFUSED, Outcome.UPSTREAM_FAILED, Outcome.CUT_SHORT, Outcome.ORPHAN_FAILED, Outcome.LOST,
})  # fmt: skip
"""Outcomes in which something went wrong. That a caller left is nobody's error, and neither is what we cut because of it: those
spans have an event and an outcome that say so, and no error status that would count against the provider."""
CUT: Final = frozenset({Outcome.CUT_SHORT, Outcome.ORPHAN_CUT})
UNREACHED: Final = frozenset({Outcome.REFUSED, Outcome.LEFT_EARLY, Outcome.JOINED})
"""Outcomes of calls that the provider never had, or not whole: it generated nothing for them."""


def call_span(record: CallRecord, server: Server | None = None) -> SettledSpan:
    """The span of a settled call. `server` is where its upstream is, where that is one place.

    It lasts until the provider's work was last seen: its end, or when it settled. Of a lost call, until the last that is known.
    """
    operation, model = operation_name(record.method), record.asked_model or record.model
    events = tuple(_events(record))
    return span(
        record.id,
        f"{operation} {model}".rstrip(),
        record.started_at,
        _end(record, events),
        _genai(record, operation, model, server) | _ours(record),
        events,
        error_type=error_type(record),
        linked=(record.attempt_of, record.rescued_by),
    )


def error_type(record: CallRecord) -> str:
    """What went wrong, of a closed set: the status that the provider declined with, else the outcome; empty for nothing."""
    if record.outcome not in ERRORS:
        return ""
    is_declined = record.http_status is not None and record.http_status >= ERROR_STATUS
    return str(record.http_status) if is_declined else str(record.outcome)


def response_model(record: CallRecord) -> str | None:
    """The model that served, as the provider named it; None where it said nothing."""
    return record.model if record.asked_model or record.usage_basis in TOLD else None


def _events(record: CallRecord) -> list[SpanEvent]:
    """What happened, as far as a moment of it is known. Of a cut the record has none: it stands at the end, and came no later."""
    told = [
        ("answered", record.answered_at, {}),
        ("caller_left", record.left_at, {f"{PREFIX}reason": record.left_reason or "unknown"}),
        ("server_finished", record.finished_at, {}),
        ("cut", record.settled_at if record.outcome in CUT else None, {}),
    ]
    return [SpanEvent(PREFIX + name, at, dict(attributes)) for name, at, attributes in told if at is not None]


def _end(record: CallRecord, events: tuple[SpanEvent, ...]) -> Moment:
    end = ended_at(record)
    if end is not None:
        return end
    return max([record.committed_at or record.started_at, *(event.at for event in events)])


def _genai(record: CallRecord, operation: str, model: str, server: Server | None) -> dict[str, object]:
    host, port = server or (None, None)
    was_expected = record.finished_at is None and record.committed_at is not None and record.outcome not in UNREACHED
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider_name(record.provider),
        "gen_ai.request.model": model,
        "gen_ai.request.stream": None if record.kind is CallKind.UNARY else True,
        "gen_ai.response.model": response_model(record),
        # Why a model stopped is in no record. Where the end did not come, the conventions say `error`.
        "gen_ai.response.finish_reasons": ("error",) if was_expected else None,
        **usage_attributes(tokens_of(record.usage, record.usage_basis)),
        "http.response.status_code": record.http_status,
        "server.address": host,
        "server.port": port,
    }


def _ours(record: CallRecord) -> dict[str, object]:
    facts: dict[str, object] = {
        "call_id": record.id,
        "upstream": record.upstream,
        "kind": record.kind,
        "caller": record.caller,
        "outcome": record.outcome,
        "left_reason": record.left_reason,
        "decision": record.decision,
        "decision_reason": record.decision_reason,
        "spend_usd": record.spend_usd,
        "orphaned_usd": record.orphaned_usd,
        "avoidable_usd": record.avoidable_usd,
        "basis": record.basis,
        "unpriced_reason": record.unpriced_reason,
        "orphaned_seconds": orphaned_seconds(record),
        "attempt_of": record.attempt_of,
        "rescued_by": record.rescued_by,
        "socket": record.socket,
        **{f"label.{name}": value for name, value in record.labels.items()},
    }
    return {PREFIX + name: fact for name, fact in facts.items()}
