"""What goes on at providers after the command's end, as a picture of at most ten lines, or as one line. Pure."""

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sidecar.companion.story import counted, duration
from sidecar.companion.waiting_for import Orphan, Typical

MOST_SHOWN: Final = 8
BAR_COLUMNS: Final = 10
NAME_COLUMNS: Final = 21

Shown = tuple[Orphan, Typical]
"""One that goes on, and what is typical of its kind."""


def picture(head: str, shown: Sequence[Shown]) -> RenderableType:
    """A sentence, and below it a bar for each: how long it has taken, what it will take, what it has cost by now."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "left", "right", "left", "right"):
        table.add_column(no_wrap=True, overflow="ellipsis", justify=justify)
    for orphan, typical in shown[:MOST_SHOWN]:
        table.add_row(f"  {fitted(orphan.model or orphan.upstream)}", orphan.kind, *_cells(orphan, typical))
    more = len(shown) - MOST_SHOWN
    lines: list[RenderableType] = [Text(head, style="bold"), table]
    if more > 0:
        lines.append(Text(f"  and {more} more", style="dim"))
    lines.append(Text("  Ctrl-C stops waiting", style="dim"))
    return Group(*lines)


def _cells(orphan: Orphan, typical: Typical) -> tuple[RenderableType, ...]:
    rest = typical.rest_seconds(orphan.seconds)
    cost = typical.usd_after(orphan.seconds) if orphan.usd is None else orphan.usd
    bar = ProgressBar(total=typical.seconds, completed=orphan.seconds, width=BAR_COLUMNS, pulse=rest is None)
    left = "cancelling" if orphan.is_being_cancelled else "" if rest is None else f"~{duration(rest)} left"
    return bar, duration(orphan.seconds), Text(left, style="dim"), "" if cost is None else f"~{cost:.4f} USD"


def fitted(name: str) -> str:
    """A name from a request, at most so long, that can't move the cursor."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= NAME_COLUMNS else f"{shown[: NAME_COLUMNS - 1]}…"


def in_a_line(head: str, shown: Sequence[Shown]) -> str:
    """The same where nobody draws pictures: `2 still run, the oldest (gemini-2.5-pro) for 12.0 s`."""
    oldest = max((orphan for orphan, _ in shown), key=lambda orphan: orphan.seconds)
    calls = sum(orphan.state is None for orphan, _ in shown)
    operations = len(shown) - calls
    what = [counted(count, noun) for count, noun in ((calls, "call"), (operations, "operation")) if count]
    name = fitted(oldest.model or oldest.upstream)
    verb = "runs" if len(shown) == 1 else "run"
    which = name if len(shown) == 1 else f"the oldest, {name},"
    return f"{head}: {' and '.join(what)} still {verb}, {which} for {duration(oldest.seconds)}"
