"""Reconciliation: the statements that must hold, each as a figure that must read 0."""

from dashboards.source.curves import timeseries
from dashboards.source.figures import Column, stat, table
from dashboards.source.identities import BY_KIND, IDENTITIES, Identity, total
from dashboards.source.looks import MUST_BE_ZERO, WORRY
from dashboards.source.notes import text
from dashboards.source.pages import Page, Row
from dashboards.source.panels import COUNT, Panel
from dashboards.source.words import RECONCILIATION

ROWS_DROPPED = "inference_sidecar_ledger_rows_dropped_total"


def must_be_zero(identity: Identity) -> Panel:
    """An identity's figure: green at 0, red at anything else."""
    return stat(
        identity.title, identity.description, identity.unit, identity.expr,
        width=6, height=4, thresholds=MUST_BE_ZERO, no_value="nothing counted",
    )  # fmt: skip


def dropped() -> Panel:
    """What the page has counted and the ledger will never know."""
    return stat(
        "Rows that the ledger lost",
        "Since each process's start. These calls and operations are in the metrics and not in the ledger, so that"
        " `sidecar report` says less than these dashboards.",
        COUNT, f"sum({ROWS_DROPPED})", width=6, height=6, thresholds=WORRY,
    )  # fmt: skip


MUST_READ_ZERO = Row("Each of these must read 0", [must_be_zero(identity) for identity in IDENTITIES])

SINCE_WHEN = Row(
    "Since when",
    [
        timeseries(
            "All differences",
            "The figures above over time. A step tells when it went wrong; the annotations tell restarts and new versions.",
            COUNT, {identity.title: identity.expr for identity in IDENTITIES}, width=24, height=9, lowest=None,
        ),
    ],
)  # fmt: skip

TERMS = Row(
    "The terms",
    [
        table(
            "Calls",
            "What the first identity adds up, by instance and kind, since each process's start.",
            ("job", "instance", "kind"),
            [
                Column("Started", total("calls_started_total", by=BY_KIND), COUNT),
                Column("Settled", total("calls_settled_total", by=BY_KIND), COUNT),
                Column("In flight", total("calls_in_flight", by=BY_KIND), COUNT),
            ],
            width=12, height=7,
        ),
        table(
            "Operations",
            "What the second identity adds up, by instance and kind, since each process's start.",
            ("job", "instance", "kind"),
            [
                Column("Opened", total("operations_opened_total", by=BY_KIND), COUNT),
                Column("Settled", total("operations_settled_total", by=BY_KIND), COUNT),
                Column("Open", total("operations_open", by=BY_KIND), COUNT),
            ],
            width=12, height=7,
        ),
        dropped(),
        text("How to read this", "What may make a figure differ for a moment.", RECONCILIATION, width=18, height=6),
    ],
)  # fmt: skip

PAGE = Page(
    "reconciliation",
    "inference-sidecar / Reconciliation",
    "Whether the figures can be trusted: identities between the metrics, each as a figure that must read 0.",
    [MUST_READ_ZERO, SINCE_WHEN, TERMS],
    refresh="30s",
)
