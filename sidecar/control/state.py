"""The program in one reply: what it is and does, how its ledger is, how much it has seen and what that came to."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from pydantic import TypeAdapter

from sidecar.control.shown import Amount
from sidecar.control.view import Sidecar, When
from sidecar.lifecycle.operation import OPEN
from sidecar.telemetry.calls import Attachment

ENDED: Final = "ended"


@dataclass(frozen=True, slots=True)
class LedgerReply:
    """How the ledger is."""

    is_healthy: bool
    problem: str
    """Why the latest attempt to write failed; empty when it did not."""
    rows_written: int
    rows_waiting: int
    rows_dropped: int
    errors: dict[str, int]
    """Failures by operation."""
    last_commit_at: When | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsReply:
    """The sums of the metrics since the start. Money is US dollars; what has no price is in none of it."""

    calls: dict[str, int]
    """How many have settled, by outcome."""
    calls_in_flight: int
    operations: dict[str, int]
    """How many have settled, by outcome."""
    operations_open: int
    spend_usd: dict[str, Amount]
    """The bill by fate: `delivered` and `orphaned`."""
    avoidable_usd: Amount
    """Part of the orphaned spend that accrued after the caller left."""
    rescued_usd: Amount
    would_rescue_usd: Amount
    reclaimed_usd: Amount
    avoided_usd: Amount
    """Estimated: what work that we stopped would have cost more. In no other sum."""
    regretted_usd: Amount
    unpriced: dict[str, int]
    """What has no price, by reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StateReply:
    """The whole of `GET /api/state`."""

    now: When
    mode: str
    """`observe` or `enforce`."""
    version: str
    state: str
    """`starting`, `serving`, `draining`, `settling`."""
    since: When
    """When it entered this state."""
    addresses: dict[str, str]
    """The bound sockets by name."""
    ledger: LedgerReply
    calls_in_flight: dict[str, int]
    """How many, by attachment: `attached`, `orphaned`, `shelved`."""
    live_sockets: dict[str, int]
    """Open WebSockets that carry calls of kind `live`, by provider. One with no answer under way is no call in flight."""
    tunnels: int
    """Open tunnels, whose bytes pass unread."""
    operations: dict[str, int]
    """How many have not settled, by state; `ended` are those whose end was seen and whose result may be fetched."""
    totals: TotalsReply
    exposure_usd: Amount
    """Estimated bill that accrues for orphans now, as far as it is known what such work costs."""


_totals: Final = TypeAdapter(TotalsReply)


def state_router(sidecar: Sidecar) -> APIRouter:
    """`/api/state`."""
    router = APIRouter(tags=["program"])

    @router.get("/api/state", summary="What the program is and does")
    async def state() -> StateReply:
        """Its mode and version, its sockets, its ledger's health, what is in flight, and the sums since its start."""
        return state_of(sidecar)

    return router


def state_of(sidecar: Sidecar) -> StateReply:
    """The program now."""
    standing, shown = sidecar.state(), sidecar.shown
    attachments = shown.attachments()
    totals = dict(shown.totals())
    exposure_usd = str(totals.pop("exposure_usd"))
    return StateReply(
        now=shown.now(),
        mode=standing.mode,
        version=standing.version,
        state=standing.state.value,
        since=standing.since,
        addresses=standing.addresses,
        ledger=_ledger(sidecar),
        calls_in_flight={str(attachment): attachments.get(attachment, 0) for attachment in Attachment},
        live_sockets=dict(shown.live_sockets()),
        tunnels=shown.tunnels(),
        operations=_open_operations(sidecar),
        totals=_totals.validate_python(totals),
        exposure_usd=exposure_usd,
    )


def _ledger(sidecar: Sidecar) -> LedgerReply:
    health = sidecar.ledger_health()
    return LedgerReply(
        is_healthy=not health.problem,
        problem=health.problem,
        rows_written=health.rows_written,
        rows_waiting=health.rows_waiting,
        rows_dropped=health.rows_dropped,
        errors=dict(health.errors),
        last_commit_at=health.last_commit_at,
    )


def _open_operations(sidecar: Sidecar) -> dict[str, int]:
    counts = sidecar.open_operations()
    by_state = {str(state): counts.get(state, 0) for state in sorted(OPEN)}
    return {**by_state, ENDED: sum(count for state, count in counts.items() if state not in OPEN)}
