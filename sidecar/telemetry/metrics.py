"""Every metric family, declared once, as data; those of the program itself stand in `program_metrics.py`.

README's table is generated from here and tested against it.

Conventions (platform.md 2.1, the naming page of Prometheus' documentation): one prefix, base units in the name,
`_total` on counters, and `sum()` over all the labels of one family means something, so a subset is its own family.
"""

from sidecar.telemetry import program_metrics
from sidecar.telemetry.family import Family, counter, families_of, gauge, seconds

B = ("provider", "model", "kind")
CALL_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1800, 3600)
CANCEL_BUCKETS = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 300, 600, 900, 1800, 3600)
ORPHAN_BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
DETECTION_BUCKETS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
OVERHEAD_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25)

# Calls: started = settled + in flight.
CALLS_STARTED = counter(
    "calls_started_total",
    "Billable calls whose request head was read, and those that were asked for in a socket (live).",
    B,
)
CALLS_SETTLED = counter(
    "calls_settled_total", "Calls settled, each exactly once, by how they ended (README, outcomes).", (*B, "outcome")
)
CALLS_IN_FLIGHT = gauge(
    "calls_in_flight",
    "Calls not settled yet: attached (the caller is there, or a retry that is being given the answer), orphaned (the caller has"
    " left) or shelved (left, the provider's work has ended, and a retry may still take the answer).",
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

# Callers that left: departures = settled after leaving + left and still in flight + returned.
DEPARTURES = counter(
    "departures_total",
    "Callers that left, each call's once (a retry that leaves is a caller of its own call): calls by fin, rst, closed"
    " (a socket's close frame), write_stalled; operations by lease_lapsed, process_exited; both by pod_ending, and sidecar_lost"
    " (nobody saw what the caller did).",
    (*B, "reason"),
)
RETURNS = counter(
    "returns_total",
    "Callers thought gone that were there after all: half_close of a call, resumption of a live one's session, poll or renewal"
    " of an operation. A call that is rescued is none: its caller did leave.",
    (*B, "via"),
)
RESCUED = counter(
    "rescued_total",
    "Calls whose caller left and whose answer was handed to its retry; those that settled as rescued.",
    (*B, "via"),
)
WOULD_RESCUE = counter(
    "would_rescue_total",
    "In observe: calls that asked once more for an answer that was abandoned and that enforce would have given them.",
    B,
)
REPEATS_REFUSED = counter(
    "repeats_refused_total",
    "Retries that we answered ourselves, since they would have paid again for an answer that can't be handed on"
    " (rescue.on_repeat: refuse).",
    B,
)
ORPHANED_SECONDS = seconds(
    "orphaned_seconds",
    "From the caller's leaving to the end of the provider's work, or to our closing the connection, of calls that settled as"
    " orphan_*; a rescued call did not run for nobody.",
    ("kind", "outcome"),
    ORPHAN_BUCKETS,
)
DETECTION_SECONDS = seconds(
    "detection_seconds", "From the arrival of a caller's FIN or RST to its being recorded.", (), DETECTION_BUCKETS
)
OLDEST_ORPHAN = gauge(
    "oldest_orphan_timestamp_seconds",
    "When the caller, or the last retry, of the oldest call or operation left that still runs for nobody; 0 when there is none.",
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
RESCUED_SPEND = counter(
    "rescued_spend_usd_total",
    "The bill of rescued calls, a part of delivered spend: what their retries did not pay again.",
    B,
    "usd",
)
WOULD_RESCUE_SPEND = counter(
    "would_rescue_spend_usd_total",
    "In observe: the bill of settled calls that enforce would have given an abandoned answer; what they cost once more.",
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
    "Estimated bill of the calls and operations that run on for nobody now: of a call what such calls have cost on average, of an"
    " operation what such operations cost at least as a rule; nothing where too few were billed to tell.",
    ("kind",),
    "usd",
)

# Time.
CALL_DURATION = seconds(
    "call_duration_seconds",
    "From a call's request head (a live call: from its being asked for) to the end of the provider's reply; to settlement where"
    " that end was never seen.",
    ("provider", "kind"),
    CALL_BUCKETS,
)
TIME_TO_FIRST_BYTE = seconds(
    "time_to_first_byte_seconds",
    "From a call's request head to the head of the provider's reply; of a live call to the first word of its answer.",
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
    "What may cost money and is neither a call nor an operation to us: a path that the dialect does not know (unknown_path), one"
    " that opens work that it has no words for (operation), a WebSocket whose path it does not know (websocket), a tunnel to an"
    " upstream for HTTP/2 (grpc).",
    ("provider", "reason"),
)
OVERHEAD = seconds("overhead_seconds", "Time the sidecar itself added to an exchange.", (), OVERHEAD_BUCKETS)
UPSTREAM_ERRORS = counter(
    "upstream_errors_total", "Exchanges that the provider or the network to it broke.", ("provider", "error")
)

# Sockets that carry many calls. They are none themselves: each answer in them is one, of kind live.
LIVE_SOCKETS = gauge(
    "live_sockets", "WebSockets to a provider that are open now and carry calls of kind live.", ("provider",)
)
LIVE_SOCKETS_ENDED = counter(
    "live_sockets_ended_total",
    "Such sockets that have ended: by their caller between answers (caller) or amid one (left), by the provider between answers"
    " (provider) or amid one (broken, as is whatever the network breaks), or by a limit or a drain of ours (cut).",
    ("provider", "end"),
)
LIVE_MESSAGES = counter(
    "live_messages_total", "Data messages that passed through such sockets, by direction.", ("provider", "direction")
)
LIVE_BYTES = counter(
    "live_bytes_total", "Bytes that passed through such sockets, frames and all.", ("provider", "direction"), "bytes"
)

CATALOGUE: tuple[Family, ...] = (*families_of(globals()), *families_of(vars(program_metrics)))
"""Every family, in the order of the page."""


def metrics_table() -> str:
    """The catalogue as a Markdown table: name, type, labels, meaning."""
    rows = [
        f"| `{f.name}` | {f.type} | {', '.join(f'`{label}`' for label in f.labels)} | {f.help} |" for f in CATALOGUE
    ]
    return "\n".join(["| name | type | labels | meaning |", "| --- | --- | --- | --- |", *rows, ""])
