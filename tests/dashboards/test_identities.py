"""Each identity reads 0 on a page that adds up, and not on one that does not: asked of Prometheus' own engine."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from dashboards.source.identities import IDENTITIES
from dashboards.source.queries import scoped
from tests.dashboards.committed import asked
from tests.parts import part

pytestmark = pytest.mark.part("promtool")

CALL = 'provider="google",model="m",kind="stream"'
OPERATION = 'provider="openai",model="m",kind="background"'
PAGE: Mapping[str, float] = {
    f"calls_started_total{{{CALL}}}": 20,
    f'calls_settled_total{{{CALL},outcome="delivered"}}': 6,
    f'calls_settled_total{{{CALL},outcome="left_early"}}': 1,
    f'calls_settled_total{{{CALL},outcome="cut_short"}}': 2,
    f'calls_settled_total{{{CALL},outcome="orphan_finished"}}': 3,
    f'calls_settled_total{{{CALL},outcome="rescued"}}': 2,
    f'calls_settled_total{{{CALL},outcome="lost"}}': 1,
    'calls_in_flight{kind="stream",attachment="attached"}': 2,
    'calls_in_flight{kind="stream",attachment="orphaned"}': 2,
    'calls_in_flight{kind="stream",attachment="shelved"}': 1,
    'calls_in_flight{kind="unary",attachment="attached"}': 0,
    # 1 early, 3 orphans, 2 rescued, 1 lost, 3 in flight, 1 returned, and one of the two that were cut
    f'departures_total{{{CALL},reason="fin"}}': 12,
    f'returns_total{{{CALL},via="half_close"}}': 1,
    f'rescued_total{{{CALL},via="retry"}}': 2,
    'orphaned_seconds_count{kind="stream",outcome="orphan_finished"}': 3,
    'call_duration_seconds_count{provider="google",kind="stream"}': 14,
    f"operations_opened_total{{{OPERATION}}}": 5,
    f'operations_settled_total{{{OPERATION},outcome="cancelled"}}': 2,
    'operations_open{kind="background",state="running"}': 1,
    'operations_open{kind="background",state="orphaned"}': 2,
    'operations_open{kind="lro",state="orphaned"}': 0,
    f'departures_total{{{OPERATION},reason="lease_lapsed"}}': 5,
    f'returns_total{{{OPERATION},via="poll"}}': 1,
    f'spend_usd_total{{{CALL},fate="delivered",basis="exact"}}': 0.7,
    f'spend_usd_total{{{CALL},fate="orphaned",basis="exact"}}': 0.1,
    f'spend_usd_total{{{CALL},fate="orphaned",basis="estimated"}}': 0.2,
    f"avoidable_spend_usd_total{{{CALL}}}": 0.3,
    f"rescued_spend_usd_total{{{CALL}}}": 0.7,
    f'unpriced_total{{{CALL},reason="no_price"}}': 4,
}
"""One sidecar's page that adds up, by the sample's name without our prefix."""
SPOILED: Mapping[str, tuple[str, float, float]] = {
    "Calls: started = settled + in flight": (f"calls_started_total{{{CALL}}}", 19, 1),
    "Operations: opened = settled + open": (f"operations_opened_total{{{OPERATION}}}", 7, 2),
    "Calls with no known outcome": (f'calls_settled_total{{{CALL},outcome="none"}}', 1, 1),
    "Calls of no known duration": ('call_duration_seconds_count{provider="google",kind="stream"}', 12, 2),
    "Departures: calls": (f'departures_total{{{CALL},reason="fin"}}', 9, 2),
    "Departures: operations": (f'departures_total{{{OPERATION},reason="lease_lapsed"}}', 2, 1),
    "Orphans without a duration": ('orphaned_seconds_count{kind="stream",outcome="orphan_finished"}', 5, 2),
    "Rescued calls": (f'rescued_total{{{CALL},via="retry"}}', 1, 1),
    "Spend = delivered + orphaned": (f'spend_usd_total{{{CALL},fate="elsewhere",basis="exact"}}', 0.25, 0.25),
    "Avoidable beyond orphaned": (f"avoidable_spend_usd_total{{{CALL}}}", 0.5, 0.2),
    "Rescued beyond delivered": (f"rescued_spend_usd_total{{{CALL}}}", 0.8, 0.1),
    "Inconsistent bills": (f'unpriced_total{{{CALL},reason="inconsistent"}}', 3, 3),
}
"""By identity: the sample that is made wrong, its value, and what the figure must then read."""
EXPRS = {identity.title: asked(scoped(identity.expr)) for identity in IDENTITIES}


def told(pages: Mapping[str, Mapping[str, float]], expected: Mapping[str, float], directory: Path) -> str:
    """What promtool says against these figures of scraped pages, by instance; empty when they are right."""
    series = [
        {"series": _labelled(sample, instance), "values": f"{value}x1"}
        for instance, page in pages.items()
        for sample, value in page.items()
    ]
    questions = [
        {"expr": EXPRS[title], "eval_time": "1m", "exp_samples": [{"labels": "{}", "value": value}]}
        for title, value in expected.items()
    ]
    file = directory / "test.json"  # JSON is YAML
    file.write_text(json.dumps({"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": questions}]}))
    command = [str(part("promtool").path()), "test", "rules", str(file)]
    run = subprocess.run(command, capture_output=True, text=True)
    return "" if run.returncode == 0 else run.stdout + run.stderr


def _labelled(sample: str, instance: str) -> str:
    name, _, labels = sample.partition("{")
    return f'inference_sidecar_{name}{{job="inference-sidecar",instance="{instance}",{labels}'


def test_every_identity_reads_zero_on_pages_that_add_up(tmp_path: Path):
    twice = {sample: 2 * value for sample, value in PAGE.items()}
    assert told({"a:1": PAGE, "b:1": twice}, dict.fromkeys(EXPRS, 0), tmp_path) == ""


@pytest.mark.parametrize("title", EXPRS)
def test_an_identity_that_is_broken_reads_by_how_much(title: str, tmp_path: Path):
    sample, value, off = SPOILED[title]
    assert told({"a:1": {**PAGE, sample: value}, "b:1": PAGE}, {title: off}, tmp_path) == ""


def test_two_sidecars_that_are_wrong_in_opposite_ways_are_both_wrong(tmp_path: Path):
    started = f"calls_started_total{{{CALL}}}"
    pages = {"a:1": {**PAGE, started: 21}, "b:1": {**PAGE, started: 19}}
    assert told(pages, {"Calls: started = settled + in flight": 2}, tmp_path) == ""


def test_departures_that_the_metrics_can_not_tell_apart_are_no_fault(tmp_path: Path):
    departures = f'departures_total{{{CALL},reason="fin"}}'
    for count in (
        11,
        15,
    ):  # neither cut call had been left; both had, and both attached calls are being given to retries
        assert told({"a:1": {**PAGE, departures: count}}, {"Departures: calls": 0}, tmp_path) == ""
    assert told({"a:1": {**PAGE, departures: 16}}, {"Departures: calls": 1}, tmp_path) == ""


def test_a_call_that_an_earlier_process_lost_need_not_have_a_duration(tmp_path: Path):
    measured = 'call_duration_seconds_count{provider="google",kind="stream"}'
    assert told({"a:1": {**PAGE, measured: 15}}, {"Calls of no known duration": 0}, tmp_path) == ""
    assert told({"a:1": {**PAGE, measured: 16}}, {"Calls of no known duration": 1}, tmp_path) == ""
