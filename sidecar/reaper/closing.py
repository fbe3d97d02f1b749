"""The end of an operation's row: what it used is read where only its results tell, and the money is fixed, once."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.pace import DOUBTING, after
from sidecar.providers.answer import AnswerTooLarge
from sidecar.providers.contract import Reported
from sidecar.providers.operation import Observed, OperationWire
from sidecar.reaper.contract import Answer, Unreachable
from sidecar.reaper.means import Means, place_of
from sidecar.reaper.questions import NOT_LET_IN
from sidecar.reaper.reading import observed_in, reported_in, results_in
from sidecar.reaper.roster import Entry
from sidecar.reaper.settlement import tokens_of
from sidecar.reaper.witness import was_asked_for_since

MOST_RESULT_ATTEMPTS: Final = 5
"""Then it settles with what is known."""
SAID: Final = frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED})
"""Ends of which the provider can still say what was used."""
COUNTED: Final = frozenset({CancelResult.CONFIRMED, CancelResult.TOO_LATE, CancelResult.UNCONFIRMED})
"""Results that may change until it settles, and are counted then. The others are counted when they are written."""
TOO_LARGE: Final = "reply_too_large"
TRY_AGAIN: Final = "try_again"


class Closing:
    """Settles operations."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def settle(self, entry: Entry, record: OperationRecord) -> None:
        """Fix outcome, usage and money; or put that off, if what was used may be told later."""
        reported, why = await self._used(entry, record)
        if why == TRY_AGAIN and entry.result_attempts < MOST_RESULT_ATTEMPTS:
            entry.result_attempts += 1
            entry.rest_until = self._means.later(after(DOUBTING, entry.result_attempts, self._means.chance(), None))
            return
        means, wire = self._means, self._means.wires(record)
        typical = await self._typical(record)
        changes = means.settlement(
            record,
            reported,
            now=means.now(),
            tier="" if wire is None else wire.tier,
            typical=typical,
            why_nothing="no_results" if why == TRY_AGAIN else why,
        )
        changes.pop("outcome", None)  # the ledger itself makes it the last state
        settled = await means.store.do(lambda ledger: ledger.settle(record.id, record.fence, changes))
        if settled is not None:
            await self._count(settled)
        means.roster.drop(record.id)

    async def _count(self, record: OperationRecord) -> None:
        recorder = self._means.recorder
        if record.cancel_result in COUNTED and record.cancel_trigger is not None:
            recorder.cancel_asked(record, CancelTrigger(record.cancel_trigger), CancelResult(record.cancel_result))
        recorder.settled(record, tokens_of(record))
        if was_asked_for_since(record):
            await self.regret(record, record.renewed_at)

    async def regret(self, record: OperationRecord, at: Moment) -> None:
        """Somebody asked at this moment for a settled operation that we had cancelled: write and count it, once."""
        if await self._means.store.do(lambda ledger: ledger.mark_after(record.id, "regretted_at", at)):
            self._means.recorder.regretted(msgspec.structs.replace(record, regretted_at=at))

    async def reclaim(self, record: OperationRecord, at: Moment) -> None:
        """The result of a settled operation was fetched at this moment after all: write and count it, once."""
        if await self._means.store.do(lambda ledger: ledger.mark_after(record.id, "reclaimed_at", at)):
            self._means.recorder.reclaimed(msgspec.structs.replace(record, reclaimed_at=at))

    async def _typical(self, record: OperationRecord) -> list[Decimal]:
        """What such operations cost lately: of what we have cancelled that says what was avoided."""
        if record.cancel_result != CancelResult.CONFIRMED:
            return []
        return await self._means.store.do(
            lambda ledger: ledger.typical_spend(record.upstream, record.model, record.kind)
        )

    async def _used(self, entry: Entry, record: OperationRecord) -> tuple[Reported | None, str]:
        """What was reported; else why nothing was, one word."""
        wire, reported = self._means.wires(record), reported_in(record)
        may_ask = self._means.rules.is_watching or record.cancel_requested_at is not None
        if reported is not None or wire is None or record.state not in SAID or record.provider_id is None:
            return reported, ""
        if not may_ask:
            return None, ""
        try:
            return await self._asked(entry, record, wire)
        except AnswerTooLarge:
            return None, TOO_LARGE
        except Unreachable:
            return None, TRY_AGAIN

    async def _asked(self, entry: Entry, record: OperationRecord, wire: OperationWire) -> tuple[Reported | None, str]:
        """Ask how it stands, if that is not known any more, and then for its results where they are apart."""
        observed = entry.observed or await self._observed(record, wire)
        if observed is None or observed.reported is not None or wire.results is None:
            return None if observed is None else observed.reported, wire.unreported
        ask = wire.results(place_of(record), observed)
        if ask is None:
            return None, ""
        answer = await self._means.looks.ask(record, ask, _is_not_let_in)
        if answer is None or answer.status in NOT_LET_IN:
            return None, "no_credential"
        if answer.status == 429 or answer.status >= 500:
            return None, TRY_AGAIN
        return results_in(wire, record, answer)

    async def _observed(self, record: OperationRecord, wire: OperationWire) -> Observed | None:
        answer = await self._means.looks.ask(record, wire.poll(place_of(record)), _is_not_let_in)
        return None if answer is None else observed_in(wire, record, answer)


def _is_not_let_in(answer: Answer) -> bool:
    return answer.status in NOT_LET_IN
