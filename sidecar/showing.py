"""What the program shows of its calls, its money and its settings: joins the rooms that know, for the one that is asked.

Part of what `app.py` does, in a file of its own. Implements `control.shown.Shown`, where each method is described.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from math import fsum

from sidecar.clock import Moment
from sidecar.config.listing import listing
from sidecar.config.load import Loaded
from sidecar.control.shown import NOT_KNOWN, CallInFlight, Prospect, Setting
from sidecar.in_flight import CallsInFlight, all_calls, attachment_of, calls_of
from sidecar.ledger.by_address import open_reader
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.spending import SpendStep, spending
from sidecar.lifecycle.known import Known
from sidecar.lifecycle.lease import lapses_at
from sidecar.lifecycle.operation import OPEN, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.reaping import claimed_from
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.money import plain
from sidecar.money_so_far import dollars
from sidecar.proxy.context import Context
from sidecar.reaper.rules import rules_of
from sidecar.telemetry import metrics
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.log import Log, LogLevel
from sidecar.telemetry.totals import totals_of


class Showing:
    """One per sidecar. `loaded` tells the settings that are in force, and where each came from."""

    def __init__(self, loaded: Callable[[], Loaded], context: Context, log: Log) -> None:
        self._loaded, self._context, self._log = loaded, context, log
        self._since = context.clock.now()

    @property
    def _ledger(self) -> str:
        return self._loaded().settings.ledger.url

    def now(self) -> Moment:
        """The present moment."""
        return self._context.clock.now()

    # === calls ===

    def attachments(self) -> Mapping[Attachment, int]:
        """How many calls are in flight, by whether somebody is there for them."""
        return Counter(attachment_of(open_call) for open_call in calls_of(self._context))

    def live_sockets(self) -> Mapping[str, int]:
        """How many sockets that carry calls are open, by provider."""
        return self._context.recorder.open_live()

    def tunnels(self) -> int:
        """How many tunnels are open."""
        return int(self._context.recorder.tunnels.open.value)

    def watch_calls(self) -> Callable[[], Sequence[CallInFlight]]:
        """What tells the calls in flight, each time that it is called."""
        return CallsInFlight(self._context)

    async def calls_in_flight(self) -> Sequence[CallInFlight]:
        """The calls in flight, oldest first."""
        return await all_calls(self._context)

    def recent(self) -> Sequence[CallRecord]:
        """The calls that settled last, the newest at the end."""
        return self._context.recorder.recent

    async def history(self, query: CallQuery) -> Sequence[CallRecord]:
        """Calls in the ledger, newest first."""
        return await asyncio.to_thread(lambda: list(open_reader(self._ledger).calls(query)))

    async def call(self, id: str) -> CallRecord | None:
        """The call of exactly this id."""
        found = await asyncio.to_thread(lambda: open_reader(self._ledger).call(id))
        return found if found is not None and found.id == id else None

    # === operations ===

    def prospect(self, record: OperationRecord) -> Prospect:
        """What is expected of an operation, by the rules that its reaper goes by."""
        if record.state not in OPEN:
            return NOT_KNOWN
        settings, known = self._loaded().settings, Known(watched_from=self._since)
        rules = rules_of(settings.operations, settings.mode)
        is_leased = record.state is OperationState.RUNNING and not record.is_detached
        is_judged = record.state is OperationState.ORPHANED
        return Prospect(
            lease_ends_at=lapses_at(record, self._since) if is_leased else None,
            grace_ends_at=claimed_from(record, rules, known) if is_judged else None,
            spend_so_far_usd=dollars(self._context.recorder.operations.typical_usd(record.id)),
        )

    # === money ===

    def totals(self) -> Mapping[str, object]:
        """The sums of the metrics at this moment, and what accrues for orphans now."""
        families = self._context.recorder.page().families
        exposed = next(frozen.children for frozen in families if frozen.family is metrics.EXPOSURE)
        exposure = dollars(fsum(value for _, value in exposed if isinstance(value, int | float))) or Decimal(0)
        return {**totals_of(families), "exposure_usd": plain(exposure)}

    async def spending(self, since: Moment, step: Moment, steps: int) -> Sequence[SpendStep]:
        """Money by time."""
        return await asyncio.to_thread(spending, self._ledger, since, step, steps)

    # === settings ===

    def settings(self) -> Sequence[Setting]:
        """All settings as they are now."""
        loaded = self._loaded()
        return [Setting(line.key, line.value, line.origin) for line in listing(loaded.settings, loaded.origins)]

    @property
    def log_level(self) -> LogLevel:
        """The least serious line that is logged."""
        return self._log.level

    @log_level.setter
    def log_level(self, level: LogLevel) -> None:
        self._log.level = level
        self._log.events.info("log_level_set", log_level=level)
