"""Builds what knows of operations and joins its rooms: the road tells the reaper, the reaper asks through the road's pool.

Part of what `app.py` does, in a file of its own: with that one the only place that knows every concrete class.
"""

import asyncio
import contextlib
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from sidecar.callers.exits import CallerExits
from sidecar.config.settings import Settings
from sidecar.control.view import CancelVerdict
from sidecar.errors import LedgerError
from sidecar.ledger.address import place_of as place_of_ledger
from sidecar.ledger.contract import LedgerHealth
from sidecar.ledger.operations import OperationLedger, OperationQuery
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.lifecycle.operation import CancelResult, GoneReason, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.metering.price import PriceBook
from sidecar.providers.operation import OperationWire
from sidecar.providers.registry import DIALECTS
from sidecar.proxy.asking import UpstreamAsker
from sidecar.proxy.context import Context
from sidecar.proxy.operation_rows import OperationRows
from sidecar.proxy.operations import Operations
from sidecar.proxy.renewals import Renewals
from sidecar.reaper.contract import Settlement
from sidecar.reaper.credentials import KnownCredentials
from sidecar.reaper.google_asker import GOOGLE, GoogleAsker
from sidecar.reaper.means import Given, place_of
from sidecar.reaper.reaper import Reaper
from sidecar.reaper.rules import rules_of
from sidecar.reaper.settlement import settle_operation
from sidecar.telemetry.log import Log

ROWS_SECONDS: Final = 5.0
"""At the end, what was heard of operations gets so long to reach the ledger."""
OPEN_ONES: Final = "open"
MOST_LOOKED_AT: Final = 200
"""Open operations that are looked at for what their cancels will need."""


class Operating:
    """One per sidecar: `start` it before the proxy accepts, `stop` it when no exchange is live."""

    judges_exits = True
    """When the last process behind an operation has ended, its caller is gone. May be set."""

    def __init__(self, settings: Settings, context: Context, ledger: OperationLedger, instance: str, log: Log) -> None:
        self._context = context
        self.instance = instance  # by which the ledger knows this sidecar: the holder of its operations
        self._ledger = ledger
        self._log = log
        self._write_errors = 0
        self._expecting: asyncio.Task[None] | None = None
        loop, clock = context.loop, context.clock
        self._recorder = recorder = context.recorder.operations
        self._credentials = KnownCredentials(settings.upstreams, clock, self._say_of_credential)
        self._asker = GoogleAsker(UpstreamAsker(context, wanted_headers=reply_headers_of))
        given = Given(
            instance=instance,
            asker=self._asker,
            credentials=self._credentials,
            wires=wire_of,
            recorder=recorder,
            settlement=settlement_by(settings, context.prices),
            rules=rules_of(settings.operations, settings.mode),
            clock=clock,
            forget=self._forget,
            has_heirs=isinstance(place_of_ledger(settings.ledger.url), PostgresAddress),
        )
        self._reaper = Reaper(given, ledger=ledger, loop=loop, trouble=self._say_of_fault)
        self._exits = CallerExits(loop, context.peers, self._exited, self._say_unseen)
        self._rows = OperationRows(loop, ledger, self._say_of_ledger)
        lease_seconds = settings.operations.lease_seconds
        self._renewals = Renewals(loop, self._rows, ledger, clock, self._reaper, lease_seconds)
        context.operations = Operations(
            loop=loop,
            rows=self._rows,
            ledger=ledger,
            renewals=self._renewals,
            lease_seconds=lease_seconds,
            watcher=self._reaper,
            credentials=self._credentials,
            exits=self._exits,
            opened=recorder.opened,
        )

    async def start(self) -> None:
        """Take up what earlier instances left.

        Raises:
            LedgerError: the ledger can't be read.
        """
        await self._reaper.start()

    def rule_by(self, settings: Settings, prices: PriceBook) -> None:
        """Decide by these from here on. Operations outlive processes: one is priced by what holds when it settles."""
        assert self._context.operations is not None
        self._context.operations.lend(settings.operations.lease_seconds)
        self._reaper.rule_by(rules_of(settings.operations, settings.mode), settlement_by(settings, prices))

    def expect_to_part(self) -> None:
        """`part` is near. What takes its time is done before: loading Google's own client, where it will be wanted."""
        self._expecting = asyncio.ensure_future(self._load_for_cancels())

    async def _load_for_cancels(self) -> None:
        with contextlib.suppress(LedgerError):  # then it is loaded when it is wanted
            for record in await self.operations(OperationQuery(state=OPEN_ONES, limit=MOST_LOOKED_AT)):
                wire = wire_of(record)
                if record.dialect in GOOGLE and record.provider_id is not None and wire is not None and wire.cancel:
                    await self._asker.load(wire.cancel(place_of(record)))

    async def part(self, deadline_seconds: float) -> None:
        """Nobody is left who could come back: cancel what that dooms, while calls still end. `stop` sees to what they open."""
        await self._reaper.part(deadline_seconds)

    async def stop(self, deadline_seconds: float, *, callers_are_gone: bool) -> None:
        """Write what was heard, cancel what must be, and end. What has no end yet is gone on with at the next start."""
        await self._rows.written(min(ROWS_SECONDS, deadline_seconds))
        await self._reaper.stop(deadline_seconds, callers_are_gone=callers_are_gone)
        if self._expecting is not None:
            self._expecting.cancel()
            await asyncio.gather(self._expecting, return_exceptions=True)
        await self._asker.close()
        self._exits.close()
        self._rows.close()

    # === what people ask ===

    def open_by_state(self) -> Mapping[OperationState, int]:
        """How many operations of this sidecar have not settled."""
        return self._reaper.open_by_state()

    def with_errors(self, health: LedgerHealth) -> LedgerHealth:
        """The ledger's health, and how often something of an operation could not be written; it is tried again."""
        return replace(health, errors=health.errors | {"operation": self._write_errors})

    def steps_unwritten(self) -> int:
        """What the road has heard of operations and the ledger could not take until the end."""
        return self._rows.given_up + self._reaper.unwritten()

    async def operations(self, query: OperationQuery) -> Sequence[OperationRecord]:
        """Operations in the ledger, newest first."""
        return await asyncio.to_thread(lambda: list(self._ledger.operations(query)))

    async def operation(self, id: str) -> OperationRecord | None:
        """The operation of exactly this id."""
        found = await asyncio.to_thread(self._ledger.operation, id)
        return found if found is not None and found.id == id else None

    async def moves(self, id: str) -> Sequence[OperationMove]:
        """Its history, oldest first."""
        return await asyncio.to_thread(self._ledger.moves, id)

    async def renew(self, id: str) -> OperationRecord | None:
        """Somebody vouches for its caller."""
        return await self._reaper.renew(id)

    async def cancel(self, id: str) -> CancelVerdict:
        """Somebody wants it cancelled."""
        return verdict_of(await self._reaper.cancel(id))

    # === between the rooms ===

    def _exited(self, operations: Collection[str], evidence: str) -> None:
        if self.judges_exits:
            self.processes_exited(operations, evidence)

    def processes_exited(self, operations: Collection[str], evidence: str) -> None:
        """No process stands behind these operations any more. `evidence` in a few words, for people."""
        self._renewals.gone(operations)
        self._reaper.caller_gone(operations, GoneReason.PROCESS_EXITED, evidence)

    def _forget(self, id: str) -> None:
        """It is ours no more: its credential and its processes are nobody's business."""
        self._credentials.forget(id)
        self._exits.forget(id)
        self._renewals.forget(id)
        self._recorder.released(id)

    def _say_unseen(self, why: str) -> None:
        self._log.events.warning("caller_processes_unseen", why=why, so="operations are judged by their leases alone")

    def _say_of_credential(self, upstream: str, problem: str) -> None:
        self._log.events.warning("credential_unusable", upstream=upstream, problem=problem)

    def _say_of_ledger(self, problem: str) -> None:
        self._write_errors += 1
        self._log.events.error("operation_not_written", problem=problem)

    def _say_of_fault(self, problem: str) -> None:
        self._log.events.error("reaper_fault", problem=problem)


def settlement_by(settings: Settings, prices: PriceBook) -> Settlement:
    """What works out an operation's money."""
    return partial(settle_operation, prices, is_watched=settings.operations.watch)


def wire_of(record: OperationRecord) -> OperationWire | None:
    """How one speaks about an operation: told from the request that opened it, as it was told then."""
    dialect = DIALECTS.get(record.dialect)
    route = None if dialect is None else dialect.route("POST", record.path)
    return None if route is None else route.operation


def reply_headers_of(record: OperationRecord) -> tuple[str, ...]:
    """The headers that the reader of an operation's replies needs."""
    wire = wire_of(record)
    return () if wire is None else wire.reply_headers


STILL_GOING = {OperationState.CANCELLING: CancelVerdict.TAKEN, OperationState.OPENING: CancelVerdict.OPENING}


def verdict_of(record: OperationRecord | None) -> CancelVerdict:
    """What became of somebody's wish to have an operation cancelled, told from its row."""
    if record is None:
        return CancelVerdict.UNKNOWN
    if record.state in STILL_GOING:
        return STILL_GOING[record.state]
    is_unsupported = record.cancel_result == CancelResult.UNSUPPORTED and record.ended_at is None
    return CancelVerdict.UNSUPPORTED if is_unsupported else CancelVerdict.ENDED
