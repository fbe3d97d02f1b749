"""Settled calls and operations as spans of OpenTelemetry's SDK, with their own times, and linked to each other.

A span is made whole (`ReadableSpan`), not started, filled and ended through the SDK's tracer: what it would record as it goes is
known already, and made by the tracer a span took five times as long on the event loop. The SDK's sampler is asked, its resource
stands in each, and its processor takes them. Only its limits of attributes and events play no part: ours are few and short.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

from sidecar.clock import Moment
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.spans import SettledSpan, SpanEvent
from sidecar.telemetry.spans_calls import Server, call_span
from sidecar.telemetry.spans_context import Parent, parent_of, span_id_of, trace_id_of
from sidecar.telemetry.spans_operations import operation_span

MOST_REMEMBERED: Final = 4096
"""Calls that a later attempt may be linked to; the oldest are forgotten."""
MOST_WAITING: Final = 256
"""Spans that wait for the other half of a rescue, which settles within moments; the oldest goes without it."""
NANOSECONDS: Final = 1_000
"""In a microsecond."""


class Traces:
    """Makes the spans. A call's is a child of its caller's span; an operation's, which may outlast that, is linked to it."""

    def __init__(
        self,
        processor: SpanProcessor,
        sampler: Sampler,
        resource: Resource,
        scope: InstrumentationScope,
        servers: Mapping[str, Server],
    ) -> None:
        self._processor, self._sampler, self._resource, self._scope = processor, sampler, resource, scope
        self._servers = servers
        self._trace_ids: dict[str, int] = {}
        """Of the newest calls, oldest first."""
        self._waiting: dict[str, tuple[SettledSpan, Parent | None]] = {}
        """Half of a rescue, by the id of the other half."""

    def call_settled(self, record: CallRecord, trace: str) -> SettledSpan:
        """Make the span of a call, or keep it back until the other half of its rescue settles; returns it."""
        span, parent = call_span(record, self._servers.get(record.upstream)), parent_of(trace)
        self._remember(record.id, trace_id_of(record.id) if parent is None else parent.trace_id)
        awaited = other_half(record)
        if awaited is None or awaited in self._trace_ids:
            self._emit(span, parent, self._links(span))
        else:
            self._wait(awaited, span, parent)
        if (waiting := self._waiting.pop(record.id, None)) is not None:
            self._emit(*waiting, self._links(waiting[0]))
        return span

    def operation_settled(self, record: OperationRecord, moves: Iterable[OperationMove]) -> SettledSpan:
        """Make the span of an operation, of a trace of its own."""
        span, opener = operation_span(record, moves, self._servers.get(record.upstream)), parent_of(record.trace or "")
        self._emit(span, None, [] if opener is None else [Link(context_of(opener))])
        return span

    def close(self) -> None:
        """Make the spans that still wait."""
        while self._waiting:
            self._let_go()

    def _remember(self, id: str, trace_id: int) -> None:
        self._trace_ids[id] = trace_id
        if len(self._trace_ids) > MOST_REMEMBERED:
            del self._trace_ids[next(iter(self._trace_ids))]

    def _wait(self, awaited: str, span: SettledSpan, parent: Parent | None) -> None:
        self._waiting[awaited] = span, parent
        if len(self._waiting) > MOST_WAITING:
            self._let_go()

    def _let_go(self) -> None:
        span, parent = self._waiting.pop(next(iter(self._waiting)))
        self._emit(span, parent, self._links(span))

    def _links(self, span: SettledSpan) -> list[Link]:
        known = [(id, self._trace_ids[id]) for id in span.linked if id in self._trace_ids]
        return [
            Link(context_of(Parent(trace_id, span_id_of(id), TraceFlags.SAMPLED), is_remote=False))
            for id, trace_id in known
        ]

    def _emit(self, span: SettledSpan, parent: Parent | None, links: list[Link]) -> None:
        trace_id = trace_id_of(span.id) if parent is None else parent.trace_id
        above = None if parent is None else context_of(parent)
        sampled = self._sampler.should_sample(
            within(above), trace_id, span.name, SpanKind.CLIENT, span.attributes, links
        )
        if sampled.decision is not Decision.RECORD_AND_SAMPLE:
            return
        own = SpanContext(trace_id, span_id_of(span.id), False, SAMPLED, sampled.trace_state)
        made = ReadableSpan(
            span.name, own, above, self._resource, span.attributes, [event_of(event) for event in span.events], links,
            SpanKind.CLIENT, status=FAILED if span.error_type else UNSET, start_time=nanoseconds(span.start),
            end_time=nanoseconds(span.end), instrumentation_scope=self._scope,
        )  # fmt: skip
        self._processor.on_end(made)


SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
UNSET: Final = Status()
FAILED: Final = Status(StatusCode.ERROR)


def other_half(record: CallRecord) -> str | None:
    """The call that this one's rescue was shared with; None where it had none."""
    if record.outcome == Outcome.RESCUED:
        return record.rescued_by
    return record.attempt_of if record.outcome == Outcome.JOINED else None


def context_of(parent: Parent, *, is_remote: bool = True) -> SpanContext:
    """A span of somebody else's, or of ours that has been made, as the SDK names one."""
    state = TraceState.from_header([parent.state]) if parent.state else TraceState()
    return SpanContext(parent.trace_id, parent.span_id, is_remote, TraceFlags(parent.flags), state)


def within(parent: SpanContext | None) -> Context:
    """The context in which a child of a span is made; without one it is empty, whatever the program itself may stand in."""
    return Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())


def event_of(event: SpanEvent) -> Event:
    """Something that happened, as the SDK tells it."""
    return Event(event.name, event.attributes, nanoseconds(event.at))


def nanoseconds(moment: Moment) -> int:
    """A moment as OpenTelemetry counts them."""
    return moment * NANOSECONDS
