"""Every metric family, declared once, as data. README's table is generated from here and tested against it.

Conventions (platform.md 2.1, the naming page of Prometheus' documentation): one prefix, base units in the name,
`_total` on counters, and `sum()` over all the labels of one family means something, so a subset is its own family.
"""

from sidecar.telemetry.family import Family, counter, gauge, info, seconds, stateset

B = ("provider", "model", "kind")
CALL_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600)
CANCEL_BUCKETS = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 900, 1800, 3600)
ORPHAN_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
DETECTION_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
OVERHEAD_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25)

# Calls: started = settled + in flight.
CALLS_STARTED = counter("calls_started_total", "Billable calls whose request head was read.", B)
CALLS_SETTLED = counter(
    "calls_settled_total", "Calls settled, each exactly once, by how they ended (README, outcomes).", (*B, "outcome")
)
CALLS_IN_FLIGHT = gauge(
    "calls_in_flight",
    "Calls not settled yet: attached (the caller is there) or orphaned (the caller has left).",
    ("kind", "attachment"),
)

# Operations: opened = settled + open.
OPERATIONS_OPENED = counter(
    "operations_opened_total",
    "Operations whose create request was sent, and those that an earlier sidecar had opened and this one goes on with.",
    B,
)
OPERATIONS_SETTLED = counter(
    "operations_settled_total",
    "Operations settled, each exactly once, by how they ended (README, operations).",
    (*B, "outcome"),
)
OPERATIONS_OPEN = gauge(
    "operations_open",
    "Operations not settled yet, by where they stand; one that has ended may wait for its caller to fetch the result.",
    ("kind", "state"),
)

# Callers that left: departures = settled after leaving + orphaned in flight + returned.
DEPARTURES = counter(
    "departures_total",
    "Callers that left: calls by fin, rst, write_stalled; operations by lease_lapsed, process_exited, pod_ending; both by"
    " sidecar_lost (nobody saw what the caller did).",
    (*B, "reason"),
)
RETURNS = counter(
    "returns_total",
    "Callers thought gone that were there after all: half_close of a call, poll or renewal of an operation.",
    (*B, "via"),
)
ORPHANED_SECONDS = seconds(
    "orphaned_seconds",
    "From the caller's leaving to the end of the provider's work, or to our closing the connection.",
    ("kind", "outcome"),
    ORPHAN_BUCKETS,
)
DETECTION_SECONDS = seconds(
    "detection_seconds", "From the arrival of a caller's FIN or RST to its being recorded.", (), DETECTION_BUCKETS
)
OLDEST_ORPHAN = gauge(
    "oldest_orphan_timestamp_seconds",
    "When the caller of the oldest orphaned call or operation left that still runs; 0 when there is none.",
    unit="seconds",
)

# Money and tokens: spend = delivered + orphaned.
SPEND = counter(
    "spend_usd_total",
    "The provider's bill for settled calls and operations in US dollars; orphaned is the part for results nobody received.",
    (*B, "fate", "basis"),
    "usd",
)
AVOIDABLE_SPEND = counter(
    "avoidable_spend_usd_total",
    "The part of orphaned spend that accrued after the caller left: what an instant stop would have saved.",
    B,
    "usd",
)
UNPRICED = counter(
    "unpriced_total",
    "Settled calls and operations that may have cost something but have no figure, and why.",
    (*B, "reason"),
)
TOKENS = counter(
    "tokens_total",
    "Tokens of settled calls and operations in disjoint types: input, cached_input, output, reasoning, tool_use.",
    (*B, "fate", "type"),
)

RECLAIMED_SPEND = counter(
    "reclaimed_spend_usd_total",
    "Orphaned spend of operations whose result was fetched after they had settled: a correction of orphaned spend.",
    B,
    "usd",
)

# What cancelling came to: net saved = avoided - regretted.
AVOIDED_SPEND = counter(
    "avoided_spend_usd_total",
    "Estimated bill to the natural end less the actual one, of operations that we stopped and that are seen to have ended.",
    B,
    "usd",
)
REGRETTED_SPEND = counter(
    "regretted_spend_usd_total", "The bill of operations that we cancelled and that were asked for again.", B, "usd"
)
CANCEL_REQUESTS = counter(
    "cancel_requests_total",
    "Cancels of operations by who wanted them (orphaned, caller, asked) and what became of them; would_cancel is what"
    " enforce would have cancelled.",
    (*B, "trigger", "result"),
)
CANCEL_SECONDS = seconds(
    "cancel_seconds",
    "From an operation's caller being found gone to the end that our cancel brought, as far as that was confirmed.",
    ("kind",),
    CANCEL_BUCKETS,
)
EXPOSURE = gauge(
    "exposure_usd",
    "Estimated bill of the operations that run on for nobody now, by what such operations cost at least as a rule.",
    ("kind",),
    "usd",
)

# Time.
CALL_DURATION = seconds(
    "call_duration_seconds",
    "From a call's request head to the end of the provider's reply; to settlement where that end was never seen.",
    ("provider", "kind"),
    CALL_BUCKETS,
)
TIME_TO_FIRST_BYTE = seconds(
    "time_to_first_byte_seconds",
    "From a call's request head to the head of the provider's reply.",
    ("provider", "kind"),
    CALL_BUCKETS,
)

# Any request and reply through us, billable or not.
EXCHANGES = counter(
    "exchanges_total",
    "Requests and replies through the proxy by HTTP status; none where no reply began.",
    ("provider", "code"),
)
UNMETERED = counter(
    "unmetered_total",
    "Requests that may cost money and are neither calls nor operations to us: a path that the dialect does not know, or one that"
    " opens work that it has no words for.",
    ("provider", "reason"),
)
OVERHEAD = seconds("overhead_seconds", "Time the sidecar itself added to an exchange.", (), OVERHEAD_BUCKETS)
UPSTREAM_ERRORS = counter(
    "upstream_errors_total", "Exchanges that the provider or the network to it broke.", ("provider", "error")
)

# Bounds: every one of them is a setting, and every child is born at 0.
LIMITS_REACHED = counter(
    "limits_reached_total", "Times that a bound was reached, by the setting that draws it.", ("limit",)
)
DOWNSTREAM_CONNECTIONS = gauge(
    "downstream_connections",
    "Callers' connections now: active (a request is served) or idle.",
    ("state",),
)
UPSTREAM_CONNECTIONS = gauge(
    "upstream_connections",
    "Connections to providers now: idle, busy or connecting; waiting are requests in line for one.",
    ("upstream", "state"),
)
UPSTREAM_CONNECTS = counter(
    "upstream_connects_total",
    "Connections to providers that were made, or failed; every other exchange used one again.",
    ("upstream", "result"),
)
CERTIFICATE_RELOADS = counter(
    "certificate_reloads_total",
    "Changed certificate files that were read again: good, or failed (those before stay in use).",
    ("result",),
)

# The ledger's health, asked at every scrape.
LEDGER_ROWS_WRITTEN = counter("ledger_rows_written_total", "Rows committed to the ledger.")
LEDGER_ROWS_DROPPED = counter("ledger_rows_dropped_total", "Rows given up because the ledger could not take them.")
LEDGER_ROWS_EXPIRED = counter("ledger_rows_expired_total", "Rows deleted because they were older than the retention.")
LEDGER_ERRORS = counter(
    "ledger_errors_total",
    "What failed in the ledger: open, write (tried again), row (can never be written), expire, close.",
    ("operation",),
)
LEDGER_ROWS_WAITING = gauge("ledger_rows_waiting", "Rows waiting for the next commit.")
LEDGER_LAST_COMMIT = gauge(
    "ledger_last_commit_timestamp_seconds", "When the ledger last committed; 0 before the first time.", unit="seconds"
)
LEDGER_COMMIT_SECONDS = gauge(
    "ledger_last_commit_duration_seconds", "How long the latest commit took, most of it the disk.", unit="seconds"
)

# The program.
LABEL_OVERFLOW = counter(
    "label_overflow_total",
    "Calls and operations counted under the label value other because there were too many values.",
    ("label",),
)
CONFIG_RELOAD_OK = gauge("config_last_reload_successful", "1 if the settings were last read without error, else 0.")
CONFIG_RELOAD_AT = gauge(
    "config_last_reload_success_timestamp_seconds", "When the settings were last read without error.", unit="seconds"
)
BUILD_INFO = info("build_info", "Which version this is.", ("version",))
STATE = stateset("state", "What the program is doing: starting, serving or draining.")

CATALOGUE: tuple[Family, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Family))
"""Every family, in the order of the page."""


def metrics_table() -> str:
    """The catalogue as a Markdown table: name, type, labels, meaning."""
    rows = [
        f"| `{f.name}` | {f.type} | {', '.join(f'`{label}`' for label in f.labels)} | {f.help} |" for f in CATALOGUE
    ]
    return "\n".join(["| name | type | labels | meaning |", "| --- | --- | --- | --- |", *rows, ""])
