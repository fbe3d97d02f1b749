"""The sidecar of one run: the same as everywhere, on free ports, and told when the last of those whom it serves has ended."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from sidecar.app import Application
from sidecar.clock import Moment, seconds_between
from sidecar.companion.unseen import Seen
from sidecar.companion.waiting_for import Orphan, is_awaited
from sidecar.config.addresses import Address
from sidecar.config.ending import Drain
from sidecar.config.settings import Settings
from sidecar.config.sockets import Tls
from sidecar.in_flight import calls_of
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.money_so_far import MoneySoFar, money_so_far
from sidecar.telemetry.log import Log

if TYPE_CHECKING:
    from sidecar.authority.authority import Authority

SOCKETS: Final = ("proxy", "control", "observe")
ANY_PORT: Final = Address("127.0.0.1", 0)
EVERY_PORT: Final = range(1, 1 << 16)
"""In place of a tuple of as many numbers, in which a port would be looked for from the beginning."""
CONFIRM_SECONDS: Final = 2.0
"""After its end was seen a cancelled operation is looked at so long; `operations.confirm_seconds` is for who stays for hours."""
MOST_OPERATIONS: Final = 1_000
EVIDENCE: Final = "all processes of the command have ended"


def settings_of_run(settings: Settings, *, intercepts: bool = False) -> Settings:
    """Everything as set, but for what only makes sense where a sidecar stands alone: its addresses, who reaches them, its end.

    `intercepts`: the command's https calls come here, whatever is set. Where they lead to another host than an upstream's, to any
    port: the command could go there by itself, and must not notice us.
    """
    listens = {name: getattr(settings, name).model_copy(update={"listen": ANY_PORT}) for name in SOCKETS}
    connect = settings.proxy.connect.model_copy(update={"intercept": intercepts, "ports": EVERY_PORT})
    listens["proxy"] = listens["proxy"].model_copy(
        update={"connect": connect, "tls": Tls()}
    )  # base URLs lead here by http
    drain = Drain(deadline_seconds=0, linger_seconds=0)  # what is worth waiting for was waited for before
    return settings.model_copy(update={**listens, "drain": drain})


class SidecarOfRun(Application):
    """One sidecar. `start` it, `callers_have_ended` when they have, `stop` it.

    Which process of the command asks about an operation plays no part as long as one of them lives (reliability A 26): one may
    open it and end, and the next fetch. So the ends of single processes are not judged here, but that of the last.
    """

    def __init__(self, settings: Settings, log: Log, authority: "Authority | None" = None) -> None:
        """`authority`: that of the run, where its command trusts one."""
        super().__init__(settings, log, authority)
        self._began_at: Moment = self._clock.now()
        self._operating.judges_exits = False

    def seen(self) -> Seen:
        """What of the command's https connections came here, and what became of them."""
        connects, handshakes = self._recorder.tunnels.answered(), self._recorder.handshakes()
        return Seen(
            intercepted=connects["intercepted"], tunneled=connects["tunneled"], grpc=connects["grpc"],
            given_up=handshakes["untrusted"] + handshakes["failed"],
        )  # fmt: skip

    def is_busy(self) -> bool:
        """Something of a call has not settled: it is on its way, or its cost is being asked for."""
        return bool(self._context.live or self._context.turns or self._context.inquiries)

    def callers_have_ended(self) -> None:
        """Nobody will poll, retry, fetch or come back any more: so no grace is due, and no answer is kept."""
        operations = self._settings.operations
        hurried = operations.model_copy(
            update={
                "grace_seconds": 0, "claim_seconds": 0, "confirm_seconds": min(CONFIRM_SECONDS, operations.confirm_seconds),
            }
        )  # fmt: skip
        self._context.shelf.close()
        self._hold_nothing_more()
        self._operating.rule_by(self._settings.model_copy(update={"operations": hurried}), self._context.prices)

    def _hold_nothing_more(self) -> None:
        """Of sockets whose callers could go on with their sessions: calls that are held, and that end a moment later."""
        limits = self._context.limits
        live = msgspec.structs.replace(limits.live, resume_seconds=0.0)
        self._context.limits = msgspec.structs.replace(limits, live=live)
        self._context.resumptions.close()

    def operations_abandoned(self, ids: Collection[str]) -> None:
        """Nobody stands behind these any more: they are cancelled in `enforce`, where their kinds are."""
        self._operating.processes_exited(ids, EVIDENCE)

    async def operations_of_run(self) -> Sequence[OperationRecord]:
        """Those that were opened here, newest first, settled ones too."""
        found = await self.operations(OperationQuery(since=self._began_at, limit=MOST_OPERATIONS))
        return [record for record in found if record.holder == self._operating.instance]

    def orphaned_calls(self) -> list[Orphan]:
        """The calls that go on at the provider without their caller, oldest first."""
        now = self._clock.now()
        return [
            Orphan(
                upstream=record.upstream, model=record.model, kind=record.kind,
                seconds=seconds_between(record.started_at, now), usd=usd_of(money_so_far(open_call, now)),
            )
            for open_call in sorted(calls_of(self._context), key=lambda open_call: open_call.started_at)
            if open_call.account is not None and open_call.call.is_orphaned
            for record in [open_call.account.record]
        ]  # fmt: skip

    def orphaned_operations(self, records: Sequence[OperationRecord]) -> list[Orphan]:
        """Those of these operations whose end is waited for, oldest first."""
        now = self._clock.now()
        return [
            Orphan(
                upstream=record.upstream, model=record.model, kind=record.kind, state=record.state,
                seconds=seconds_between(record.opened_at, now),
            )
            for record in reversed(records)
            if is_awaited(record, is_watched=self._settings.operations.watch)
        ]  # fmt: skip


def usd_of(money: MoneySoFar) -> Decimal | None:
    """What a call has cost by now, where that is known."""
    return None if money.spend_usd is None else Decimal(money.spend_usd)
