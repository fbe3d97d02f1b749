"""Cancelling one operation: the claim, the request, what its answer says, and giving up. No answer is an end: the state is read.

At least once towards the provider, exactly once in the ledger (reliability.md 0): the intent is written before the request
leaves, and right before it leaves the claim is looked at again, in the transaction that counts the attempt.
"""

from typing import Any, Final

from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.pace import SENDING, after
from sidecar.providers.cancel_answer import CancelAnswer, cancel_answer
from sidecar.reaper.contract import Answer, Unreachable
from sidecar.reaper.means import Means, place_of
from sidecar.reaper.reading import plain_body
from sidecar.reaper.roster import Entry

CHECKED_SECONDS: Final = 5.0
"""So old may the look at the claim be when the request leaves: less than it takes another to take the operation over."""
MOST_CHECKS: Final = 5
"""A loop that stalls for so long again and again sends nothing now."""

CLAIMS: Final = {CancelTrigger.ORPHANED: E.ORPHAN_CLAIMED, CancelTrigger.ASKED: E.CANCEL_CLAIMED}
REFUSALS: Final = {
    CancelAnswer.UNSUPPORTED: CancelResult.UNSUPPORTED,
    CancelAnswer.FORBIDDEN: CancelResult.NO_CREDENTIAL,
    CancelAnswer.REFUSED: CancelResult.REFUSED,
}
"""Answers after which it is not asked again, or not soon: it is an orphan again. The others leave it CANCELLING."""


class Cancelling:
    """Takes the steps about cancels."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def claim(self, entry: Entry, record: OperationRecord, trigger: CancelTrigger, evidence: str) -> bool:
        """Write the intent; whether the operation is ours to cancel now."""
        now = self._means.now()
        changes = {"cancel_requested_at": now, "cancel_trigger": trigger.value, "looks": 0, "due_at": now}
        claimed = await self._means.move(entry, record, CLAIMS[trigger], changes, evidence)
        if claimed is not None:
            entry.sent_at, entry.send_at, entry.look_at = None, 0, 0
            entry.is_taken = entry.is_stopping = entry.has_looked_since = False
        return claimed is not None

    async def send(self, entry: Entry, record: OperationRecord) -> None:
        """Ask the provider to cancel it, if the claim still holds, and take in what it says."""
        wire = self._means.wires(record)
        if wire is None or wire.cancel is None:
            return
        attempt = Attempt(self._means, record)
        try:
            answer = await self._means.cancels.ask(
                record, wire.cancel(place_of(record)), _is_forbidden, attempt.may_leave
            )
        except Unreachable as error:
            self._sent(entry, attempt, None, f"no answer: {error}")
            return
        if answer is not None:
            await self._answered(entry, record, attempt, answer)
        elif not attempt.is_stopped:
            await self.conclude(entry, record, CancelResult.NO_CREDENTIAL, "no credential is known")

    async def conclude(self, entry: Entry, record: OperationRecord, result: CancelResult, evidence: str) -> None:
        """It is not going to be cancelled, now or ever: say so once, and go on watching it."""
        changes: dict[str, Any] = {"cancel_result": result.value, "due_at": self._means.now()}
        if record.state is S.CANCELLING:
            is_written = await self._means.move(entry, record, E.CANCEL_REFUSED, changes, evidence) is not None
        else:
            is_written = await self._means.note(record, changes)
        if is_written and record.cancel_result != result:
            trigger = CancelTrigger(record.cancel_trigger or CancelTrigger.ORPHANED)
            self._means.recorder.cancel_asked(record, trigger, result)

    async def give_up(self, entry: Entry, record: OperationRecord, evidence: str) -> None:
        """Nobody knows what became of it."""
        now = self._means.now()
        changes: dict[str, Any] = {"ended_at": now, "looks": 0, "due_at": now}
        if record.state is S.CANCELLING:
            changes["cancel_result"] = CancelResult.UNCONFIRMED.value
        moved = await self._means.move(entry, record, E.GAVE_UP, changes, evidence)
        if moved is not None:
            entry.look_at = 0
            self._means.recorder.ended(moved)

    async def _answered(self, entry: Entry, record: OperationRecord, attempt: "Attempt", answer: Answer) -> None:
        said = cancel_answer(answer.status, plain_body(answer))
        evidence = f"HTTP {answer.status}, {said.name.lower()}"
        if said is CancelAnswer.UNSUPPORTED:
            self._means.unsupported.add((record.upstream, record.method))
        if (result := REFUSALS.get(said)) is not None:
            await self.conclude(entry, attempt.record, result, evidence)
            return
        entry.missing = int(said is CancelAnswer.GONE)
        self._sent(entry, attempt, answer, evidence)
        entry.is_taken = said is CancelAnswer.TAKEN
        if said is not CancelAnswer.LATER:
            entry.look_at = 0

    def _sent(self, entry: Entry, attempt: "Attempt", answer: Answer | None, evidence: str) -> None:
        """It has left, and is not refused. What the provider did is read from the state, before it is sent again."""
        means, asked = self._means, None if answer is None else answer.retry_after_seconds
        entry.sent_at, entry.has_looked_since, entry.is_taken = means.now(), False, False
        pause = after(SENDING, attempt.record.cancel_attempts, means.chance(), asked)
        entry.send_at = means.later(pause)
        entry.look_at = means.later(asked or 0)


class Attempt:
    """One attempt, with whatever credentials it takes: looks at the claim before each request leaves."""

    def __init__(self, means: Means, record: OperationRecord) -> None:
        self._means = means
        self.record = record
        """As the last look at the claim found it."""
        self._attempts = record.cancel_attempts + 1
        self.is_stopped = False
        """The claim does not hold: nothing may leave."""

    async def may_leave(self) -> bool:
        """Whether the operation is ours to cancel at this moment, and the moment has not passed while we were told so."""
        clock = self._means.clock
        for _ in range(MOST_CHECKS):
            before_ns = clock.monotonic_ns()
            found = await self._means.store.do(self._claim_in)
            if found is None:
                break
            if clock.monotonic_ns() - before_ns <= CHECKED_SECONDS * 1e9:
                self.record = found
                self._means.recorder.cancel_sent(found)
                return True
        self.is_stopped = True
        return False

    def _claim_in(self, ledger: OperationLedger) -> OperationRecord | None:
        """The row, if its cancel is ours still; counts the attempt in the same breath. Only its holder's number lets it."""
        is_ours = ledger.note(self.record.id, self.record.fence, {"cancel_attempts": self._attempts})
        found = ledger.operation(self.record.id) if is_ours else None
        is_claimed = found is not None and found.state is S.CANCELLING and found.fence == self.record.fence
        return found if is_claimed else None


def _is_forbidden(answer: Answer) -> bool:
    return cancel_answer(answer.status, plain_body(answer)) is CancelAnswer.FORBIDDEN
