from collections.abc import Callable
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.config.schema import dotted, leaf_paths
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.spend import TokenFates
from sidecar.telemetry.recorder import LIMITS, Recorder

Record = Callable[..., CallRecord]
Total = Callable[..., float]
STREAM = CallKind.STREAM


def test_an_admitted_call_is_in_flight_until_it_settles(recorder: Recorder, record: Record, total: Total):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    assert total("calls_in_flight", kind="stream", attachment="attached") == 1
    recorder.settled(call, record())
    assert total("calls_in_flight") == 0
    assert (
        total("calls_settled_total", outcome="delivered", provider="google", model="gemini-3-pro", kind="stream") == 1
    )


def test_everything_a_call_may_need_later_is_on_the_page_when_it_is_admitted(recorder: Recorder, total: Total):
    recorder.admitted("google", "gemini-3-pro", STREAM)
    page = recorder.page()
    for name in ("calls_settled_total", "departures_total", "returns_total", "spend_usd_total", "unpriced_total"):
        assert any(family.name in f"inference_sidecar_{name}" and family.samples for family in page.collect())
    assert total("spend_usd_total") == total("tokens_total") == 0


def test_each_settled_call_is_logged_once(recorder: Recorder, record: Record, calls: Any):
    one = record()
    recorder.settled(recorder.admitted("google", "gemini-3-pro", STREAM), one)
    assert calls.records == [one]


def test_a_call_settles_under_the_model_it_started_under(recorder: Recorder, record: Record, total: Total):
    recorder.settled(recorder.admitted("google", "alias", STREAM), record(model="alias-2026-11"))
    assert total("calls_settled_total", model="alias") == 1


def test_a_caller_that_leaves_makes_its_call_an_orphan(recorder: Recorder, total: Total):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.left(call, "c1", LeftReason.FIN, 5 * SECOND, detection_seconds=0.0002)
    assert total("departures_total", reason="fin") == 1
    assert total("calls_in_flight", attachment="orphaned") == 1
    assert total("calls_in_flight", attachment="attached") == 0
    assert total("oldest_orphan_timestamp_seconds") == 5
    assert total("detection_seconds_count") == 1


def test_a_caller_that_returns_is_attached_again(recorder: Recorder, record: Record, total: Total):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.left(call, "c1", LeftReason.FIN, 5 * SECOND)
    recorder.returned(call, "c1", "half_close")
    assert total("returns_total", via="half_close") == 1
    assert total("calls_in_flight", attachment="attached") == 1
    assert total("oldest_orphan_timestamp_seconds") == 0
    recorder.settled(call, record("c1"))
    assert total("calls_in_flight") == 0


def test_the_oldest_orphan_is_the_one_whose_caller_left_first(recorder: Recorder, record: Record, total: Total):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.left(call, "late", LeftReason.RST, 9 * SECOND)
    recorder.left(call, "early", LeftReason.RST, 7 * SECOND)
    assert total("oldest_orphan_timestamp_seconds") == 7
    recorder.settled(call, record("early", outcome="orphan_cut", left_at=7 * SECOND))
    assert total("oldest_orphan_timestamp_seconds") == 9


def test_tokens_are_counted_by_fate(recorder: Recorder, record: Record, total: Total):
    tokens = TokenFates((10, 0, 5, 0, 0), (0, 0, 3, 2, 0))
    recorder.settled(recorder.admitted("google", "gemini-3-pro", STREAM), record(), tokens)
    assert total("tokens_total", fate="delivered") == 15
    assert total("tokens_total", fate="orphaned", type="reasoning") == 2


def test_models_beyond_the_limit_count_as_other_and_the_overflow_is_counted(calls: Any, read: Any):
    recorder = Recorder("1", calls, LedgerHealth, model_limit=2)
    for model in ("a", "b", "c", "d", "c"):
        recorder.admitted("google", model, STREAM)
    page = read(recorder.page())
    assert {labels["model"]: value for labels, value in page["calls_started_total"]} == {"a": 1, "b": 1, "other": 3}
    assert page["label_overflow_total"] == [({"label": "model"}, 3)]


def test_a_lost_call_counts_as_started_departed_and_settled_at_once(
    recorder: Recorder, record: Record, calls: Any, total: Total
):
    recorder.lost([record("c1", outcome="lost", spend_usd=None, unpriced_reason="lost", finished_at=None)])
    assert total("calls_started_total") == total("calls_settled_total", outcome="lost") == 1
    assert total("departures_total", reason="sidecar_lost") == 1
    assert total("unpriced_total", reason="lost") == 1
    assert total("calls_in_flight") == 0
    assert len(calls.records) == 1


def test_a_lost_call_whose_caller_was_seen_to_leave_keeps_that_reason(recorder: Recorder, record: Record, total: Total):
    recorder.lost([record(outcome="lost", left_reason="rst", left_at=record().started_at)])
    assert total("departures_total", reason="rst") == total("departures_total") == 1


@pytest.mark.parametrize(("status", "code"), [(200, "200"), (429, "429"), (None, "none"), (999, "other")])
def test_exchanges_count_by_status(recorder: Recorder, total: Total, status: int | None, code: str):
    recorder.exchange("google", status, 0.0001)
    recorder.exchange("google", status)
    assert total("exchanges_total", provider="google", code=code) == 2
    assert total("overhead_seconds_count") == 1


def test_upstream_errors_count_by_word_and_are_logged_with_a_sentence(recorder: Recorder, calls: Any, total: Total):
    recorder.upstream_failed("google", "gemini", "connect", "it could not be reached")
    assert total("upstream_errors_total", provider="google", error="connect") == 1
    assert calls.problems == [("gemini", "connect", "it could not be reached")]


def test_a_page_is_of_the_instant_it_was_taken(recorder: Recorder, record: Record):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    page = recorder.page()
    recorder.settled(call, record())
    values = {metric.name: sum(s.value for s in metric.samples) for metric in page.collect()}
    assert values["inference_sidecar_calls_settled"] == 0
    assert values["inference_sidecar_calls_in_flight"] == 1


def test_limits_count_by_setting_and_are_on_the_page_before_they_are_reached(recorder: Recorder, total: Total):
    recorder.limit_reached("limits.max_calls")
    counts = {limit: total("limits_reached_total", limit=limit) for limit in LIMITS}
    assert counts == {**dict.fromkeys(LIMITS, 0), "limits.max_calls": 1}
    families = {family.name: family for family in recorder.page().collect()}
    assert len(families["inference_sidecar_limits_reached"].samples) == len(LIMITS)


def test_every_limit_is_a_setting():
    assert set(LIMITS) <= {dotted(path) for path in leaf_paths()}


def test_connections_to_providers_are_counted_by_how_they_came_out(recorder, read):
    for result in ("made", "made", "failed"):
        recorder.upstream_connect("gemini", result)
    assert read(recorder.page())["upstream_connects_total"] == [
        ({"upstream": "gemini", "result": "made"}, 2),
        ({"upstream": "gemini", "result": "failed"}, 1),
    ]


def test_certificates_that_were_read_again_are_counted_and_stand_at_0_before(recorder, read):
    recorder.certificates_reloaded(False)
    assert read(recorder.page())["certificate_reloads_total"] == [
        ({"result": "good"}, 0),
        ({"result": "failed"}, 1),
    ]
