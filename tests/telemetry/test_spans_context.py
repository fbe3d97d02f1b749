"""The caller's trace as W3C Trace Context has it, out of header fields; and ids that are told from a record's own."""

import pytest
from hypothesis import given, strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sidecar.telemetry.spans_context import MOST_STATE, Parent, parent_of, span_id_of, trace_id_of, trace_of

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
VALUE = f"00-{TRACE}-{SPAN}-01"


def fields(*lines: str) -> bytes:
    return "".join(f"\r\n{line}" for line in ("Accept: */*", *lines, "X-Last: 1")).encode("latin-1")


@pytest.mark.parametrize("name", ["traceparent", "Traceparent", "TRACEPARENT"])
def test_traceparent_is_found_however_it_is_written(name):
    assert trace_of(fields(f"{name}:  {VALUE}\t")) == VALUE
    assert trace_of(f"\r\n{name}:{VALUE}".encode()) == VALUE


def test_nothing_is_found_where_there_is_none():
    assert trace_of(b"") == trace_of(fields()) == trace_of(fields(f"X-Traceparent: {VALUE}")) == ""


@pytest.mark.parametrize(
    "value",
    [
        "", "00", VALUE.upper(), f"ff{VALUE[2:]}", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"{VALUE}-more",
        VALUE[:-1], f"{VALUE}x", f"{VALUE}\xe4",
    ],
)  # fmt: skip
def test_what_is_not_valid_is_none(value):
    assert trace_of(fields(f"traceparent: {value}")) == ""


def test_two_are_none():
    assert trace_of(fields(f"traceparent: {VALUE}", f"traceparent: {VALUE}")) == ""


def test_a_later_version_may_say_more():
    assert trace_of(fields(f"traceparent: 01{VALUE[2:]}-what-comes")) == f"01{VALUE[2:]}-what-comes"
    assert parent_of(f"01{VALUE[2:]}-what-comes") == Parent(int(TRACE, 16), int(SPAN, 16), 1)


def test_tracestate_stands_behind_it_joined_in_order():
    trace = trace_of(fields(f"traceparent: {VALUE}", "tracestate: a=1", "Tracestate: b=2,c=3"))
    assert trace == f"{VALUE} a=1,b=2,c=3"
    assert parent_of(trace) == Parent(int(TRACE, 16), int(SPAN, 16), 1, "a=1,b=2,c=3")


@pytest.mark.parametrize("state", ["", "a=" + "x" * MOST_STATE, "a=\xe4"])
def test_tracestate_that_is_empty_too_long_or_no_text_is_left_out(state):
    assert trace_of(fields(f"traceparent: {VALUE}", f"tracestate: {state}")) == VALUE


def test_tracestate_alone_is_nothing():
    assert trace_of(fields("tracestate: a=1")) == ""


@given(st.binary(max_size=200))
def test_any_bytes_are_read(data):
    trace = trace_of(b"\r\ntraceparent:" + data)
    assert trace == "" or parent_of(trace) is not None


@given(st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", fullmatch=True))
def test_the_sdk_reads_the_same(value):
    theirs = get_current_span(TraceContextTextMapPropagator().extract({"traceparent": value})).get_span_context()
    ours = parent_of(value)
    assert (ours is not None) == theirs.is_valid
    if ours is not None:
        assert (ours.trace_id, ours.span_id, ours.flags) == (theirs.trace_id, theirs.span_id, theirs.trace_flags)


@given(st.text(max_size=40))
def test_ids_are_valid_and_the_same_each_time(id):
    assert 0 < span_id_of(id) < 2**64
    assert 0 < trace_id_of(id) < 2**128
    assert (span_id_of(id), trace_id_of(id)) == (span_id_of(id), trace_id_of(id))


def test_ids_of_different_records_differ():
    ids = [f"c019a9f3c1b2e-7f3a01c2-{number:05x}" for number in range(2_000)]
    assert len({span_id_of(id) for id in ids}) == len({trace_id_of(id) for id in ids}) == len(ids)
