from collections.abc import Callable
from typing import Any

import pytest

from sidecar.config.schema import dotted, leaf_paths
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.recorder import LIMITS, Recorder

Record = Callable[..., CallRecord]
Total = Callable[..., float]
STREAM = CallKind.STREAM


def test_models_beyond_the_limit_count_as_other_and_the_overflow_is_counted(calls: Any, read: Any):
    recorder = Recorder("1", calls, LedgerHealth, model_limit=2)
    for model in ("a", "b", "c", "d", "c"):
        recorder.admitted("google", model, STREAM)
    page = read(recorder.page())
    assert {labels["model"]: value for labels, value in page["calls_started_total"]} == {"a": 1, "b": 1, "other": 3}
    assert page["label_overflow_total"] == [({"label": "model"}, 3)]


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
