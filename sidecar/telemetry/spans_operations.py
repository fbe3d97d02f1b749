"""The span of a settled operation: from its opening to its end, with its moves as events."""

from collections.abc import Iterable
from typing import Final

from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.telemetry.durations import running_on_seconds
from sidecar.telemetry.genai import operation_name, provider_name, tokens_of, usage_attributes
from sidecar.telemetry.spans import PREFIX, Attributes, SettledSpan, SpanEvent, span, told
from sidecar.telemetry.spans_calls import Server

ERRORS: Final = frozenset({OperationState.FAILED, OperationState.UNTRACEABLE, OperationState.ABANDONED})
"""Outcomes in which something went wrong. A cancel that was asked for and confirmed is none, and what a provider has forgotten
may have ended well."""


def operation_span(
    record: OperationRecord, moves: Iterable[OperationMove] = (), server: Server | None = None
) -> SettledSpan:
    """The span of a settled operation. `moves` are its history, where that is at hand; else its own moments are told."""
    operation, model = operation_name(record.method, record.kind), record.model
    is_error = record.outcome in ERRORS
    ended = record.settled_at if record.ended_at is None else record.ended_at
    return span(
        record.id,
        f"{operation} {model}".rstrip(),
        record.opened_at,
        record.opened_at if ended is None else ended,
        _genai(record, operation, server) | _ours(record),
        [_moved(move) for move in moves] or _moments(record),
        error_type=str(record.outcome) if is_error else "",
    )


def _moved(move: OperationMove) -> SpanEvent:
    return SpanEvent(
        PREFIX + move.event, move.at, told({f"{PREFIX}state": move.state, f"{PREFIX}evidence": move.evidence})
    )


def _moments(record: OperationRecord) -> list[SpanEvent]:
    moments: list[tuple[str, int | None, Attributes]] = [
        ("caller_left", record.lapsed_at, told({f"{PREFIX}reason": record.gone_reason})),
        ("cancel_requested", record.cancel_requested_at, told({f"{PREFIX}trigger": record.cancel_trigger})),
        ("server_finished", record.ended_at, {}),
        ("claimed", record.claimed_at, {}),
    ]
    return [SpanEvent(PREFIX + name, at, attributes) for name, at, attributes in moments if at is not None]


def _genai(record: OperationRecord, operation: str, server: Server | None) -> dict[str, object]:
    host, port = server or (None, None)
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": provider_name(record.provider),
        "gen_ai.request.model": record.model,
        "gen_ai.response.model": record.served_model,
        "gen_ai.response.id": record.provider_id,
        **usage_attributes(tokens_of(record.usage, record.usage_basis)),
        "server.address": host,
        "server.port": port,
    }


def _ours(record: OperationRecord) -> dict[str, object]:
    facts: dict[str, object] = {
        "operation_id": record.id,
        "upstream": record.upstream,
        "kind": record.kind,
        "caller": record.caller,
        "outcome": record.outcome,
        "gone_reason": record.gone_reason,
        "cancel_trigger": record.cancel_trigger,
        "cancel_result": record.cancel_result,
        "spend_usd": record.spend_usd,
        "orphaned_usd": record.orphaned_usd,
        "avoidable_usd": record.avoidable_usd,
        "avoided_usd": record.avoided_usd,
        "basis": record.basis,
        "unpriced_reason": record.unpriced_reason,
        "orphaned_seconds": running_on_seconds(record),
        **{f"label.{name}": value for name, value in record.labels.items()},
    }
    return {PREFIX + name: fact for name, fact in facts.items()}
