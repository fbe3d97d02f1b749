"""Overview: what work for nobody costs, what of it is saved, and who causes it."""

from dashboards.source.curves import timeseries
from dashboards.source.figures import Column, bars, stat, table
from dashboards.source.looks import GOOD, HINT, LOSS, ORPHANED_SHARE
from dashboards.source.notes import alerts, text
from dashboards.source.pages import Page, Row, page_link
from dashboards.source.panels import COUNT, PER_MINUTE, SHARE, USD
from dashboards.source.queries import over_range, per_hour, per_minute, rate, ratio
from dashboards.source.words import DEFINITIONS, RANGE_TOTAL

SPEND = "inference_sidecar_spend_usd_total"
ORPHANED = 'inference_sidecar_spend_usd_total{fate="orphaned"}'
AVOIDABLE = "inference_sidecar_avoidable_spend_usd_total"
AVOIDED = "inference_sidecar_avoided_spend_usd_total"
REGRETTED = "inference_sidecar_regretted_spend_usd_total"
RESCUED = "inference_sidecar_rescued_spend_usd_total"
WOULD_RESCUE = "inference_sidecar_would_rescue_spend_usd_total"
WOULD_CANCEL = 'inference_sidecar_cancel_requests_total{result="would_cancel"}'
ORPHANED_TOKENS = 'inference_sidecar_tokens_total{fate="orphaned"}'
UNPRICED = "inference_sidecar_unpriced_total"

ALERTS = (
    "OrphanedSpendHigh", "OrphanedSpendRatioHigh", "RepeatsPaidTwice", "OrphanStuck", "CancelIneffective", "CancelRegretHigh",
    "CancelNoCredential", "LedgerErrors", "LedgerRowsDropped", "Unpriced", "PricesStale", "SidecarAbsent", "SidecarsGone",
    "CallsCutShort", "LimitReached",
)  # fmt: skip
"""Those of `rules/alerts.yaml`: Grafana can choose alerts by their labels, and all that ours share is whose name they bear."""
TARGET = "namespace, pod, instance"
"""Where it runs: namespace and pod where the scrape adds them, else the instance alone."""

BILL = Row(
    "What work for nobody costs, in the chosen range unless it says otherwise",
    [
        stat(
            "Orphaned today",
            "The part of the providers' bills, since midnight, that paid for results nobody received. "
            + RANGE_TOTAL,
            USD, over_range(ORPHANED), width=3, thresholds=LOSS, time_from="now/d",
        ),
        stat(
            "Orphaned",
            "The part of the providers' bills, over the time range chosen above, that paid for results nobody received. "
            + RANGE_TOTAL,
            USD, over_range(ORPHANED), width=3, thresholds=LOSS,
        ),
        stat(
            "Orphaned hourly",
            "Average over the chosen range; its curve is below. The alert OrphanedSpendHigh looks at the last hour.",
            USD, f"{over_range(ORPHANED)} / $__range_s * 3600", width=3, thresholds=LOSS,
        ),
        stat(
            "Orphaned share",
            "Of every dollar billed in the chosen range, the part that paid for results nobody received.",
            SHARE, ratio(over_range(ORPHANED), over_range(SPEND)), width=3, thresholds=ORPHANED_SHARE,
            no_value="no spend",
        ),
        stat(
            "Avoidable",
            "The part of orphaned spend that accrued after the caller had left: what an instant stop would have saved. A part"
            " of orphaned, so never add the two.",
            USD, over_range(AVOIDABLE), width=3, thresholds=LOSS,
        ),
        stat(
            "Net saved",
            "Avoided less regretted: what our cancels kept off the bill, less the bill of what was cancelled and then asked for"
            " again. Estimated; no part of spend. Nothing before the first operation.",
            USD, f"{over_range(AVOIDED)} - {over_range(REGRETTED)}", width=3, thresholds=GOOD,
            links=[page_link("operations", "What was cancelled")],
        ),
        stat(
            "Exposure now",
            "Estimated bill of the calls and operations that run on for nobody at this moment: by what such calls have cost on"
            " average, and such operations at least. Not narrowed by provider and model.",
            USD, "sum(inference_sidecar_exposure_usd)", width=3, thresholds=LOSS,
            links=[page_link("operations", "What is open")],
        ),
        stat(
            "Unpriced",
            "Calls and operations that may have cost something and have no figure: all money on this page is without them. The"
            " reasons are at the bottom.",
            COUNT, over_range(UNPRICED), width=3, thresholds=HINT,
        ),
    ],
)  # fmt: skip

OVER_TIME = Row(
    "Over time",
    [
        timeseries(
            "Spend per hour by fate",
            "The providers' bills for calls and operations, when they settled: delivered or orphaned. Together they are the whole"
            " bill, as far as it has a price.",
            USD, {"{{fate}}": per_hour(SPEND, "fate")}, width=10, stacked=True,
        ),
        timeseries(
            "Orphaned and avoidable share",
            "Of the spend that settled at a time, the part for nobody, and the part of that which an instant stop would have"
            " saved. No curve where nothing was spent.",
            SHARE,
            {
                "orphaned": ratio(rate(ORPHANED), rate(SPEND)),
                "avoidable": ratio(rate(AVOIDABLE), rate(SPEND)),
            },
            width=7,
        ),
        alerts(
            "Alerts",
            "Those of dashboards/rules/alerts.yaml that fire or are about to. Shown if Grafana knows the Prometheus that"
            " evaluates them (data source setting: manage alerts).",
            f'{{alertname=~"{"|".join(ALERTS)}"}}',
            width=7,
        ),
    ],
)  # fmt: skip

SAVED = Row(
    "What is saved, and what mode enforce would save",
    [
        stat(
            "Rescued calls",
            "Calls whose caller left and whose answer was then given to its retry, in the chosen range. Only in mode enforce.",
            COUNT, over_range("inference_sidecar_rescued_total"), width=3, height=6, thresholds=GOOD,
        ),
        stat(
            "Rescued spend",
            "The bill of those calls: delivered, paid once, and not paid again by the retry.",
            USD, over_range(RESCUED), width=3, height=6, thresholds=GOOD,
        ),
        stat(
            "Would rescue",
            "In mode observe: what calls cost that asked once more for an answer that had been abandoned. enforce would have"
            " given it to them.",
            USD, over_range(WOULD_RESCUE), width=3, height=6, thresholds=HINT,
        ),
        stat(
            "Would cancel",
            "In mode observe: operations that enforce would have cancelled because their caller was gone.",
            COUNT, over_range(WOULD_CANCEL), width=3, height=6, thresholds=HINT,
        ),
        timeseries(
            "Saved and regretted per hour",
            "Avoided and regretted are of operations that we cancelled, rescued is of calls. Estimates but for rescued. In mode"
            " observe only 'would be rescued' moves.",
            USD,
            {
                "avoided": per_hour(AVOIDED),
                "regretted": per_hour(REGRETTED),
                "rescued": per_hour(RESCUED),
                "would be rescued": per_hour(WOULD_RESCUE),
            },
            height=6,
        ),
    ],
)  # fmt: skip

CAUSES = Row(
    "Who causes it",
    [
        bars(
            "Orphaned by provider",
            "Orphaned spend of the chosen range, by who billed it.",
            USD, {"{{provider}}": over_range(ORPHANED, "provider")}, color="orphaned",
        ),
        bars(
            "Orphaned by model",
            "The ten dearest. Models past labels.max_models are counted together as 'other'.",
            USD, {"{{model}}": f"topk(10, {over_range(ORPHANED, 'model')})"}, color="orphaned",
        ),
        bars(
            "Orphaned by kind",
            "unary, stream and live are calls; background, batch, lro and tuning are operations, billed when they settle.",
            USD, {"{{kind}}": f"sort_desc({over_range(ORPHANED, 'kind')})"}, color="orphaned",
        ),
        table(
            "By pod",
            "The pods whose programs leave the dearest work behind, in the chosen range. Namespace and pod are labels of the"
            " scrape; without them the instance says who. Counters of a pod that is gone are counted up to its last scrape.",
            ("namespace", "pod", "instance"),
            [
                Column("Orphaned", over_range(ORPHANED, TARGET), USD),
                Column("Avoidable", over_range(AVOIDABLE, TARGET), USD),
                Column("Spend", over_range(SPEND, TARGET), USD),
                Column("Callers that left", over_range("inference_sidecar_departures_total", TARGET), COUNT),
            ],
            width=24, height=6,
        ),
    ],
)  # fmt: skip

CAVEATS = Row(
    "What the money leaves out, and what the words mean",
    [
        timeseries(
            "Unpriced by reason",
            "Settled without a figure: no usage was reported, nobody knows the model's price, or the end was not seen."
            " `sidecar prices` and prices.overrides in the settings give a price to what has none.",
            PER_MINUTE, {"{{reason}}": per_minute(UNPRICED, "reason")}, width=6,
        ),
        timeseries(
            "Requests that are not metered",
            "What may cost money and is neither a call nor an operation to us: a path that the dialect does not know, a WebSocket"
            " that it does not read, gRPC through a tunnel. The cost is nowhere on this page.",
            PER_MINUTE,
            {"{{provider}} {{reason}}": per_minute("inference_sidecar_unmetered_total", "provider, reason")},
            width=6,
        ),
        timeseries(
            "Spend per hour by basis",
            "How far the figures can be trusted: exact is reported by the provider and priced by a known rule, at_least is true"
            " as far as it goes, estimated is worked out by us.",
            USD, {"{{basis}}": per_hour(SPEND, "basis")}, width=6, stacked=True,
        ),
        bars(
            "Orphaned tokens by type",
            "Tokens of the chosen range that nobody received, also of those that have no price. The types are disjoint:"
            " cached_input is not in input, reasoning not in output.",
            COUNT, {"{{type}}": over_range(ORPHANED_TOKENS, "type")}, width=6, color="orphaned",
        ),
        text("Definitions", "What the words of this page mean.", DEFINITIONS, height=11),
    ],
)  # fmt: skip

PAGE = Page(
    "overview",
    "inference-sidecar / Overview",
    "What work costs whose caller is gone: orphaned spend, what of it is avoidable, what is saved, and who causes it.",
    [BILL, OVER_TIME, SAVED, CAUSES, CAVEATS],
    filters=("provider", "model", "kind"),
    since="now-24h",
)
