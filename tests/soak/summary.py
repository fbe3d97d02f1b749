"""The figures of a soak, in Markdown: a section of README.md."""

import os
import platform
from collections.abc import Iterator, Sequence
from statistics import fmean, median

from sidecar import __version__
from tests.soak.accounts import Accounts
from tests.soak.figures import MIB
from tests.soak.soak import Scene, Soak, Wanted
from tests.soak.told import Told
from tests.soak.totals import Totals
from tests.soak.verdict import bytes_a_call, growth_bytes

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
MINUTE = 60.0


def summary(
    soak: Soak, wanted: Wanted, scene: Scene, accounts: Accounts, totals: Totals, findings: Sequence[str]
) -> str:
    """The section."""
    kind = scene.ledger.url.partition(":")[0]
    parts = [
        f"## {NAMES[kind]}: {_span(wanted.seconds)} at {wanted.rate:.0f} calls a second",
        f"inference-sidecar {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores; seed {wanted.seed}.",
        _table(("what was played", ""), _played(soak, wanted, accounts, totals)),
        _table(("what it came to", "by the ledger"), _money(totals, accounts, is_right=not findings)),
        _table(("what it took", "before", "most", "last", "at rest again"), _taken(soak)),
        _table(("how it ran", "first minute", "last minute", "the worst ten seconds"), _ran(soak.told)),
        _table(("further", ""), _further(soak)),
        "What did not hold: " + ("; ".join(findings) if findings else "nothing."),
    ]
    return "\n\n".join(parts) + "\n"


def _played(soak: Soak, wanted: Wanted, accounts: Accounts, totals: Totals) -> Iterator[tuple[str, ...]]:
    endings = accounts.endings()
    callers = sum(endings.values())
    left = sum(count for ending, count in endings.items() if ending not in ("stays", "direct", "secure"))
    yield (
        "callers",
        f"{callers:,}, of whom {left:,} left ({100 * left / callers:.1f} %) and {endings['secure']:,} spoke TLS",
    )
    yield "calls by outcome", _counts(totals.calls)
    yield "operations by outcome", _counts(totals.operations)
    visitors = soak.visitors.made
    sockets = sum(count for name, count in visitors.items() if name.startswith("live"))
    yield (
        "visitors of every kind",
        f"{visitors.total():,}, of whom {sockets:,} with sockets, {visitors['killed']} were killed",
    )
    yield (
        f"an hour in {wanted.hour_seconds:.0f} s",
        ", ".join(f"{what} {count} times" for what, count in soak.hours.played.items()),
    )


def _money(totals: Totals, accounts: Accounts, *, is_right: bool) -> Iterator[tuple[str, ...]]:
    words = {
        "spend_usd": "spend", "orphaned_usd": "of it orphaned",
        "avoidable_usd": "of that avoidable (estimated)", "rescued_usd": "rescued: paid once and not twice",
        "avoided_usd": "avoided by cancels (estimated)",
    }  # fmt: skip
    for name, what in words.items():
        yield what, f"{totals.usd[name].normalize():f} USD"
    rows, spent = accounts.estimated()
    yield "spend that is estimated", f"{spent.normalize():f} USD, of {rows:,} calls that ended with their connection"
    yield (
        "all other spend",
        "the provider's bill, call by call, to the last digit" if is_right else "not told, as something did not hold",
    )


def _taken(soak: Soak) -> Iterator[tuple[str, ...]]:
    looks = soak.samples

    def line(what: str, figures: Sequence[float], form: str = "{:,.0f}") -> tuple[str, ...]:
        return (
            what,
            form.format(figures[0]),
            form.format(max(figures[1:-1])),
            *(form.format(one) for one in figures[-2:]),
        )

    everything = [soak.warm, *looks, soak.last]
    yield line("resident memory, MiB", [one.figures.resident_bytes / MIB for one in everything], "{:,.1f}")
    yield line("file descriptors", [one.figures.file_descriptors for one in everything])
    yield line("threads", [one.figures.threads for one in everything])
    yield line("asyncio's tasks", [one.tasks.total() for one in everything])
    yield line("calls in flight", [one.figures.in_flight for one in everything])
    yield line("callers' connections", [one.figures.connections for one in everything])
    yield line("rows not written yet", [one.figures.rows_waiting for one in everything])
    yield line("the ledger's log, MiB", [one.wal_bytes / MIB for one in everything], "{:,.1f}")
    yield line("the ledger, MiB", [one.ledger_bytes / MIB for one in everything], "{:,.1f}")


def _ran(told: Sequence[Told]) -> Iterator[tuple[str, ...]]:
    whole = told[:-1] or told  # the last line is of the moment in which the last callers ended
    lines = {
        "added before the first byte, median, ms": [one.added_p50 for one in whole],
        "added before the first byte, 99th percentile, ms": [one.added_p99 for one in whole],
        "without the sidecar, median, ms": [one.direct_p50 for one in whole],
        "without the sidecar, 99th percentile, ms": [one.direct_p99 for one in whole],
        "callers later than due, 99th percentile, ms": [one.late_p99 for one in whole],
    }
    for what, figures in lines.items():
        known = [one for one in figures if one is not None]
        if known:
            six = min(6, len(known))
            yield what, f"{median(known[:six]):.2f}", f"{median(known[-six:]):.2f}", f"{max(known):.2f}"


def _further(soak: Soak) -> Iterator[tuple[str, ...]]:
    looks = soak.samples
    half, end = looks[len(looks) // 2], looks[-1]
    first, second = bytes_a_call(looks)
    predicted = half.ledger_bytes + first * (end.figures.settled - half.figures.settled)
    yield (
        "growth of resident memory in the second half, by the line that fits best",
        f"{growth_bytes(looks) / MIB:+.1f} MiB",
    )
    yield "ledger, bytes a call", f"{first:.0f} in the first half, {second:.0f} in the second"
    yield "ledger at the end", f"{end.ledger_bytes / MIB:.1f} MiB; told from its first half: {predicted / MIB:.1f} MiB"
    shares = {name: fmean(one.cpu[name] for one in looks if name in one.cpu) for name in looks[0].cpu}
    yield (
        "of one core",
        ", ".join(f"{name} {share:.2f}" for name, share in shares.items()) + f"; all {sum(shares.values()):.2f}",
    )
    scrapes = soak.scrapes
    yield (
        "scrapes",
        f"{scrapes.count:,} of {scrapes.bytes / 1024:.0f} KiB; the slowest took {scrapes.slowest_seconds:.2f} s",
    )
    yield "`sidecar report` meanwhile", f"{soak.hours.report_seconds:.1f} s at most"


def _table(head: Sequence[str], lines: Iterator[tuple[str, ...]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _counts(counts: dict[str, int]) -> str:
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {count:,}" for name, count in ordered)


def _span(seconds: float) -> str:
    return f"{seconds / MINUTE:.0f} minutes" if seconds >= 2 * MINUTE else f"{seconds:.0f} s"
