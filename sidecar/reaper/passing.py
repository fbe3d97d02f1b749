"""What is heard of operations while exchanges pass, and what people ask for: written by whoever hears it, holder or not."""

from sidecar.clock import Moment
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord, key_of
from sidecar.providers.operation import Observed
from sidecar.reaper.means import Means
from sidecar.reaper.steps import Steps
from sidecar.reaper.witness import EVENTS, end_changes, is_reclaimed_by_taking, is_regretted_by_asking

CANCELLABLE = frozenset({S.RUNNING, S.ORPHANED})
BY_A_PERSON = "a person asked"


class Passing:
    """Writes it. A move without a holder's number: several may have seen the same, and the first is the one that counts."""

    def __init__(self, means: Means, steps: Steps) -> None:
        self._means = means
        self._steps = steps

    async def ended(self, record: OperationRecord, observed: Observed, *, is_claimed: bool) -> None:
        """A passing reply has shown the end of an operation; `is_claimed` when its caller has taken that reply."""
        now, event = self._means.now(), EVENTS[observed.progress]
        changes = end_changes(record, event, observed, now, is_claimed=is_claimed)
        moved = await self._means.store.do(
            lambda ledger: ledger.move(record.id, event, changes, "a passing reply said so")
        )
        if moved is not None:
            self._means.recorder.ended(moved)
            self._hurry(moved, observed)
        elif is_claimed:
            await self._claimed(record, now)

    async def asked_for(self, record: OperationRecord) -> None:
        """Somebody asks for an operation that has settled."""
        if is_regretted_by_asking(record):
            await self._steps.closing.regret(record, self._means.now())

    async def cancel(self, id: str) -> OperationRecord | None:
        """Cancel an operation because a person asked, in whatever mode. Returns the row afterwards; None when there is none."""
        record = await self._read(id)
        if record is None or record.state not in CANCELLABLE or record.settled_at is not None:
            return record
        entry = self._means.roster.get(record.id)
        if not self._means.can_cancel(record):
            await self._unsupported(record)
        elif entry is not None:
            await self._steps.cancelling.claim(entry, record, CancelTrigger.ASKED, BY_A_PERSON)
            self._means.roster.put(entry, self._means.now())
        else:  # its holder finds it when it looks at it next
            changes = {
                "cancel_requested_at": self._means.now(),
                "cancel_trigger": CancelTrigger.ASKED.value,
                "looks": 0,
            }
            await self._means.store.do(lambda ledger: ledger.move(record.id, E.CANCEL_CLAIMED, changes, BY_A_PERSON))
        return await self._read(record.id)

    async def renew(self, id: str) -> OperationRecord | None:
        """Renew an operation's lease because a person asked. Returns the row afterwards; None when there is none."""
        record = await self._read(id)
        if record is None or record.settled_at is not None:
            return record
        renewed = await self._means.store.do(lambda ledger: renew_in(ledger, record))
        entry = self._means.roster.get(record.id)
        if renewed is not None and entry is not None:
            self._steps.saw(entry, renewed, "renewal")
            self._means.roster.put(entry, self._means.now())
        return renewed

    async def _unsupported(self, record: OperationRecord) -> None:
        result = CancelResult.UNSUPPORTED
        changes = {"cancel_result": result.value}
        if await self._means.note(record, changes) and record.cancel_result != result:
            self._means.recorder.cancel_asked(record, CancelTrigger.ASKED, result)

    async def _claimed(self, record: OperationRecord, now: Moment) -> None:
        """Its end was known already; that its caller has it was not."""
        found = await self._read(record.id)
        if found is None:
            return None
        if is_reclaimed_by_taking(found):
            await self._steps.closing.reclaim(found, now)
        elif found.settled_at is None and found.ended_at is not None:
            if found.claimed_at is None and not await self._means.note(found, {"claimed_at": now}):
                return await self._claimed(record, now)  # it has changed hands meanwhile, or settled
            self._hurry(found, None)
        return None

    async def _read(self, id: str) -> OperationRecord | None:
        return await self._means.store.do(lambda ledger: ledger.operation(id))

    def _hurry(self, record: OperationRecord, observed: Observed | None) -> None:
        entry = self._means.roster.get(record.id)
        if entry is not None:
            self._means.roster.became(entry, record.state)
            entry.heard_at = self._means.now()
            entry.observed = observed or entry.observed
            self._means.roster.put(entry, self._means.now())


def renew_in(ledger: OperationLedger, record: OperationRecord) -> OperationRecord | None:
    """Renew a lease by the operation's own name, which it has when the provider has given it one."""
    now = ledger.now()
    if record.provider_id is None:
        ledger.renew_all([record.id], now)
    else:
        ledger.renew(record.upstream, key_of(record.provider_id), {"renewed_at": now})
    return ledger.operation(record.id)
