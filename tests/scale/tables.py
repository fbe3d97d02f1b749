"""The tables of `make scale`, in Markdown, from what was measured and played."""

from collections.abc import Iterable, Mapping, Sequence

from tests.scale.arithmetic import GIB, calls, database, kept, prometheus
from tests.scale.fleet_report import STATEMENTS, Report
from tests.scale.pages import Page, series_in
from tests.scale.postgres_cost import Measured
from tests.scale.prometheus_cost import SCRAPE_SECONDS, Measured as Scraped
from tests.scale.sessions import Sessions

MIB = 2**20
EVERY = (15, 30)
"""Seconds between two scrapes."""
CALLS_A_POD = (0.01, 0.1, 1.0)
"""A second."""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One table; figures stand to the right."""
    marks = ["---", *["---:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in (head, marks, *rows))


def pages(found: Sequence[Page]) -> str:
    """What a page holds, by what passed through its sidecar."""
    head = ("a real sidecar that has seen", "series", "KiB", "KiB, gzip", "series without what large fleets drop")
    return table(head, ((_seen(page), page.series, *_sizes(page)) for page in found))


def _seen(page: Page) -> str:
    seen = page.seen
    if not seen.providers:
        return "nothing"
    return (
        f"{_many(seen.providers, 'provider')}, {_many(seen.models, 'model')} of each, {_many(seen.callers, 'caller')}"
    )


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _sizes(page: Page) -> tuple[str, str, int]:
    left = series_in(kept(page.body))
    return f"{len(page.body) / 1024:.0f}", f"{len(page.packed) / 1024:.1f}", left


def scraped(found: Scraped) -> str:
    """What a real Prometheus took."""
    head = ("a real Prometheus, scraping every " + f"{SCRAPE_SECONDS:.0f} s", "series", "resident MiB", "samples")
    rows = [
        (f"{each.targets} targets", f"{each.series:,}", f"{each.resident_bytes / MIB:.0f}", f"{each.samples:,}")
        for each in (found.few, found.many)
    ]
    one = (
        f"\nOne series more: **{found.bytes_a_series:.0f} bytes** of memory after a minute and a half. A million samples:"
        f" **{found.cpu_of_a_million_samples:.1f} s** of a processor, scraping and parsing included.\n"
    )
    return table(head, rows) + one


def prometheus_of(pods: int, page: Page) -> str:
    """What a fleet asks of Prometheus, by the interval and by what is dropped."""
    rows = []
    for what, series in (
        ("all", page.series),
        ("without what large fleets drop", series_in(kept(page.body))),
    ):
        for every in EVERY:
            asked = prometheus(pods, series, len(page.packed), every)
            rows.append(
                (f"{what}, every {every} s", f"{asked.series / 1e6:.1f} M", f"{asked.samples_a_second / 1e3:.0f} k",
                 f"{asked.scraped_bytes_a_second / 1e6:.1f} MB", f"{asked.memory_bytes / GIB:.0f} GiB",
                 f"{asked.disk_bytes_a_day / GIB:.0f} GiB")
            )  # fmt: skip
    head = (
        f"{pods:,} pods",
        "series",
        "samples/s",
        "scraped/s",
        "memory (rule of thumb)",
        "disk a day (rule of thumb)",
    )
    return table(head, rows)


def costs(found: Measured) -> str:
    """What each deed costs PostgreSQL."""
    shape = found.shape
    title = (
        f"In a ledger with {shape.unsettled:,} operations that are open and {shape.settled:,} that have settled,"
        f" {shape.open_calls + shape.settled_calls:,} calls and {shape.pods:,} sidecars that live:\n\n"
    )
    rows = [
        (what, f"{cost.server_ms:.2f}", f"{cost.log_bytes:,}", f"{cost.waits_ms:.1f}", _rate(found.rates.get(what)))
        for what, cost in found.costs.items()
    ]
    head = ("deed of a sidecar", "server's CPU, ms", "bytes of WAL", "waited, ms", "a second, 8 at once on two cores")
    sizes = found.sizes
    rest = (
        f"\nOn disk, indexes included: {sizes.operation:,} bytes an operation with two moves, {sizes.call:,} a call.\n"
    )
    return title + table(head, rows) + rest


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:,.0f}"


def database_of(pods: int, at_rest: Report, found: Measured) -> str:
    """What a fleet at rest asks of PostgreSQL."""
    asked = database(at_rest, found)
    rows = [
        (what, f"{each.a_second:,.0f}", f"{each.processors:.2f}", f"{each.log_bytes_a_second / 1e6:.2f} MB")
        for what, each in asked.items()
    ]
    total = [sum(column) for column in zip(*asked.values(), strict=True)]
    rows.append(("**operations, all**", f"{total[0]:,.0f}", f"**{total[1]:.1f}**", f"{total[2] / 1e6:.1f} MB"))
    for each_pod in CALLS_A_POD:
        each = calls(each_pod * pods, found)
        rows.append(
            (f"calls, {each_pod:g} a second and pod", f"{each.a_second:,.0f}", f"{each.processors:.1f}",
             f"{each.log_bytes_a_second / 1e6:.1f} MB")
        )  # fmt: skip
    return table((f"{pods:,} pods, two operations each", "deeds a second", "server's processors", "WAL a second"), rows)


def sessions(found: Sessions) -> str:
    """What a real sidecar holds."""
    head = ("a real sidecar's sessions", "after its start", "in a burst of calls", "idle", "at most")
    return table(head, [("of PostgreSQL", found.started, found.busy, found.idle, 5)])


def scenarios(reports: Mapping[str, Report]) -> str:
    """What became of fleets."""
    head = (
        "what happens", "pods", "operations", "left by the dead", "twice", "lost", "false cancels",
        "taken over after s (p50, p99, max)", "statements/s (mean, most)", "connects/s", "looks/s", "cancels/s (429)",
    )  # fmt: skip
    return table(head, (_line(name, report) for name, report in reports.items()))


def _line(name: str, report: Report) -> tuple[object, ...]:
    p50, p99, most = report.takeover
    waited = f"{p50:.0f}, {p99:.0f}, {most:.0f}" if most else "-"
    mean = sum(report.statements[what] for what in STATEMENTS)
    return (
        name, f"{report.pods:,}", f"{report.operations:,}", f"{report.left:,}", report.twice, report.lost, report.false_cancels,
        waited, f"{mean:,.0f}, {report.most_statements:,}", f"{report.connects:,}", f"{report.looks:,}",
        f"{report.cancels[0]:,} ({report.cancels[1]:,})",
    )  # fmt: skip


def before_and_now(before: Report, now: Report) -> str:
    """What looking after one's neighbors alone has changed."""
    head = (f"{now.pods:,} pods at rest, {2 * now.pods:,} operations", "index entries read, in the busiest second")
    rows = [
        ("every sidecar looks at all", f"{before.entries_read:,}"),
        ("each looks at its neighbors", f"{now.entries_read:,}"),
    ]
    return table(head, rows)
