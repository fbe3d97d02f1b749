"""A live call of the road as people see it: joins the two rooms, which do not know each other."""

from sidecar.clock import Moment, seconds_between
from sidecar.control.view import CallInFlight
from sidecar.proxy.exchange import Exchange


def call_in_flight(exchange: Exchange, now: Moment) -> CallInFlight:
    """One live call as people see it."""
    assert exchange.account is not None
    record, call = exchange.account.record, exchange.call
    return CallInFlight(
        id=record.id,
        upstream=record.upstream,
        model=record.model,
        kind=record.kind,
        caller=record.caller,
        started_at=record.started_at,
        age_seconds=seconds_between(record.started_at, now),
        downstream_state=call.downstream.name.lower(),
        upstream_state=call.upstream.name.lower(),
        orphaned_since=call.left_at if call.is_orphaned else None,
        attachment=exchange.context.recorder.attachment(record.id),
        decision=record.decision,
        taken_by=None if exchange.abandoned is None else exchange.abandoned.taken_by,
        waits_for=None if exchange.joining is None else record.attempt_of,
    )
