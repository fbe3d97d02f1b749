"""Moments as people type and read them."""

import re

from sidecar.clock import SECOND, Moment, SystemClock, from_rfc3339, rfc3339, seconds_between
from sidecar.config.quantities import SECONDS, parse_seconds

AGO = re.compile(rf"[0-9]+(?:\.[0-9]+)? ?(?:{'|'.join(SECONDS)})")
"""A duration must have its unit here: `2026` alone could be a year."""


def parse_moment(text: str) -> Moment:
    """The moment that `2h` (so long ago), `2026-11-20` (UTC) or `2026-11-20T10:00:00Z` names.

    Raises:
        BadParameter: it names none.
    """
    from typer import BadParameter

    try:
        ago = round(parse_seconds(text) * SECOND) if AGO.fullmatch(text) else None
        moment = from_rfc3339(text) if ago is None else SystemClock().now() - ago
    except (ValueError, OverflowError):
        moment = -1
    if moment < 0:  # before 1970 nobody called anything
        raise BadParameter(f"'{text}' is not a moment; write 2h, 7d, 2026-11-20 or 2026-11-20T10:00:00Z")
    return moment


def clock_time(moment: Moment | None) -> str:
    """A moment for a table, to the second, UTC: `11-20 10:00:05`."""
    return "" if moment is None else rfc3339(moment)[5:19].replace("T", " ")


def duration(seconds: float | None) -> str:
    """A duration for a table: `0.42s`, `12.3s`, `4m05s`, `2h03m`."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f}s" if seconds < 10 else f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"


def gone_after(begun_at: Moment, gone_at: Moment | None) -> str:
    """From the beginning of the work to its caller's leaving; empty where it did not leave."""
    return "" if gone_at is None else duration(seconds_between(begun_at, gone_at))


def ran_on_for(gone_at: Moment | None, ended_at: Moment | None) -> str:
    """From the caller's leaving to the end of the provider's work, where the work went on and its end was seen."""
    if gone_at is None or ended_at is None or ended_at <= gone_at:
        return ""
    return duration(seconds_between(gone_at, ended_at))
