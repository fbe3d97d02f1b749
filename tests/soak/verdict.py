"""What must hold when a soak is over: all given back, nothing grown, and every account of it the same. Findings are sentences."""

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sidecar.clock import SECOND
from tests.soak.accounts import Accounts, lines
from tests.soak.figures import MIB
from tests.soak.ledgers import OPERATIONS, RETENTION_SECONDS, SEEDED
from tests.soak.operators import Doing
from tests.soak.samples import Sample, slope
from tests.soak.soak import Scene, Soak
from tests.soak.totals import Totals, of_page

MOST_GROWTH_BYTES, MOST_AT_FIRST_BYTES, MOST_COLD_BYTES = 6 * MIB, 30 * MIB, 120 * MIB
"""Of resident memory in the second half, by the line that fits best. In a soak of less than `LONG_SECONDS` it still warms up;
without a warm-up, SDKs of 50 MiB are loaded meanwhile."""
MOST_WAL_BYTES = {"sqlite": 32 * MIB, "postgresql": 1200 * MIB}
"""SQLite's log begins anew at 1,000 pages (4 MiB) unless somebody still reads what is in it, as a report does. PostgreSQL's stays
about max_wal_size, 1 GiB by default."""
MOST_OFF, LONG_SECONDS = 0.10, 300.0
"""By how much of itself the ledger's growth for a call may differ in the second half; told of soaks that last so long."""
MOST_POOLED = 4
"""Threads of the loop's executor (cores + 4 at most), their readers of the ledger, and connections to PostgreSQL (4 at most) are
opened as they are needed at once, and kept: so many may come behind the warm-up, in the minutes or hours of a soak."""
MOST_AT_FIRST = 10
"""Threads and descriptors that are opened at the first need: allowed where nothing was warmed up."""
AT_LEISURE_SECONDS = 10.0
"""Old rows are deleted a chunk at a time, behind the new ones."""
SIMULATED = ("gemini", "vertex", "openai", "anthropic")
"""Upstreams before the simulator."""
MOST_LATE_MILLISECONDS = 1000.0
"""Of callers, at the 99th percentile of ten seconds: beyond, the machine could not make the rate, and nothing is shown."""


def findings(
    soak: Soak, scene: Scene, accounts: Accounts, desk: Mapping[str, Any], ledger: Totals, seeded: int
) -> list[str]:
    """All that does not hold."""
    return [
        *soak.hours.findings,
        *_given_back(soak, scene),
        *_flat(soak, scene),
        *accounts.offenses(),
        *ledger.differing(of_page(scene.sidecar.observe)),
        *_log(scene, ledger),
        *_visitors(soak, accounts, desk["entries"]),
        *_operations(scene, desk["operations"]),
        *_retention(scene, soak.hour_seconds, seeded),
    ]


def _given_back(soak: Soak, scene: Scene) -> Iterator[str]:
    warm, last = soak.warm.figures, soak.last.figures
    if last.in_flight or last.connections or last.rows_waiting or last.rows_dropped:
        yield f"not given back: {last.line(0)}, {last.rows_dropped} rows dropped"
    slack = MOST_POOLED if soak.warms_up else MOST_AT_FIRST
    more_open = soak.last.descriptors - soak.warm.descriptors
    if more_open.total() > slack:
        yield f"file descriptors are open that were not before: {dict(more_open)}"
    if last.threads > warm.threads + slack:
        yield f"{last.threads} threads are running; before there were {warm.threads}"
    if more := soak.last.tasks - soak.warm.tasks:
        yield f"tasks are running that were not before: {dict(more)}"
    if last.started != last.settled:
        yield f"{last.started} calls were started and {last.settled} have settled"
    if is_open := scene.sidecar.total("operations_open"):
        yield f"{is_open:.0f} operations are open"


def _flat(soak: Soak, scene: Scene) -> Iterator[str]:
    is_long, grown = soak.samples[-1].seconds > LONG_SECONDS, growth_bytes(soak.samples)
    at_first = MOST_AT_FIRST_BYTES if soak.warms_up else MOST_COLD_BYTES
    bound = MOST_GROWTH_BYTES if is_long else at_first
    if grown > bound:
        yield f"resident memory grew by {grown / MIB:.1f} MiB in the second half; the bound is {bound / MIB:.0f}"
    most = MOST_WAL_BYTES[_kind(scene)]
    if (largest := max(one.wal_bytes for one in soak.samples)) > most:
        yield f"the ledger's log took {largest / MIB:.0f} MiB; the bound is {most / MIB:.0f}"
    first, second = bytes_a_call(soak.samples)
    if is_long and second > first * (1 + MOST_OFF):
        yield f"the ledger took {first:.0f} bytes a call in the first half, and {second:.0f} in the second"
    late = [told.late_p99 for told in soak.told if told.late_p99 is not None]
    if max(late, default=0.0) > MOST_LATE_MILLISECONDS:
        yield f"callers came up to {max(late):.0f} ms late: the machine could not make the rate"


def _kind(scene: Scene) -> str:
    return scene.ledger.url.partition(":")[0]


def growth_bytes(samples: Sequence[Sample]) -> float:
    """Of resident memory in the second half, as the straight line through it says."""
    half = samples[len(samples) // 2 :]
    lasted = half[-1].seconds - half[0].seconds
    return slope([(one.seconds, one.figures.resident_bytes) for one in half]) * lasted


def bytes_a_call(samples: Sequence[Sample]) -> tuple[float, float]:
    """By how much the ledger grew for each call: in the first half, and in the second."""
    first, half, end = samples[0], samples[len(samples) // 2], samples[-1]
    return _growth(first, half), _growth(half, end)


def _growth(before: Sample, after: Sample) -> float:
    return (after.ledger_bytes - before.ledger_bytes) / max(1, after.figures.settled - before.figures.settled)


def _log(scene: Scene, ledger: Totals) -> Iterator[str]:
    """A line for each that settled, none dropped, and no fault."""
    lines = scene.sidecar.lines
    for event, count in (("call_settled", ledger.calls.total()), ("operation_settled", ledger.operations.total())):
        if lines[event] != count:
            yield f"the log has {lines[event]} lines {event} for {count} rows"
    for event in ("log_lines_dropped", "mass_suspicion", "settings_need_restart"):
        if lines[event]:
            said = [line for line in scene.sidecar.said if line["event"] == event]
            yield f"the log says {lines[event]} times {event}, as: {said[:2]}"
    for fault in faults_in(scene.sidecar.stderr()):
        yield f"the sidecar's own loop reported: {fault}"


def faults_in(stderr: str) -> list[str]:
    """The end of each traceback that a program has printed."""
    printed = re.findall(r"Traceback .*\n(?: .*\n)*.*", stderr)
    return [" / ".join(line.strip() for line in each.splitlines()[-5:]) for each in printed]


def _visitors(soak: Soak, accounts: Accounts, entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Together they are billed what the rows of theirs say, and those that stayed were served."""
    if soak.visitors.troubles:
        yield f"{len(soak.visitors.troubles)} visitors that stayed were not served, as: {soak.visitors.troubles[:3]}"
    for kinds, inexact_may_be in ((("unary", "stream"), False), (("live",), True)):
        billed = sum((Decimal(entry["usd"]) for entry in entries if entry["kind"] in kinds), Decimal(0))
        spent, inexact = accounts.spent(SIMULATED, kinds)
        if spent != billed and not (inexact and inexact_may_be):
            yield f"visitors' calls ({', '.join(kinds)}) cost {spent} USD by the ledger, {billed} by the provider's bill"


def _retention(scene: Scene, hour_seconds: float, seeded: int) -> Iterator[str]:
    """Rows that grew too old are gone, no others, and the page says how many."""
    left = [row[0] for row in scene.ledger.rows(f"SELECT started_at FROM calls WHERE upstream = '{SEEDED}'")]
    oldest_seconds = time.time() - min(left, default=2**62) / SECOND - RETENTION_SECONDS
    if oldest_seconds > 2 * hour_seconds + AT_LEISURE_SECONDS:
        yield f"a row is {oldest_seconds:.0f} s older than the retention, and was not deleted"
    if (expired := scene.sidecar.total("ledger_rows_expired_total")) != seeded - len(left):
        yield f"{seeded - len(left)} rows were deleted, and the page says {expired:.0f}"
    if not expired:
        yield "no row was deleted at the end of its retention"


def _operations(scene: Scene, seen: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each has one row, settled, of exactly the bill; and only those that were abandoned are cancelled by us."""
    rows: dict[str, list[Sequence[Any]]] = defaultdict(list)
    for row in scene.ledger.rows(f"SELECT {OPERATIONS} FROM operations WHERE upstream != '{SEEDED}'"):
        rows[row[0]].append(row)
    by_tag: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in seen:
        by_tag[one["tag"]].append(one)
    told = [line.split("\t") for line in lines(scene.folder / "operated")]
    wrong = [found for tag, doing, trouble in told if (found := _wrong(doing, trouble, rows[tag], by_tag[tag]))]
    if wrong:
        yield f"{len(wrong)} of {len(told)} operations did not go as they should, as: {wrong[:5]}"
    if len(told) != len(by_tag) or len(told) != len(rows):
        yield f"{len(told)} operations were asked for, the provider has {len(by_tag)} and the ledger {len(rows)}"


def _wrong(doing: str, trouble: str, rows: Sequence[Sequence[Any]], seen: Sequence[Mapping[str, Any]]) -> str:
    if trouble:
        return f"{doing}: {trouble}"
    if len(rows) != 1 or len(seen) != 1:
        return f"{doing}: {len(rows)} rows, {len(seen)} at the provider"
    (_, settled_at, outcome, spend, orphaned, _, basis, _), (one,) = rows[0], seen
    cancels, wanted = len(one["cancels"]), (1, 1) if doing == Doing.CANCELS else (0, 0)
    if doing == Doing.ABANDONS:
        wanted = (1, 2)  # at least once
    ended = "cancelled" if doing in (Doing.CANCELS, Doing.ABANDONS) else "succeeded"
    is_orphaned = doing == Doing.ABANDONS
    claims = {
        "not settled": settled_at is not None,
        f"outcome {outcome}": outcome == ended,
        f"{cancels} cancels": wanted[0] <= cancels <= wanted[1],
        f"spend {spend} {basis}, billed {one['usd']}": basis != "exact" or Decimal(spend) == Decimal(one["usd"]),
        f"orphaned {orphaned} of {spend}": spend is None or not Decimal(spend) or (Decimal(orphaned or 0) > 0) == is_orphaned,
    }  # fmt: skip
    return (
        ", ".join([f"{doing}:", *(claim for claim, holds in claims.items() if not holds)])
        if not all(claims.values())
        else ""
    )
