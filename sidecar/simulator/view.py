"""One operation as a reply tells it at some moment; what the files that write replies are given."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.simulator.phase import Phase
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import Naming
from sidecar.simulator.undertaking import Row, Undertaking


class View(msgspec.Struct, frozen=True, kw_only=True):
    """An operation, not to be changed any more. Moments are microseconds since the epoch, None for what has not happened."""

    id: str
    """The last segment of its name."""
    number: int
    undertaking: Undertaking
    phase: Phase
    made: int | None
    """The last step made."""
    created_at: Moment
    started_at: Moment | None = None
    cancel_asked_at: Moment | None = None
    ended_at: Moment | None = None
    now: Moment
    origin: str = ""
    """Scheme and host by which the caller reached us, for addresses in replies."""

    @property
    def plan(self) -> Plan:
        """The plan of its work."""
        return self.undertaking.plan

    @property
    def used(self) -> Used:
        """What it has used by now."""
        return self.undertaking.used_after(self.made)

    @property
    def tells_usage(self) -> bool:
        """The script does not keep it silent."""
        return self.plan.script.usage is not ReportsUsage.NONE

    @property
    def rows_done(self) -> tuple[Row, ...]:
        """Rows of a batch that are answered, well or not."""
        return tuple(self.undertaking.rows_done(self.made))

    @property
    def failed(self) -> int:
        """How many of them are answered with an error."""
        return sum(row.fails for row in self.rows_done)

    @property
    def succeeded(self) -> int:
        """How many of them are answered well."""
        return len(self.rows_done) - self.failed

    @property
    def open_rows(self) -> int:
        """Rows that are not answered."""
        return len(self.undertaking.rows) - len(self.rows_done)

    @property
    def naming(self) -> Naming:
        """What names its answer."""
        return Naming(self.number, self.created_at)

    def echo(self, *names: str) -> dict[str, Any]:
        """These of the fields that the create request gave."""
        said = self.undertaking.echo
        return {name: said[name] for name in names if name in said}


def row_naming(view: View, place: int) -> Naming:
    """What names the answer to one row of a batch: no other answer of the simulator has its number."""
    return Naming(view.number * 1_000_000 + place, view.created_at)


def created(moment: Moment | None) -> int | None:
    """Whole seconds since the epoch, as OpenAI's objects have them."""
    return None if moment is None else moment // SECOND


def moments(**named: Moment | None) -> dict[str, str]:
    """RFC 3339 by name; what has not happened is left out."""
    return {name: rfc3339(moment) for name, moment in named.items() if moment is not None}


def google_page(
    field: str, tell: Callable[[View], dict[str, Any]], views: Sequence[View], more: bool
) -> dict[str, Any]:
    """A page of a listing as Google writes it: nothing at all where there is nothing to list."""
    said: dict[str, Any] = {field: [tell(view) for view in views]} if views else {}
    return {**said, "nextPageToken": views[-1].id} if more else said


def page(views: Sequence[View], tell: Callable[[View], dict[str, Any]], more: bool) -> dict[str, Any]:
    """A page of a listing as OpenAI and Anthropic write it."""
    entries = [tell(view) for view in views]
    first, last = (views[0].id, views[-1].id) if views else (None, None)
    return {"object": "list", "data": entries, "first_id": first, "last_id": last, "has_more": more}
