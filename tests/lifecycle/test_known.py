"""What is known beside a row may all be forgotten."""

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.known import Gone, Known
from sidecar.lifecycle.operation import GoneReason, OperationState as S
from sidecar.lifecycle.reaping import next_step
from sidecar.lifecycle.step import Look, Send, Settle, Wait
from tests.lifecycle.rows import NOW, row
from tests.lifecycle.test_reaping import RULES


def test_all_is_forgotten__asked_and_sent_again_but_nobody_is_taken_for_gone() -> None:
    forgotten = Known(watched_from=NOW)
    silent = row(renewed_at=NOW - 10**12)
    assert isinstance(next_step(silent, NOW, RULES, forgotten), Wait)
    asked = row(state=S.CANCELLING, cancel_requested_at=NOW, cancel_trigger="orphaned")
    assert next_step(asked, NOW, RULES, forgotten) == Send()
    assert next_step(row(state=S.CANCELLED, ended_at=NOW), NOW, RULES, forgotten) == Look()
    assert next_step(row(state=S.FAILED, ended_at=NOW), NOW, RULES, forgotten) == Settle()


@pytest.mark.parametrize("state", [S.RUNNING, S.ORPHANED, S.CANCELLING, S.SUCCEEDED])
def test_its_end_is_not_written_yet__judged_by_nothing_that_the_row_says(state: S) -> None:
    exited = Gone(GoneReason.PROCESS_EXITED, "process 4711 exited")
    known = Known(watched_from=0, gone=exited, is_ending=True)
    silent = row(state=state, renewed_at=NOW - 600 * SECOND, lapsed_at=NOW - 600 * SECOND, lease_seconds=60)
    assert next_step(silent, NOW, RULES, known) == Wait(NOW + 60 * SECOND)
