"""The span of a call: its name, times, events and attributes, for every outcome; and nothing of what was said."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from sidecar.clock import SECOND
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.spans import SettledSpan
from sidecar.telemetry.spans_calls import call_span, error_type
from tests.telemetry.any_record import CALLS
from tests.telemetry.conftest import START, a_record

Made = Callable[..., CallRecord]
OURS = "inference_sidecar."


def happened(span: SettledSpan) -> list[tuple[str, int]]:
    """Events by their names without our prefix, and seconds after the start."""
    return [(event.name.removeprefix(OURS), (event.at - span.start) // SECOND) for event in span.events]


def left(outcome: Outcome, **fields: Any) -> CallRecord:
    """A call that was left after 1 s."""
    usual: dict[str, Any] = {"outcome": outcome, "left_at": START + SECOND, "left_reason": "rst"}
    return a_record(**usual | fields)


def test_a_span_is_named_by_the_conventions():
    span = call_span(a_record(method="chat.completions", model="gpt-6-2026", asked_model="gpt-6"))
    assert span.name == "chat gpt-6"
    assert span.attributes["gen_ai.operation.name"] == "chat"
    assert span.attributes["gen_ai.request.model"] == "gpt-6"
    assert span.attributes["gen_ai.response.model"] == "gpt-6-2026"


def test_a_call_of_no_known_model_is_named_by_its_operation():
    assert call_span(a_record(method="rerank", model="")).name == "rerank"


def test_a_delivered_stream():
    span = call_span(a_record(method="streamGenerateContent", usage_basis="exact", provider="gemini"), ("host", 443))
    assert (span.start, span.end, span.error_type) == (START, START + 2 * SECOND, "")
    assert happened(span) == [("answered", 0), ("server_finished", 2)]
    assert {name: value for name, value in span.attributes.items() if not name.startswith(OURS)} == {
        "gen_ai.operation.name": "generate_content", "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "gemini-3-pro", "gen_ai.request.stream": True, "gen_ai.response.model": "gemini-3-pro",
        "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5, "http.response.status_code": 200,
        "server.address": "host", "server.port": 443,
    }  # fmt: skip
    assert {name.removeprefix(OURS): value for name, value in span.attributes.items() if name.startswith(OURS)} == {
        "call_id": "c1", "upstream": "gemini", "kind": "stream", "outcome": "delivered", "spend_usd": 1.0,
        "orphaned_usd": 0.0, "avoidable_usd": 0.0, "basis": "exact",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "comes_in_pieces"), [("unary", None), ("stream", True), ("live", True)])
def test_what_comes_piece_by_piece_is_told_as_a_stream(kind: str, comes_in_pieces: bool | None):
    attributes = call_span(a_record(kind=CallKind(kind))).attributes
    assert (attributes.get("gen_ai.request.stream"), attributes[f"{OURS}kind"]) == (comes_in_pieces, kind)


def test_an_answer_of_a_socket_that_its_caller_closed():
    facts = {"kind": CallKind.LIVE, "method": "BidiGenerateContent", "left_reason": "closed", "socket": "c0"}
    span = call_span(left(Outcome.ORPHAN_CUT, **facts))
    assert (span.name, span.attributes[f"{OURS}socket"]) == ("generate_content gemini-3-pro", "c0")
    assert [event.attributes for event in span.events if event.name == f"{OURS}caller_left"] == [
        {f"{OURS}reason": "closed"}
    ]


def test_an_orphan_that_finished_tells_when_its_caller_left_and_is_no_error():
    span = call_span(left(Outcome.ORPHAN_FINISHED, orphaned_usd=Decimal("0.5"), decision="follow"))
    assert happened(span) == [("answered", 0), ("caller_left", 1), ("server_finished", 2)]
    assert span.events[1].attributes == {f"{OURS}reason": "rst"}
    assert (span.attributes[f"{OURS}orphaned_seconds"], span.attributes[f"{OURS}orphaned_usd"]) == (1.0, 0.5)
    assert span.error_type == ""


def test_an_orphan_that_was_cut_ends_with_the_cut_and_its_reason_to_stop_is_the_error_that_the_conventions_ask_for():
    span = call_span(left(Outcome.ORPHAN_CUT, finished_at=None))
    assert happened(span) == [("answered", 0), ("caller_left", 1), ("cut", 2)]
    assert span.end == START + 2 * SECOND + 500
    assert span.attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert span.error_type == ""


def test_why_a_model_stopped_is_not_known_of_a_call_that_ended():
    assert "gen_ai.response.finish_reasons" not in call_span(a_record()).attributes


def test_one_that_was_left_after_its_end_lasts_until_then():
    span = call_span(a_record(outcome=Outcome.UNDELIVERED, left_at=START + 3 * SECOND, left_reason="fin"))
    assert happened(span)[-1] == ("caller_left", 3)
    assert span.end == START + 3 * SECOND


def test_a_rescue_names_its_other_half():
    assert call_span(left(Outcome.RESCUED, rescued_by="c2")).linked == ("c2",)
    joined = call_span(a_record("c2", outcome=Outcome.JOINED, attempt_of="c1", usage={}))
    assert (joined.linked, joined.attributes[f"{OURS}attempt_of"]) == (("c1",), "c1")


def test_a_lost_call_lasts_until_the_last_that_is_known_of_it():
    lost: dict[str, Any] = {"finished_at": None, "settled_at": START + 9000 * SECOND, "answered_at": None}
    assert call_span(a_record(outcome=Outcome.LOST, **lost)).end == START + 1000
    assert call_span(left(Outcome.LOST, **lost)).end == START + SECOND


ERRORS: list[tuple[Outcome, int | None, str]] = [
    (Outcome.DELIVERED, 200, ""), (Outcome.REJECTED, 429, "429"), (Outcome.REFUSED, None, "refused"), (Outcome.JOINED, 200, ""),
    (Outcome.LEFT_EARLY, None, ""), (Outcome.UPSTREAM_FAILED, None, "upstream_failed"),
    (Outcome.UPSTREAM_FAILED, 200, "upstream_failed"), (Outcome.CUT_SHORT, 200, "cut_short"), (Outcome.UNDELIVERED, 200, ""),
    (Outcome.ORPHAN_FINISHED, 200, ""), (Outcome.ORPHAN_CUT, 200, ""), (Outcome.ORPHAN_FAILED, 503, "503"),
    (Outcome.ORPHAN_FAILED, None, "orphan_failed"), (Outcome.RESCUED, 200, ""), (Outcome.LOST, None, "lost"),
]  # fmt: skip
"""Outcome and status, and the error that they are."""


@pytest.mark.parametrize(("outcome", "status", "error"), ERRORS)
def test_only_what_went_wrong_is_an_error(outcome: Outcome, status: int | None, error: str):
    record = a_record(outcome=outcome, http_status=status)
    assert error_type(record) == error
    assert call_span(record).attributes.get("error.type", "") == error


def test_every_outcome_is_decided_upon():
    assert {outcome for outcome, _, _ in ERRORS} == set(Outcome)


def test_estimated_usage_is_not_told_as_if_the_provider_had():
    span = call_span(a_record(usage_basis="estimated"))
    assert not [name for name in span.attributes if name.startswith(("gen_ai.usage", "gen_ai.response"))]


def test_a_whole_reply_is_not_said_to_be_streamed():
    assert "gen_ai.request.stream" not in call_span(a_record(kind=CallKind.UNARY)).attributes


@given(CALLS)
def test_any_record_makes_a_span_with_sound_times(record: CallRecord):
    span = call_span(record)
    assert span.start == record.started_at
    assert all(span.start <= event.at <= span.end for event in span.events)
