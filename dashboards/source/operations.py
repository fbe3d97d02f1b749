"""Operations: work at the provider that outlives its request; whose caller is gone, and what became of the cancel."""

from dashboards.source.curves import heatmap, timeseries
from dashboards.source.figures import Column, stat, table
from dashboards.source.looks import GOOD, LOSS, ORPHAN_AGE
from dashboards.source.pages import Page, Row, page_link
from dashboards.source.panels import COUNT, PER_MINUTE, SECONDS, SHARE, USD
from dashboards.source.queries import bucket_of, over_range, per_hour, per_minute, quantile, ratio

OPEN = "inference_sidecar_operations_open"
OPENED = "inference_sidecar_operations_opened_total"
SETTLED = "inference_sidecar_operations_settled_total"
OPERATION_KINDS = 'kind=~"background|batch|lro|tuning"'
DEPARTURES = f"inference_sidecar_departures_total{{{OPERATION_KINDS}}}"
RETURNS = f"inference_sidecar_returns_total{{{OPERATION_KINDS}}}"
CANCELS = "inference_sidecar_cancel_requests_total"
SENT = 'inference_sidecar_cancel_requests_total{result=~"confirmed|too_late|refused|unconfirmed"}'
CONFIRMED = 'inference_sidecar_cancel_requests_total{result="confirmed"}'
IN_VAIN = 'inference_sidecar_cancel_requests_total{result=~"unsupported|no_credential|refused|unconfirmed"}'
CANCEL_SECONDS = "inference_sidecar_cancel_seconds"
OLDEST = "inference_sidecar_oldest_orphan_timestamp_seconds"
AVOIDED = "inference_sidecar_avoided_spend_usd_total"
REGRETTED = "inference_sidecar_regretted_spend_usd_total"
RECLAIMED = "inference_sidecar_reclaimed_spend_usd_total"

NOW = Row(
    "Now, and in the chosen range",
    [
        stat(
            "Open",
            "Operations that have not settled, those included that have ended and wait for their caller to fetch the result.",
            COUNT, f"sum({OPEN})", width=3,
        ),
        stat(
            "Orphaned",
            "Operations that run on and whose caller is gone, those included that are being cancelled.",
            COUNT, f'sum({OPEN}{{state=~"orphaned|cancelling"}})', width=3, thresholds=LOSS,
        ),
        stat(
            "Oldest orphan",
            "How long the oldest call or operation has been running for nobody. Of all kinds, providers and models; a"
            " batch that is only watched counts too. The alert OrphanStuck speaks at 15 minutes, and leaves those out.",
            SECONDS, f"max((time() - {OLDEST}) * ({OLDEST} > bool 0))", width=3, thresholds=ORPHAN_AGE,
        ),
        stat(
            "Exposure",
            "Estimated bill of the calls and operations that run on for nobody now.",
            USD, "sum(inference_sidecar_exposure_usd)", width=3, thresholds=LOSS,
            links=[page_link("overview", "What it has cost")],
        ),
        stat(
            "Avoided",
            "Estimated bill to the natural end less the actual one, of operations that we stopped and that are seen to have"
            " ended.",
            USD, over_range(AVOIDED), width=3, thresholds=GOOD,
        ),
        stat(
            "Regretted",
            "The bill of operations that we cancelled and that were asked for again. More than a little: the leases are too short"
            " (operations.lease_seconds, X-Sidecar-Lease).",
            USD, over_range(REGRETTED), width=3, thresholds=LOSS,
        ),
        stat(
            "Reclaimed",
            "Orphaned spend of operations whose result was fetched after they had settled: take it off what the overview calls"
            " orphaned.",
            USD, over_range(RECLAIMED), width=3, thresholds=GOOD,
        ),
        stat(
            "Confirmed",
            "Of the cancels that went out to a provider and have a result, those after which the provider itself said that it"
            " stopped. The rest came too late, was refused, or was never confirmed.",
            SHARE, ratio(over_range(CONFIRMED), over_range(SENT)), width=3, no_value="none sent",
        ),
    ],
)  # fmt: skip

LIVES = Row(
    "Operations",
    [
        timeseries(
            "Opened by kind",
            "Operations whose create request was sent, and those that an earlier sidecar had opened and this one goes on with.",
            PER_MINUTE, {"{{kind}}": per_minute(OPENED, "kind")}, width=8,
        ),
        timeseries(
            "Open by state",
            "Where the operations stand that have not settled. One that has succeeded stays until its caller fetches the result,"
            " or nobody has for operations.claim_seconds. By kind only: not narrowed by provider and model.",
            COUNT, {"{{state}}": f"sum by (state) ({OPEN})"}, width=8, stacked=True,
        ),
        timeseries(
            "How operations end",
            "Settled operations by the provider's last state. abandoned: every cancel was in vain, and it may run on.",
            PER_MINUTE, {"{{outcome}}": per_minute(SETTLED, "outcome")}, width=8, stacked=True,
        ),
        timeseries(
            "Callers gone, by how we know",
            "lease_lapsed: nobody asked for a whole lease. process_exited: the program that opened it ended. pod_ending: the"
            " sidecar was told to end, which in a pod comes after the application. sidecar_lost: taken over from a dead sidecar.",
            PER_MINUTE, {"{{reason}}": per_minute(DEPARTURES, "reason")}, stacked=True,
        ),
        timeseries(
            "Callers that came back",
            "They were thought gone and were heard of before anything was cancelled: by a poll, or a renewal by hand. Many mean"
            " that the lease is shorter than their polling.",
            PER_MINUTE, {"{{via}}": per_minute(RETURNS, "via")},
        ),
    ],
)  # fmt: skip

CANCELLING = Row(
    "Cancels",
    [
        timeseries(
            "Cancels by result",
            "What became of them. would_cancel is mode observe: nothing was sent. confirmed is the provider's own word, never a"
            " mere 200.",
            PER_MINUTE, {"{{result}}": per_minute(CANCELS, "result")}, stacked=True,
        ),
        timeseries(
            "Cancels by who wanted them",
            "orphaned: the settings, since the caller is gone. caller: the caller itself, through us. asked: a person, by"
            " `sidecar operations cancel` or the API.",
            PER_MINUTE, {"{{trigger}}": per_minute(CANCELS, "trigger")},
        ),
        heatmap(
            "From the caller's going to the confirmed end",
            "Of operations that our cancel stopped. Holds the grace (operations.grace_seconds) and the provider's own time."
            " Points are examples with the operation's id: `sidecar operations show ID`.",
            f"sum by (le) (increase({bucket_of(CANCEL_SECONDS)}[$__rate_interval]))",
        ),
        timeseries(
            "How long a cancel takes",
            "Quantiles of the same, over all kinds that are chosen.",
            SECONDS,
            {name: quantile(share, CANCEL_SECONDS) for name, share in (("p50", 0.5), ("p95", 0.95))},
            exemplars=True,
        ),
        table(
            "What could not be cancelled",
            "unsupported: the provider has no cancel for it. no_credential: nobody's is known, or none is accepted (set"
            " upstreams.<name>.credential). refused: the provider declined. unconfirmed: it did not help, and it may run on.",
            ("provider", "model", "kind", "result"),
            [Column("Cancels", f"topk(20, {over_range(IN_VAIN, 'provider, model, kind, result')} > 0)", COUNT)],
        ),
        timeseries(
            "Avoided, regretted and reclaimed per hour",
            "What cancelling came to. All three are estimates or corrections, and no part of spend.",
            USD,
            {
                "avoided": per_hour(AVOIDED),
                "regretted": per_hour(REGRETTED),
                "reclaimed": per_hour(RECLAIMED),
            },
            width=6,
        ),
        timeseries(
            "Exposure by kind",
            "Estimated bill of what runs on for nobody, by kind.",
            USD, {"{{kind}}": "sum by (kind) (inference_sidecar_exposure_usd)"}, width=6, stacked=True,
        ),
    ],
)  # fmt: skip

PAGE = Page(
    "operations",
    "inference-sidecar / Operations",
    "Work that outlives its request: what is open, whose caller is gone, and what became of cancelling it.",
    [NOW, LIVES, CANCELLING],
    filters=("provider", "model", "kind"),
)
