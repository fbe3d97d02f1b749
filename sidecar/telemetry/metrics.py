"""Every metric family, declared once, as data. README's table is generated from here and tested against it.

Conventions (platform.md 2.1, the naming page of Prometheus' documentation): one prefix, base units in the name,
`_total` on counters, and `sum()` over all the labels of one family means something, so a subset is its own family.
"""

from typing import Literal

import msgspec

PREFIX = "inference_sidecar_"

FamilyType = Literal["counter", "gauge", "histogram", "info", "stateset"]


class Family(msgspec.Struct, frozen=True):
    """One metric family. `buckets` are upper bounds in the family's unit, without the last, infinite one."""

    name: str
    """As it is scraped, prefix and `_total` or `_info` included."""
    type: FamilyType
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()


def _counter(name: str, help: str, labels: tuple[str, ...] = (), unit: str = "") -> Family:
    return Family(f"{PREFIX}{name}", "counter", help, labels, unit)


def _gauge(name: str, help: str, labels: tuple[str, ...] = (), unit: str = "") -> Family:
    return Family(f"{PREFIX}{name}", "gauge", help, labels, unit)


def _seconds(name: str, help: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Family:
    return Family(f"{PREFIX}{name}", "histogram", help, labels, "seconds", buckets)


B = ("provider", "model", "kind")
CALL_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600)
ORPHAN_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
DETECTION_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
OVERHEAD_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25)

# Calls: started = settled + in flight.
CALLS_STARTED = _counter("calls_started_total", "Billable calls whose request head was read.", B)
CALLS_SETTLED = _counter(
    "calls_settled_total", "Calls settled, each exactly once, by how they ended (README, outcomes).", (*B, "outcome")
)
CALLS_IN_FLIGHT = _gauge(
    "calls_in_flight",
    "Calls not settled yet: attached (the caller is there) or orphaned (the caller has left).",
    ("kind", "attachment"),
)

# Callers that left: departures = settled after leaving + orphaned in flight + returned.
DEPARTURES = _counter(
    "departures_total",
    "Callers that left before their reply ended: fin, rst, write_stalled, or sidecar_lost (nobody saw what the caller did).",
    (*B, "reason"),
)
RETURNS = _counter("returns_total", "Callers thought gone that were there after all: half_close.", (*B, "via"))
ORPHANED_SECONDS = _seconds(
    "orphaned_seconds",
    "From the caller's leaving to the end of the provider's work, or to our closing the connection.",
    ("kind", "outcome"),
    ORPHAN_BUCKETS,
)
DETECTION_SECONDS = _seconds(
    "detection_seconds", "From the arrival of a caller's FIN or RST to its being recorded.", (), DETECTION_BUCKETS
)
OLDEST_ORPHAN = _gauge(
    "oldest_orphan_timestamp_seconds",
    "When the caller of the oldest orphaned call in flight left; 0 when there is none.",
    unit="seconds",
)

# Money and tokens: spend = delivered + orphaned.
SPEND = _counter(
    "spend_usd_total",
    "The provider's bill for settled calls in US dollars; orphaned is the part for results nobody received.",
    (*B, "fate", "basis"),
    "usd",
)
AVOIDABLE_SPEND = _counter(
    "avoidable_spend_usd_total",
    "The part of orphaned spend that accrued after the caller left: what an instant stop would have saved.",
    B,
    "usd",
)
UNPRICED = _counter(
    "unpriced_total", "Settled calls that may have cost something but have no figure, and why.", (*B, "reason")
)
TOKENS = _counter(
    "tokens_total",
    "Tokens of settled calls in disjoint types: input, cached_input, output, reasoning, tool_use.",
    (*B, "fate", "type"),
)

# Time.
CALL_DURATION = _seconds(
    "call_duration_seconds",
    "From a call's request head to the end of the provider's reply; to settlement where that end was never seen.",
    ("provider", "kind"),
    CALL_BUCKETS,
)
TIME_TO_FIRST_BYTE = _seconds(
    "time_to_first_byte_seconds",
    "From a call's request head to the head of the provider's reply.",
    ("provider", "kind"),
    CALL_BUCKETS,
)

# Any request and reply through us, billable or not.
EXCHANGES = _counter(
    "exchanges_total",
    "Requests and replies through the proxy by HTTP status; none where no reply began.",
    ("provider", "code"),
)
UNMETERED = _counter(
    "unmetered_total",
    "Requests that may cost money and are no calls to us: a path that the dialect does not know, or one that opens an operation.",
    ("provider", "reason"),
)
OVERHEAD = _seconds("overhead_seconds", "Time the sidecar itself added to an exchange.", (), OVERHEAD_BUCKETS)
UPSTREAM_ERRORS = _counter(
    "upstream_errors_total", "Exchanges that the provider or the network to it broke.", ("provider", "error")
)

# Bounds: every one of them is a setting, and every child is born at 0.
LIMITS_REACHED = _counter(
    "limits_reached_total", "Times that a bound was reached, by the setting that draws it.", ("limit",)
)
DOWNSTREAM_CONNECTIONS = _gauge(
    "downstream_connections",
    "Callers' connections now: active (a request is served) or idle.",
    ("state",),
)
UPSTREAM_CONNECTIONS = _gauge(
    "upstream_connections",
    "Connections to providers now: idle, busy or connecting; waiting are requests in line for one.",
    ("upstream", "state"),
)
UPSTREAM_CONNECTS = _counter(
    "upstream_connects_total",
    "Connections to providers that were made, or failed; every other exchange used one again.",
    ("upstream", "result"),
)
CERTIFICATE_RELOADS = _counter(
    "certificate_reloads_total",
    "Changed certificate files that were read again: good, or failed (those before stay in use).",
    ("result",),
)

# The ledger's health, asked at every scrape.
LEDGER_ROWS_WRITTEN = _counter("ledger_rows_written_total", "Rows committed to the ledger.")
LEDGER_ROWS_DROPPED = _counter("ledger_rows_dropped_total", "Rows given up because the ledger could not take them.")
LEDGER_ROWS_EXPIRED = _counter("ledger_rows_expired_total", "Rows deleted because they were older than the retention.")
LEDGER_ERRORS = _counter(
    "ledger_errors_total",
    "What failed in the ledger: open, write (tried again), row (can never be written), expire, close.",
    ("operation",),
)
LEDGER_ROWS_WAITING = _gauge("ledger_rows_waiting", "Rows waiting for the next commit.")
LEDGER_LAST_COMMIT = _gauge(
    "ledger_last_commit_timestamp_seconds", "When the ledger last committed; 0 before the first time.", unit="seconds"
)
LEDGER_COMMIT_SECONDS = _gauge(
    "ledger_last_commit_duration_seconds", "How long the latest commit took, most of it the disk.", unit="seconds"
)

# The program.
LABEL_OVERFLOW = _counter(
    "label_overflow_total", "Calls counted under the label value other because there were too many values.", ("label",)
)
CONFIG_RELOAD_OK = _gauge("config_last_reload_successful", "1 if the settings were last read without error, else 0.")
CONFIG_RELOAD_AT = _gauge(
    "config_last_reload_success_timestamp_seconds", "When the settings were last read without error.", unit="seconds"
)
BUILD_INFO = Family(f"{PREFIX}build_info", "info", "Which version this is.", ("version",))
STATE = Family(
    f"{PREFIX}state",
    "stateset",
    "What the program is doing: starting, serving or draining.",
    (f"{PREFIX}state",),  # OpenMetrics names a stateset's label after the family
)

CATALOGUE: tuple[Family, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Family))
"""Every family, in the order of the page."""


def metrics_table() -> str:
    """The catalogue as a Markdown table: name, type, labels, meaning."""
    rows = [
        f"| `{f.name}` | {f.type} | {', '.join(f'`{label}`' for label in f.labels)} | {f.help} |" for f in CATALOGUE
    ]
    return "\n".join(["| name | type | labels | meaning |", "| --- | --- | --- | --- |", *rows, ""])
