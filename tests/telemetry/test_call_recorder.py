from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.spend import TokenFates
from sidecar.telemetry.calls import Attachment, CallMetrics
from sidecar.telemetry.recorder import Recorder

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


def test_a_session_that_is_resumed_in_time_has_a_departure_and_a_return_and_leaves_nothing_running(
    recorder: Recorder, record: Record, total: Total
):
    call = recorder.admitted("google", "gemini-3-live", CallKind.LIVE)
    recorder.left(call, "c1", LeftReason.CLOSED, 5 * SECOND)
    assert total("calls_in_flight", kind="live", attachment="orphaned") == 1
    recorder.returned(call, "c1", "resumption")
    recorder.settled(call, record("c1", kind=CallKind.LIVE, outcome="cut_short"))
    assert total("departures_total", kind="live", reason="closed") == total("returns_total", via="resumption") == 1
    assert (total("calls_in_flight"), total("calls_settled_total", kind="live", outcome="cut_short")) == (0, 1)


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


# === what a retry makes of it ===


def an_orphan(recorder: Recorder, call_id: str = "c1", left_at: int = 5 * SECOND) -> CallMetrics:
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.left(call, call_id, LeftReason.FIN, left_at)
    return call


@pytest.fixture
def standing(total: Total) -> Callable[[], dict[str, float]]:
    """How many calls are in flight, by attachment; those of which there are none are left out."""

    def now() -> dict[str, float]:
        counts = {str(attachment): total("calls_in_flight", attachment=attachment) for attachment in Attachment}
        return {attachment: count for attachment, count in counts.items() if count}

    return now


Standing = Callable[[], dict[str, float]]


def test_an_answer_on_the_shelf_is_no_orphan_that_still_runs(recorder: Recorder, standing: Standing, total: Total):
    recorder.shelved(an_orphan(recorder), "c1")
    assert standing() == {"shelved": 1}
    assert total("oldest_orphan_timestamp_seconds") == 0
    assert recorder.attachment("c1") is Attachment.SHELVED


@pytest.mark.parametrize("is_shelved", [False, True])
def test_a_call_whose_answer_a_retry_is_being_given_has_somebody_there(
    recorder: Recorder, standing: Standing, total: Total, is_shelved: bool
):
    call = an_orphan(recorder)
    if is_shelved:
        recorder.shelved(call, "c1")
    recorder.taken(call, "c1")
    assert standing() == {"attached": 1}
    assert total("oldest_orphan_timestamp_seconds") == 0
    assert total("returns_total") == 0


def test_a_retry_that_leaves_as_well_leaves_an_orphan_of_that_moment_and_no_second_departure(
    recorder: Recorder, standing: Standing, total: Total
):
    call = an_orphan(recorder)
    recorder.taken(call, "c1")
    recorder.let_go(call, "c1", 8 * SECOND)
    assert standing() == {"orphaned": 1}
    assert total("oldest_orphan_timestamp_seconds") == 8
    assert total("departures_total") == 1


@pytest.mark.parametrize("steps", [(), ("shelved",), ("taken",), ("shelved", "taken"), ("taken", "shelved")])
def test_a_call_settles_from_wherever_it_stands(
    recorder: Recorder, record: Record, standing: Standing, steps: tuple[str, ...]
):
    call = an_orphan(recorder)
    for step in steps:
        getattr(recorder, step)(call, "c1")
    recorder.settled(call, record("c1", outcome="orphan_finished", left_at=5 * SECOND))
    assert standing() == {}
    assert recorder.attachment("c1") is Attachment.ATTACHED


def test_a_caller_that_returns_takes_its_answer_from_the_shelf(recorder: Recorder, standing: Standing, total: Total):
    call = an_orphan(recorder)
    recorder.shelved(call, "c1")
    recorder.returned(call, "c1", "half_close")
    assert standing() == {"attached": 1}
    assert total("returns_total", via="half_close") == 1


@pytest.mark.parametrize("step", ["shelved", "taken"])
def test_what_is_said_of_a_call_that_has_settled_moves_nothing(
    recorder: Recorder, record: Record, standing: Standing, step: str
):
    call = an_orphan(recorder)
    recorder.settled(call, record("c1", outcome="orphan_cut", left_at=5 * SECOND))
    getattr(recorder, step)(call, "c1")
    recorder.let_go(call, "c1", 9 * SECOND)
    assert standing() == {}


def test_a_rescued_call_counts_its_bill_as_delivered_and_as_rescued(recorder: Recorder, record: Record, total: Total):
    call = an_orphan(recorder)
    recorder.taken(call, "c1")
    recorder.settled(call, record("c1", outcome="rescued", left_at=5 * SECOND, spend_usd=Decimal("0.25")))
    assert total("rescued_total", provider="google", model="gemini-3-pro", kind="stream", via="retry") == 1
    assert total("rescued_spend_usd_total") == total("spend_usd_total", fate="delivered") == 0.25
    assert total("orphaned_seconds_count") == total("spend_usd_total", fate="orphaned") == 0


@pytest.mark.parametrize(
    "bill", [{"spend_usd": None, "unpriced_reason": "no_usage"}, {"spend_usd": Decimal(1), "orphaned_usd": Decimal(2)}]
)
def test_a_rescued_call_without_a_bill_is_rescued_for_nothing(
    recorder: Recorder, record: Record, total: Total, bill: dict[str, Any]
):
    recorder.settled(an_orphan(recorder), record("c1", outcome="rescued", left_at=5 * SECOND, **bill))
    assert total("rescued_total") == 1
    assert total("rescued_spend_usd_total") == total("spend_usd_total") == 0


def test_what_a_call_would_have_been_given_counts_at_once_and_its_bill_when_that_is_known(
    recorder: Recorder, record: Record, standing: Standing, total: Total
):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.would_rescue(call, "c2")
    assert total("would_rescue_total") == 1
    assert total("would_rescue_spend_usd_total") == 0
    assert standing() == {"attached": 1}
    recorder.settled(call, record("c2", spend_usd=Decimal("0.5")))
    assert total("would_rescue_spend_usd_total") == 0.5
    assert total("rescued_total") == total("rescued_spend_usd_total") == 0
    assert standing() == {}


def test_the_bill_of_a_repeat_that_was_left_in_turn_would_have_been_saved_as_well(
    recorder: Recorder, record: Record, total: Total
):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.would_rescue(call, "c2")
    recorder.left(call, "c2", LeftReason.RST, 5 * SECOND)
    bill = {"spend_usd": Decimal(3), "orphaned_usd": Decimal(2)}
    recorder.settled(call, record("c2", outcome="orphan_finished", left_at=5 * SECOND, **bill))
    assert total("would_rescue_spend_usd_total") == 3


def test_a_refused_repeat_is_counted(recorder: Recorder, record: Record, total: Total):
    call = recorder.admitted("google", "gemini-3-pro", STREAM)
    recorder.repeat_refused(call)
    recorder.settled(call, record(outcome="refused", spend_usd=None))
    assert total("repeats_refused_total", provider="google", model="gemini-3-pro", kind="stream") == 1
    assert total("calls_settled_total", outcome="refused") == 1
