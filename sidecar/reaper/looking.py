"""Asking the provider how an operation stands, and looking it up where its id was never learned. Free reads."""

from typing import Any, Final

from sidecar.clock import SECOND, Moment
from sidecar.ledger.operations import OperationLedger, OperationQuery
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord, key_of
from sidecar.lifecycle.pace import LOOKING, WATCHING, after
from sidecar.providers.operation import Observed, Progress
from sidecar.reaper.contract import Answer, Unreachable
from sidecar.reaper.means import Means, place_of
from sidecar.reaper.questions import NOT_LET_IN
from sidecar.reaper.reading import EARLIER_SECONDS, UNKNOWN, found_in, observed_in
from sidecar.reaper.roster import Entry
from sidecar.reaper.witness import EVENTS, end_changes

MOST_MISSING: Final = 2
"""So often in a row the provider must say that it does not know an operation. Once may be a replica that is behind."""


class Looking:
    """Looks, and writes what was seen."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def look(self, entry: Entry, record: OperationRecord) -> None:
        """Ask once how it stands."""
        wire = self._means.wires(record)
        if wire is None:
            return
        try:
            # Who is not let in, or told that there is no such thing, may ask with the wrong credential.
            answer = await self._means.looks.ask(
                record, wire.poll(place_of(record)), lambda answer: answer.status in NOT_LET_IN | UNKNOWN
            )
        except Unreachable:
            answer = None
        observed = None if answer is None else observed_in(wire, record, answer)
        if answer is not None and answer.status in UNKNOWN:
            await self._unknown(entry, record, answer)
        elif answer is None or observed is None:  # nobody answered, nobody was let in, or nothing could be read
            entry.missing = 0
            await self._goes_on(entry, record, answer)
        else:
            await self.seen(entry, record, observed, f"HTTP {answer.status}, {observed.progress.name.lower()}")

    async def seen(
        self, entry: Entry, record: OperationRecord, observed: Observed, evidence: str, *, is_claimed: bool = False
    ) -> None:
        """The provider has said how it stands, to us or to its caller; `is_claimed` when its caller has the end."""
        now = self._means.now()
        entry.missing, entry.heard_at, entry.observed = 0, now, observed
        entry.is_stopping = observed.progress is Progress.STOPPING
        event = EVENTS.get(observed.progress)
        if event is None:
            await self._goes_on(entry, record, None)
            return
        changes = end_changes(record, event, observed, now, is_claimed=is_claimed)
        moved = await self._means.move(entry, record, event, changes, evidence)
        if moved is not None:
            self._means.recorder.ended(moved)
            self._looked(entry, moved.state, 0, None)
        elif is_claimed and record.claimed_at is None and record.settled_at is None:
            await self._means.note(record, {"claimed_at": now})
        else:
            await self._goes_on(entry, record, None)

    async def look_up(self, entry: Entry, record: OperationRecord) -> None:
        """Look for its id in the provider's listing."""
        wire = self._means.wires(record)
        if wire is None or wire.find is None:
            return
        try:
            answer = await self._means.looks.ask(
                record, wire.find(place_of(record)), lambda answer: answer.status in NOT_LET_IN
            )
        except Unreachable:
            answer = None
        keys = await self._means.store.do(lambda ledger: keys_known(ledger, record))
        found = None if answer is None else found_in(wire, record, answer, keys)
        if found is None:
            await self._goes_on(entry, record, answer)
            return
        changes = {"provider_id": found.provider_id, "looks": 0, "due_at": self._means.now()}
        await self._means.move(entry, record, E.ACCEPTED, changes, "found in a listing")

    async def _unknown(self, entry: Entry, record: OperationRecord, answer: Answer) -> None:
        entry.missing += 1
        if entry.missing < MOST_MISSING or record.state is S.CANCELLED:
            await self._goes_on(entry, record, answer)
            return
        now = self._means.now()
        changes = end_changes(record, E.OBSERVED_MISSING, None, now, is_claimed=False)
        moved = await self._means.move(entry, record, E.OBSERVED_MISSING, changes, f"HTTP {answer.status}, twice")
        if moved is not None:
            self._means.recorder.ended(moved)

    async def _goes_on(self, entry: Entry, record: OperationRecord, answer: Answer | None) -> None:
        """It has not ended as far as is known: ask again, after a pause that grows."""
        self._looked(entry, record.state, record.looks, answer)
        changes: dict[str, Any] = {"looks": record.looks + 1, "due_at": entry.look_at}
        await self._means.note(record, changes)

    def _looked(self, entry: Entry, state: S, looks: int, answer: Answer | None) -> None:
        asked = None if answer is None else answer.retry_after_seconds
        pause = after(LOOKING.get(state, WATCHING), looks, self._means.chance(), asked)
        entry.look_at = self._means.later(pause)
        entry.has_looked = entry.has_looked_since = True


def keys_known(ledger: OperationLedger, record: OperationRecord) -> set[str]:
    """The keys of the upstream's operations that are known by their ids already, of the time in question."""
    since: Moment = record.opened_at - EARLIER_SECONDS * SECOND
    query = OperationQuery(upstream=record.upstream, since=since)
    return {key_of(each.provider_id) for each in ledger.operations(query) if each.provider_id}
