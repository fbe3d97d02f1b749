from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sidecar.config.schema import dotted, leaf_paths
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.proxy.failures import UpstreamError
from sidecar.telemetry.call_recorder import REMEMBERED
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


def test_what_a_provider_may_yet_do_stands_at_0_from_its_first_exchange_on(recorder: Recorder, read: Any):
    recorder.exchange("google", 200)
    page = read(recorder.page())
    assert {labels["code"]: value for labels, value in page["exchanges_total"]} == {
        "200": 1, **dict.fromkeys(["101", "400", "401", "403", "404", "429", "500", "502", "503", "504", "none"], 0),
    }  # fmt: skip
    assert {labels["error"]: value for labels, value in page["upstream_errors_total"]} == dict.fromkeys(
        map(str, UpstreamError), 0
    )
    assert {labels["reason"]: value for labels, value in page["unmetered_total"]} == dict.fromkeys(
        ["unknown_path", "operation", "websocket", "grpc"], 0
    )


def test_what_costs_and_is_no_call_is_counted_by_why(recorder: Recorder, total: Total):
    recorder.unmetered("openai", "websocket")
    assert total("unmetered_total") == total("unmetered_total", provider="openai", reason="websocket") == 1


def test_exposure_is_what_is_likely_to_be_billed_for_nobody(recorder: Recorder, record: Record, total: Total):
    for number in range(5):
        recorder.settled(recorder.admitted("google", "m", STREAM), record(f"d{number}"))
    call = recorder.admitted("google", "m", STREAM)
    assert total("exposure_usd") == 0
    recorder.left(call, "c1", LeftReason.FIN, record().started_at)
    assert total("exposure_usd", kind="stream") == total("exposure_usd") == 1
    recorder.shelved(call, "c1")
    assert total("exposure_usd") == 0
    recorder.settled(call, record("c1", outcome="orphan_finished"))
    assert total("exposure_usd") == 0


def test_exposure_of_every_kind_stands_at_0(recorder: Recorder, read: Any):
    kinds = [labels["kind"] for labels, value in read(recorder.page())["exposure_usd"] if value == 0]
    assert kinds == [*CallKind, *OperationKind]


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


def test_what_settled_last_is_remembered_and_no_more_than_so_many(recorder: Recorder, record: Record):
    for number in range(REMEMBERED + 5):
        recorder.settled(recorder.admitted("google", "gemini-3-pro", STREAM), record(id=f"c{number}"))
    assert (len(recorder.recent), recorder.recent[-1].id, recorder.recent[0].id) == (
        REMEMBERED,
        f"c{REMEMBERED + 4}",
        "c5",
    )


def test_average_of_such_calls_is_known_after_a_few_and_is_that_of_the_exposure(recorder: Recorder, record: Record):
    one = record(provider="google", model="gemini-3-pro", kind=STREAM, spend_usd=Decimal("0.5"))
    assert recorder.mean_usd(one) == 0
    for _ in range(5):
        recorder.settled(recorder.admitted("google", "gemini-3-pro", STREAM), one)
    assert recorder.mean_usd(one) == 0.5
    assert recorder.mean_usd(record(provider="google", model="another", kind=STREAM)) == 0
