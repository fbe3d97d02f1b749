"""What is known beside a row may all be forgotten."""

from sidecar.lifecycle.known import Known
from sidecar.lifecycle.operation import OperationState as S
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
