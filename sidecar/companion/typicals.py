"""How long the likes of a call take, and what they cost: from the latest of them in the ledger."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from statistics import median
from typing import Final

from sidecar.clock import Moment, seconds_between
from sidecar.companion.waiting_for import Orphan, Typical
from sidecar.errors import LedgerError
from sidecar.ledger.by_address import open_operation_reader, open_reader
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState
from sidecar.metering.typical import FEWEST

LATEST: Final = 50

Kind = tuple[str, str, str]
"""Upstream, model, kind."""


class Typicals:
    """Looks each kind up once: what changes in the ledger during a run is little beside what was there."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[Kind, Typical] = {}

    async def of(self, orphan: Orphan) -> Typical:
        """What is typical of its kind; waits for the disk the first time."""
        kind = (orphan.upstream, orphan.model, orphan.kind)
        if kind not in self._known:
            look = self._of_calls if orphan.state is None else self._of_operations
            try:
                self._known[kind] = await asyncio.to_thread(look, kind)
            except LedgerError:
                self._known[kind] = Typical()
        return self._known[kind]

    def _of_calls(self, kind: Kind) -> Typical:
        upstream, model, name = kind
        latest = open_reader(self._url).calls(CallQuery(upstream=upstream, model=model, kind=name, limit=LATEST))
        return typical((call.started_at, call.finished_at, call.spend_usd) for call in latest)

    def _of_operations(self, kind: Kind) -> Typical:
        upstream, model, name = kind
        query = OperationQuery(
            upstream=upstream, model=model, kind=name, state=OperationState.SUCCEEDED.value, limit=LATEST
        )
        latest = open_operation_reader(self._url).operations(query)
        return typical((each.opened_at, each.ended_at, each.spend_usd) for each in latest)


def typical(latest: Iterable[tuple[Moment, Moment | None, Decimal | None]]) -> Typical:
    """The middle of when they began and ended and what they cost; nothing where fewer than `FEWEST` say so."""
    seconds, bills = list[float](), list[Decimal]()
    for began_at, ended_at, usd in latest:
        if ended_at is not None:
            seconds.append(seconds_between(began_at, ended_at))
        if usd is not None:
            bills.append(usd)
    return Typical(
        median(seconds) if len(seconds) >= FEWEST else None,
        sorted(bills)[(len(bills) - 1) // 2] if len(bills) >= FEWEST else None,
    )
