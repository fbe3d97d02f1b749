"""Lifecycle: how calls go, who leaves them and when, and what becomes of the work they leave behind."""

from dashboards.source.curves import heatmap, timeseries
from dashboards.source.figures import Column, bars, stat, table
from dashboards.source.looks import ORPHANED_SHARE
from dashboards.source.notes import text
from dashboards.source.pages import Page, Row
from dashboards.source.panels import BYTES_PER_SECOND, COUNT, PER_MINUTE, PER_SECOND, SECONDS, SHARE
from dashboards.source.queries import bucket_of, over_range, per_hour, per_minute, quantile, rate, ratio
from dashboards.source.words import TIMEOUTS

STARTED = "inference_sidecar_calls_started_total"
SETTLED = "inference_sidecar_calls_settled_total"
DEPARTURES = "inference_sidecar_departures_total"
CALL_DEPARTURES = 'inference_sidecar_departures_total{kind=~"unary|stream|live"}'
ABANDONED = 'inference_sidecar_calls_settled_total{outcome=~"left_early|undelivered|orphan_.+|rescued|lost"}'
DURATION = "inference_sidecar_call_duration_seconds"
FIRST_BYTE = "inference_sidecar_time_to_first_byte_seconds"
ORPHANED_SECONDS = "inference_sidecar_orphaned_seconds"
DETECTION = "inference_sidecar_detection_seconds"
SERIES = "provider, model, kind"


def by_provider(histogram: str) -> dict[str, str]:
    """The tail of a duration, for each provider and kind: what callers' patience has to reach."""
    return {"{{provider}} {{kind}}": quantile(0.95, histogram, "provider, kind")}


CALLS = Row(
    "Calls",
    [
        timeseries(
            "How calls end",
            "Settled calls by outcome. Green was delivered, blue was saved, orange to red was left and worked on for nobody.",
            PER_MINUTE, {"{{outcome}}": per_minute(SETTLED, "outcome")}, stacked=True,
        ),
        timeseries(
            "Calls in flight",
            "Calls that have not settled. orphaned: the caller has left and the provider may be at work. shelved: the work has"
            " ended, and a retry may still take the answer. By kind only: not narrowed by provider and model.",
            COUNT, {"{{attachment}}": "sum by (attachment) (inference_sidecar_calls_in_flight)"}, width=6, stacked=True,
        ),
        timeseries(
            "Who leaves how often",
            "Of the calls that start, those whose caller leaves. A share that is steady and high is a timeout that does not fit,"
            " or a program that closes connections on purpose.",
            SHARE, {"{{provider}}": ratio(rate(CALL_DEPARTURES, "provider"), rate(STARTED, "provider"))}, width=6,
        ),
    ],
)  # fmt: skip

LEAVING = Row(
    "When the caller leaves",
    [
        timeseries(
            "Departures by reason",
            "fin and rst: the connection ended before its reply did. closed: a socket was closed amid an answer. write_stalled:"
            " the caller took no more bytes. lease_lapsed and process_exited are of operations. pod_ending: the pod was being"
            " deleted. sidecar_lost: the sidecar had died.",
            PER_MINUTE, {"{{reason}}": per_minute(DEPARTURES, "reason")}, stacked=True,
        ),
        timeseries(
            "Callers that were there after all",
            "Returned: thought gone, and heard of again (half_close of a call; resumption of a live one's session; poll or"
            " renewal of an operation). Rescued: gone, and its retry was given the answer.",
            PER_MINUTE,
            {
                "returned by {{via}}": per_minute("inference_sidecar_returns_total", "via"),
                "rescued by {{via}}": per_minute("inference_sidecar_rescued_total", "via"),
            },
            width=6,
        ),
        timeseries(
            "How late we notice",
            "From the arrival of a FIN or RST to its being recorded. Long means that the sidecar gets too little CPU. Of the"
            " whole process: not narrowed by provider, model and kind.",
            SECONDS,
            {name: quantile(share, DETECTION) for name, share in (("p50", 0.5), ("p99", 0.99))},
            width=6,
        ),
        heatmap(
            "From the caller's leaving to the server's end",
            "How long providers worked on for nobody, of calls that settled as orphan_finished, orphan_cut or orphan_failed. A"
            " point is an example with its call id (Prometheus must keep exemplars): `sidecar calls show ID`.",
            f"sum by (le) (increase({bucket_of(ORPHANED_SECONDS)}[$__rate_interval]))",
        ),
        timeseries(
            "Seconds for nobody, by outcome",
            "The 95th percentile of the same. orphan_cut ends when we close the connection, which is soon; orphan_finished is"
            " what following costs in time.",
            SECONDS, {"{{outcome}}": quantile(0.95, ORPHANED_SECONDS, "outcome")}, exemplars=True,
        ),
        bars(
            "What became of abandoned calls",
            "Calls of the chosen range whose caller left: followed to the end (orphan_finished), cut by us (orphan_cut), failed,"
            " rescued by a retry, or too early or too late to cost more.",
            COUNT, {"{{outcome}}": over_range(ABANDONED, "outcome")},
        ),
        timeseries(
            "Provider time for nobody",
            "Seconds that providers worked on calls whose caller had left, added up for each hour.",
            SECONDS, {"{{kind}}": per_hour(f"{ORPHANED_SECONDS}_sum", "kind")},
        ),
        stat(
            "Calls whose caller left",
            "Of the calls that started in the chosen range. The threshold is a guess: know your own.",
            SHARE, ratio(over_range(CALL_DEPARTURES), over_range(STARTED)),
            height=8, thresholds=ORPHANED_SHARE, no_value="no calls",
        ),
    ],
)  # fmt: skip

TIME = Row(
    "Time",
    [
        timeseries(
            "Time to first byte, p95",
            "From a call's request to the head of the provider's reply, of 95 calls in 100. Of a reply that comes whole this is"
            " nearly all of it.",
            SECONDS,
            by_provider(FIRST_BYTE),
        ),
        timeseries(
            "Call duration, p95",
            "From a call's request to the end of the provider's reply, of 95 calls in 100, whether or not its caller was still"
            " there.",
            SECONDS,
            by_provider(DURATION),
        ),
    ],
)  # fmt: skip

SOCKETS = Row(
    "Sockets that carry calls",
    [
        timeseries(
            "Open sockets",
            "WebSockets to a provider: each may carry many calls of kind live, one after another. Open ones without an answer"
            " under way are no calls in flight. By provider only.",
            COUNT, {"{{provider}}": "sum by (provider) (inference_sidecar_live_sockets)"}, width=6, stacked=True,
        ),
        timeseries(
            "How sockets end",
            "caller: by its caller between answers. left: by its caller amid an answer, which is then made for nobody. provider:"
            " by the provider between answers. broken: amid one, or by the network. cut: by a limit or a drain of ours.",
            PER_MINUTE, {"{{end}}": per_minute("inference_sidecar_live_sockets_ended_total", "end")}, width=6, stacked=True,
        ),
        timeseries(
            "Messages in sockets",
            "Data messages by direction. Sound goes in many small ones, up to a hundred a second and socket.",
            PER_SECOND, {"{{direction}}": rate("inference_sidecar_live_messages_total", "direction")}, width=6,
        ),
        timeseries(
            "Bytes in sockets",
            "By direction and second, frames and all.",
            BYTES_PER_SECOND, {"{{direction}}": rate("inference_sidecar_live_bytes_total", "direction")}, width=6,
        ),
    ],
)  # fmt: skip

TIMEOUTS_ROW = Row(
    "Timeouts that do not fit",
    [
        table(
            "Where callers leave, and ask again",
            "Of the chosen range, the ten models that most callers left. Asked again: given to a retry (enforce), or paid once"
            " more (observe), or refused by us.",
            ("provider", "model", "kind"),
            [
                Column("Left", f"topk(10, {over_range(CALL_DEPARTURES, SERIES)})", COUNT),
                Column("Started", over_range(STARTED, SERIES), COUNT),
                Column("Rescued", over_range("inference_sidecar_rescued_total", SERIES), COUNT),
                Column("Would be rescued", over_range("inference_sidecar_would_rescue_total", SERIES), COUNT),
                Column("Repeats refused", over_range("inference_sidecar_repeats_refused_total", SERIES), COUNT),
            ],
            width=24,
        ),
        text("Which timeouts", "What the metrics can tell of timeouts, and where the rest is.", TIMEOUTS, height=6),
    ],
)  # fmt: skip

PAGE = Page(
    "lifecycle",
    "inference-sidecar / Lifecycle",
    "How calls go: who leaves them and when, what becomes of what they leave behind, and how long all of it takes.",
    [CALLS, LEAVING, TIME, SOCKETS, TIMEOUTS_ROW],
    filters=("provider", "model", "kind"),
)
