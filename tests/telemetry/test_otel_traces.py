"""Spans as the SDK exports them: children of the caller's, linked to each other, sampled as the caller is."""

import pytest
from hypothesis import given
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, use_span

from sidecar.clock import SECOND
from sidecar.lifecycle.call import Outcome
from sidecar.telemetry import otel_traces
from sidecar.telemetry.spans_context import span_id_of, trace_id_of
from tests.telemetry.any_record import CALLS, MOVES, OPERATIONS
from tests.telemetry.conftest import START, a_record, an_operation
from tests.telemetry.exporting import RESOURCE, Spans

TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331
CALLER = f"00-{TRACE:032x}-{SPAN:016x}-01"
UNSAMPLED = f"{CALLER[:-2]}00"
RESCUED = a_record("c1", outcome=Outcome.RESCUED, left_at=START + SECOND, left_reason="fin", rescued_by="c2")
JOINED = a_record("c2", outcome=Outcome.JOINED, attempt_of="c1", usage={})


@pytest.fixture
def spans() -> Spans:
    return Spans()


def linked(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


@pytest.mark.parametrize("outcome", Outcome)
def test_a_call_of_every_outcome_has_one_span(spans: Spans, outcome: Outcome):
    spans.traces.call_settled(a_record(outcome=outcome, left_at=START + SECOND), "")
    spans.traces.close()
    (span,) = spans.exported()
    assert (span.attributes or {})["inference_sidecar.outcome"] == outcome
    assert (span.kind, span.resource) == (SpanKind.CLIENT, RESOURCE)
    assert span.status.status_code in {StatusCode.UNSET, StatusCode.ERROR}
    assert (span.status.status_code is StatusCode.ERROR) == ("error.type" in (span.attributes or {}))


def test_times_are_those_of_the_record(spans: Spans):
    spans.traces.call_settled(a_record(), "")
    (span,) = spans.exported()
    assert (span.start_time, span.end_time) == (START * 1000, (START + 2 * SECOND) * 1000)
    assert [event.timestamp for event in span.events] == [(START + SECOND // 2) * 1000, span.end_time]


def test_it_is_a_child_of_the_callers_span(spans: Spans):
    spans.traces.call_settled(a_record("c1"), f"{CALLER} vendor=1")
    (span,) = spans.exported()
    assert span.parent is not None
    assert span.context is not None
    assert (span.parent.trace_id, span.parent.span_id, span.parent.is_remote) == (TRACE, SPAN, True)
    assert (span.context.trace_id, span.context.span_id) == (TRACE, span_id_of("c1"))
    assert span.context.trace_state.to_header() == "vendor=1"


def test_without_a_caller_it_begins_a_trace(spans: Spans):
    spans.traces.call_settled(a_record("c1"), "")
    (span,) = spans.exported()
    assert span.parent is None
    assert span.context is not None
    assert span.context.trace_id == trace_id_of("c1")


def test_what_the_program_itself_is_traced_by_plays_no_part(spans: Spans):
    current = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(1)))
    with use_span(current):
        spans.traces.call_settled(a_record("c1"), "")
    assert spans.of("c1").parent is None


@pytest.mark.parametrize(("caller", "count"), [(CALLER, 1), (UNSAMPLED, 0), ("", 0)])
def test_the_callers_sampling_counts_and_else_the_settings(caller: str, count: int):
    spans = Spans(ParentBased(TraceIdRatioBased(0)))
    spans.traces.call_settled(a_record(), caller)
    assert len(spans.exported()) == count


def test_of_many_traces_the_ratio_is_kept():
    spans = Spans(ParentBased(TraceIdRatioBased(0.25)))
    for number in range(2_000):
        spans.traces.call_settled(a_record(f"c{number:05x}"), "")
    assert 400 < len(spans.exported()) < 600


@pytest.mark.parametrize("order", [(RESCUED, JOINED), (JOINED, RESCUED)])
def test_a_rescued_call_and_its_retry_are_linked_to_each_other_whoever_settles_first(spans: Spans, order):
    first, second = order
    spans.traces.call_settled(first, CALLER if first is RESCUED else "")
    assert not spans.exported()
    spans.traces.call_settled(second, CALLER if second is RESCUED else "")
    assert linked(spans.of("c1")) == [(trace_id_of("c2"), span_id_of("c2"))]
    assert linked(spans.of("c2")) == [(TRACE, span_id_of("c1"))]


def test_a_later_attempt_is_linked_to_the_earlier_one_and_waits_for_nobody(spans: Spans):
    spans.traces.call_settled(a_record("c1", outcome=Outcome.REJECTED, http_status=503), "")
    spans.traces.call_settled(a_record("c2", attempt_of="c1"), "")
    spans.traces.call_settled(a_record("c3", attempt_of="c0"), "")
    assert linked(spans.of("c2")) == [(trace_id_of("c1"), span_id_of("c1"))]
    assert linked(spans.of("c3")) == []


def test_half_of_a_rescue_goes_alone_at_the_end(spans: Spans):
    spans.traces.call_settled(RESCUED, "")
    spans.traces.close()
    assert linked(spans.of("c1")) == []


def test_what_waits_and_what_is_remembered_is_bounded(spans: Spans, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(otel_traces, "MOST_WAITING", 2)
    monkeypatch.setattr(otel_traces, "MOST_REMEMBERED", 2)
    for number in range(5):
        record = a_record(f"c{number}", outcome=Outcome.RESCUED, rescued_by=f"r{number}")
        spans.traces.call_settled(record, "")
    assert len(spans.exported()) == 3
    assert (len(spans.traces._waiting), len(spans.traces._trace_ids)) == (2, 2)


def test_an_operation_is_linked_to_the_span_that_opened_it_and_has_a_trace_of_its_own(spans: Spans):
    spans.traces.operation_settled(an_operation("o1", trace=CALLER, outcome="succeeded"), ())
    span = spans.of("o1")
    assert span.parent is None
    assert linked(span) == [(TRACE, SPAN)]


def test_an_operation_whose_opener_had_no_trace_has_no_link(spans: Spans):
    spans.traces.operation_settled(an_operation("o1", outcome="succeeded"), ())
    assert linked(spans.of("o1")) == []


def test_what_is_not_sampled_is_not_made():
    spans = Spans(ALWAYS_OFF)
    spans.traces.call_settled(a_record(), CALLER)
    assert not spans.exported()


@given(CALLS)
def test_the_span_of_any_call_can_be_sent(record):
    spans = Spans()
    spans.traces.call_settled(record, CALLER)
    spans.traces.close()
    assert encode_spans(spans.exported()).SerializeToString()


@given(OPERATIONS, MOVES)
def test_the_span_of_any_operation_can_be_sent(record, moves):
    spans = Spans()
    spans.traces.operation_settled(record, moves)
    assert encode_spans(spans.exported()).SerializeToString()
