"""Every query of every dashboard, asked of a real Prometheus that has scraped real sidecars through one of everything; and an
alert that goes all the way to a webhook. How it looks is the preview's part; here: that it is asked right and answered.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import inf

import pytest

from tests.end_to_end.grafana import Grafana, Query, Table, queries, tables, written
from tests.end_to_end.live_rig import ENFORCING, OBSERVING, SCRAPE_SECONDS, Live, lived
from tests.end_to_end.live_scenes import CALLS, EARLY, FIRST, OBSERVED, OPERATIONS, UNREACHABLE
from tests.end_to_end.prometheus import JOB

pytestmark = [pytest.mark.part("prometheus"), pytest.mark.part("alertmanager")]

SCENES = UNREACHABLE | FIRST | EARLY | CALLS | OPERATIONS | OBSERVED
DASHBOARDS = written()
QUERIES = list(queries(DASHBOARDS))
DIFFERENCES = [query for query in QUERIES if query.title == "All differences"]
NAMES = {query.legend for query in DIFFERENCES}
IDENTITIES = [query for query in QUERIES if query.dashboard == "reconciliation" and query.title in NAMES]
each_query = pytest.mark.parametrize("query", QUERIES, ids=str)

ORPHANED_IN_RANGE = re.compile(
    r'sum\(increase\(inference_sidecar_spend_usd_total\{[^}]*fate="orphaned"}\[\$__range]\)\)'
)
NEVER_A_NUMBER: Mapping[str, str] = {
    "Time to first byte, p95: unary cohere": "nobody is there who could answer",
}
"""By `title: labels`, series in which no figure is a number, and why that is right."""
MAY_READ_0: Mapping[str, str] = {
    "Bad settings": "a sidecar that can't read its settings does not start",
    "Certificates read again": "no upstream here is reached by TLS",
    "Ledger errors": "the disk is not full",
    "Lost rows": "no row is lost",
    "Rows that the ledger lost": "no row is lost",
    "Rows waiting": "a commit takes milliseconds, so that a scrape may always find none",
    "Rows written and expired": "no row is as old as the retention",
}
"""By title, what has nothing to show here, and why."""
MAY_BE_EARLY: Mapping[str, str] = {
    "Departures: operations": "states are told by the reaper's last round, so that one scrape may see a departure early",
}
"""Identities that their description lets differ in a single scrape, and why."""
YEAR = 365 * 86_400.0
RUN_SECONDS = 120.0
"""Nothing here has lasted longer."""
A_MOMENTS = 3600 / (4 * SCRAPE_SECONDS)
"""By the hour, what came in the time over which a rate is taken."""
PLAUSIBLE: Mapping[str, tuple[float, float]] = {
    "": (0, inf),
    "bytes": (0, 2**30),
    "Bps": (0, 2**20),
    "cpm": (0, 60 * 100),
    "cps": (0, 10),
    "currencyUSD": (0, 100 * A_MOMENTS),
    "percentunit": (0, 1.1),
    "rowsps": (0, 1000),
    "s": (0, RUN_SECONDS),
    "locale": (0, 2e7),
}
"""By unit, what figures may be; `increase` extrapolates, so that a share of all may be a little more than that."""
BY_TITLE: Mapping[str, tuple[float, float]] = {
    "Oldest price list": (0, 3 * YEAR),
    "Provider time for nobody": (0, 100 * A_MOMENTS),
    "CPU": (0, 4),
    "Since the last commit": (-SCRAPE_SECONDS, RUN_SECONDS),
    "Who leaves how often": (0, 50),
    "Messages in sockets": (0, 1000),
}
"""What is no duration of the run; threads beside the loop; a commit after the beginning of the scrape that tells of it;
departures of one moment by the calls that started in it; and the pieces of answers, each of which is a message."""
EXPECTED: Mapping[str, set[str]] = {
    "job": {JOB},
    "instance": {ENFORCING, OBSERVING},
    "provider": {"gemini", "vertex", "openai", "anthropic", "bedrock", "cohere"},
    "model": {
        "gemini-2.5-flash",
        "gpt-5-mini",
        "claude-sonnet-5",
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        "command-a-03-2025",
        "other",
    },
    "kind": {"unary", "stream", "live", "background", "batch", "lro", "tuning"},
}
"""What there is to choose from."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with lived(tmp_path_factory.mktemp("live")) as rested:
        yield rested


@pytest.fixture(scope="module")
def grafana(live: Live) -> Grafana:
    return Grafana(live.prometheus, live.began_at, live.ended_at, SCRAPE_SECONDS)


def test_exceptions_are_of_panels_that_there_are() -> None:
    excepted = {*MAY_READ_0, *BY_TITLE, *(name.partition(":")[0] for name in NEVER_A_NUMBER)}
    assert excepted <= {query.title for query in QUERIES}
    assert MAY_BE_EARLY.keys() <= {query.legend for query in DIFFERENCES}


@pytest.mark.parametrize("name", SCENES)
def test_scene__ended_as_it_was_written(live: Live, name: str) -> None:
    assert live.outcomes(name) == SCENES[name].ends


@each_query
def test_query__has_series_with_what_its_legend_shows(grafana: Grafana, query: Query) -> None:
    curves = grafana.told(query)
    assert curves
    assert [curve.labels for curve in curves if not curve.labels.keys() >= set(query.labels)] == []


@pytest.mark.parametrize("table", list(tables(DASHBOARDS)), ids=str)
def test_table__has_a_column_for_every_label_and_a_label_for_every_column(grafana: Grafana, table: Table) -> None:
    labels = [curve.labels.keys() for query in table.queries for curve in grafana.told(query)]
    assert frozenset().union(*labels) == table.labels


@each_query
def test_query__answered_alike_when_all_that_is_offered_is_chosen_by_hand(grafana: Grafana, query: Query) -> None:
    """But for what no variable offers: `none`, the provider of requests that went to nobody."""
    offered = grafana.values(query.dashboard)
    can_be_chosen = [
        curve.labels
        for curve in grafana.told(query)
        if all(curve.labels[name] in values for name, values in offered.items() if name in curve.labels)
    ]
    assert [curve.labels for curve in grafana.told(query, by_hand=True)] == can_be_chosen


@each_query
def test_query__figures_are_numbers_that_may_be_true(grafana: Grafana, query: Query) -> None:
    least, most = BY_TITLE.get(query.title) or PLAUSIBLE[query.unit]
    for curve in grafana.told(query):
        name = f"{query.title}: {' '.join(curve.labels.values())}"
        assert bool(curve.known) is (name not in NEVER_A_NUMBER), curve
        assert [figure for figure in curve.known if not least <= figure <= most] == [], curve.labels


@each_query
def test_query__has_seen_more_than_0(grafana: Grafana, query: Query) -> None:
    """At rest, or at some moment before that."""
    curves = [*grafana.told(query), *grafana.course(query)]
    assert any(any(curve.known) for curve in curves) or query in IDENTITIES + DIFFERENCES or query.title in MAY_READ_0


@pytest.mark.parametrize("query", [query for query in QUERIES if query.has_exemplars], ids=str)
def test_query_that_asks_for_examples__gets_some_that_name_the_call(grafana: Grafana, query: Query) -> None:
    examples = grafana.exemplars(query)
    assert examples
    assert [example for example in examples if not example.keys() & {"call_id", "operation_id", "trace_id"}] == []


UNREAD = "unknown"
"""The model of a caller that was killed before its request was read; on a busy machine there may be one."""


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_every_variable_offers_what_there_is(grafana: Grafana, dashboard: str) -> None:
    offered = grafana.values(dashboard)
    found = {name: set(values) - {UNREAD} for name, values in offered.items()}
    assert found == {name: EXPECTED[name] for name in offered}


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_annotations_tell_the_new_version_and_the_restart(grafana: Grafana, dashboard: str) -> None:
    told = grafana.annotations(dashboard)
    assert {name: bool(curves) for name, curves in told.items()} == dict.fromkeys(told, True)
    assert [curve.labels["instance"] for curve in told["Restarts"]] == [OBSERVING]


@pytest.mark.parametrize("query", IDENTITIES, ids=str)
def test_identity__0_at_rest(grafana: Grafana, query: Query) -> None:
    assert [curve.figures for curve in grafana.told(query)] == [(0.0,)]


@pytest.mark.parametrize("query", DIFFERENCES, ids=str)
def test_identity__0_in_every_scrape_while_everything_goes_on(grafana: Grafana, query: Query) -> None:
    """A page is taken in one instant, so that this is promised of all of them but one."""
    (curve,) = grafana.told(query)
    if query.legend in MAY_BE_EARLY:
        assert not any(before and after for before, after in pairwise(curve.figures)), curve.figures
    else:
        assert set(curve.figures) == {0.0}, curve.figures


def test_orphaned_spend__is_the_sidecars_own_sum(live: Live, grafana: Grafana) -> None:
    """`increase` extrapolates by up to half a scrape at either end of what it has seen of a series."""
    counted = sum(sidecar.total("spend_usd_total", fate="orphaned") for sidecar in (live.enforcing, live.observing))
    (query,) = [query for query in QUERIES if ORPHANED_IN_RANGE.fullmatch(query.expr) and not query.since]
    ((figure,),) = (curve.figures for curve in grafana.told(query))
    assert figure == pytest.approx(counted, rel=0.2)


def test_rules__all_evaluated_and_every_recorded_name_has_a_series(live: Live) -> None:
    rules = [rule for group in live.prometheus.asked("rules")["groups"] for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    recorded = [rule["name"] for rule in rules if rule["type"] == "recording"]
    assert recorded
    assert [name for name in recorded if not live.prometheus.instant(name)] == []


def test_alerts_that_fire_or_are_about_to__have_texts_with_all_figures_in_them(live: Live) -> None:
    texts = [text for alert in live.prometheus.asked("alerts")["alerts"] for text in alert["annotations"].values()]
    assert texts
    assert [text for text in texts if re.search(r"\{\{|<no value>|error expanding", text)] == []


def test_orphaned_spend_that_is_high__reaches_the_webhook(live: Live) -> None:
    alert = live.webhook.arrived("OrphanedSpendHigh")
    told = alert["annotations"]
    assert alert["labels"] == {"alertname": "OrphanedSpendHigh", "job": JOB, "severity": "page"}
    assert re.fullmatch(r"\d+\.\d\d USD an hour .* \(inference-sidecar\)", told["summary"])
    assert f" {JOB} was billed {told['summary'].split()[0]} USD " in told["description"]
    assert told["runbook_url"] == "dashboards/RUNBOOK.md#orphanedspendhigh"


def test_alerts_that_are_for_nobody__reach_nobody(live: Live) -> None:
    live.webhook.arrived("OrphanedSpendHigh")
    firing = {alert["labels"]["severity"] for alert in live.prometheus.asked("alerts")["alerts"]}
    assert "info" in firing
    assert "info" not in {alert["labels"]["severity"] for alert in live.webhook.alerts}
