"""What an observation means for the row."""

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import CancelResult as R, OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Observed, Progress
from sidecar.reaper.witness import end_changes, is_reclaimed_by_taking, is_regretted_by_asking, was_asked_for_since
from tests.lifecycle.rows import NOW, row

SEEN = Observed(Progress.SUCCEEDED)


def cancelled(**fields: object) -> OperationRecord:
    return row(
        **{
            "state": S.CANCELLED, "cancel_trigger": "orphaned", "cancel_result": "confirmed",
            "cancel_requested_at": NOW, "renewed_at": NOW + 1, "settled_at": NOW, **fields,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "kept"),
    [(None, 0), (-5, -5), (7, 0), (-900, -30)],
    ids=["not told", "told", "in the future", "before it was opened"],
)
def test_when_it_ended(told: int | None, kept: int) -> None:
    observed = Observed(Progress.SUCCEEDED, ended_at=None if told is None else NOW + told * SECOND)
    changes = end_changes(row(), E.OBSERVED_SUCCEEDED, observed, NOW, is_claimed=False)
    assert changes["ended_at"] == NOW + kept * SECOND


@pytest.mark.parametrize(
    ("event", "result"),
    [
        (E.OBSERVED_SUCCEEDED, R.TOO_LATE),
        (E.OBSERVED_FAILED, R.TOO_LATE),
        (E.OBSERVED_CANCELLED, R.CONFIRMED),
        (E.OBSERVED_MISSING, R.UNCONFIRMED),
    ],
)
def test_an_end_says_what_became_of_the_cancel(event: E, result: R) -> None:
    asked = row(state=S.CANCELLING, cancel_requested_at=NOW)
    assert end_changes(asked, event, SEEN, NOW, is_claimed=False)["cancel_result"] == result


@pytest.mark.parametrize("record", [row(), row(state=S.ORPHANED, cancel_requested_at=NOW, cancel_result="refused")])
def test_no_cancel_is_under_way__an_end_says_nothing_of_it(record: OperationRecord) -> None:
    assert "cancel_result" not in end_changes(record, E.OBSERVED_SUCCEEDED, SEEN, NOW, is_claimed=False)


def test_its_caller_has_it__claimed_once() -> None:
    assert end_changes(row(), E.OBSERVED_SUCCEEDED, SEEN, NOW, is_claimed=True)["claimed_at"] == NOW
    assert "claimed_at" not in end_changes(row(claimed_at=1), E.OBSERVED_SUCCEEDED, SEEN, NOW, is_claimed=True)


def test_asked_for_after_the_cancel__regretted() -> None:
    assert was_asked_for_since(cancelled())
    assert is_regretted_by_asking(cancelled())


@pytest.mark.parametrize(
    "record",
    [
        cancelled(cancel_trigger="asked"),
        cancelled(cancel_trigger="caller"),
        cancelled(state=S.SUCCEEDED, cancel_result="too_late"),
    ],
    ids=["a person wanted it", "its caller wanted it", "it was too late"],
)
def test_not_our_doing__not_regretted(record: OperationRecord) -> None:
    assert not was_asked_for_since(record)
    assert not is_regretted_by_asking(record)


def test_not_asked_for_since__not_regretted() -> None:
    assert not was_asked_for_since(cancelled(renewed_at=NOW - 1))


@pytest.mark.parametrize(
    ("fields", "is_reclaimed"),
    [
        ({}, True),
        ({"claimed_at": 1}, False),
        ({"reclaimed_at": 1}, False),
        ({"is_detached": True}, False),
        ({"settled_at": None}, False),
        ({"state": S.FAILED}, False),
    ],
)
def test_fetched_after_it_had_settled(fields: dict[str, object], is_reclaimed: bool) -> None:
    assert is_reclaimed_by_taking(row(**{"state": S.SUCCEEDED, "settled_at": NOW, **fields})) is is_reclaimed
