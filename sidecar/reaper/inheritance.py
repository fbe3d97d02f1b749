"""Taking up what others left: our own earlier instances at the start, and sidecars that have died since."""

from typing import Final

from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.neighbors import reach_of
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.reaper.means import Means
from sidecar.reaper.roster import Entry

AT_ONCE: Final = 500
"""Operations that are taken over in one transaction."""
BEATS_BETWEEN_COUNTS: Final = 15
"""Every so many beats all rows that we hold are compared with what we know: none is forgotten for ever."""


class Inheritance:
    """Finds operations that nobody looks after."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._beats = 0

    async def begin(self) -> None:
        """Take up all that is not settled: ours, and that of the dead.

        Raises:
            LedgerError: the ledger can't be read.
        """
        now = await self._means.store.do(lambda ledger: ledger.now())
        self._means.listening.heard(now, self._means.clock.monotonic_ns())
        self._means.listening.since = now
        for record in await self._means.store.do(lambda ledger: [*ledger.unsettled(), *taken_over(ledger, 1)]):
            self._adopt(record)
            self._means.recorder.resumed(record)

    async def beat(self) -> None:
        """Take over what has lost its holder since.

        Raises:
            LedgerError: the ledger can't be used.
        """
        self._beats += 1
        reach = reach_of(self._beats)
        for record in await self._means.store.do(lambda ledger: taken_over(ledger, reach)):
            self._adopt(record)  # anew, if it was ours before it was somebody else's
            self._means.recorder.taken_over(record)
        if self._beats % BEATS_BETWEEN_COUNTS == 0:
            await self._count()

    async def _count(self) -> None:
        for record in await self._means.store.do(lambda ledger: ledger.unsettled()):
            if record.id not in self._means.roster:
                self._adopt(record, is_inherited=False)

    def _adopt(self, record: OperationRecord, *, is_inherited: bool = True) -> None:
        entry = Entry(record, self._means.now(), is_inherited=is_inherited)
        self._means.roster.add(entry)
        self._means.roster.put(entry, self._means.now())


def taken_over(ledger: OperationLedger, reach: int) -> list[OperationRecord]:
    """Everything that has no living holder, as far as that is ours to look after."""
    found: list[OperationRecord] = []
    while batch := ledger.take_over(AT_ONCE, reach):
        found += batch
    return found
