"""Every alert tells a person what is wrong, how badly, in which unit, and where to read on; and is proved to fire and not to."""

import re

import pytest

from tests.dashboards.rules_reading import ALERTS, THRESHOLD, promtool_cases, selectors, table

SEVERITIES = {"page", "ticket", "info"}
MOST_PAGES = 3
"""Whoever is woken for everything is woken for nothing."""
OF_THIS_MOMENT = {"OrphanStuck", "PricesStale", "SidecarAbsent", "SidecarsGone"}
SHARES = {"OrphanedSpendRatioHigh", "CancelIneffective", "Unpriced", "CallsCutShort"}
UNITS = ("USD", "humanizePercentage", "humanizeDuration", "printf", "{{ $value }}")


def anchor(heading: str) -> str:
    """As GitHub and GitLab make it of a heading of one word."""
    return heading.lower()


@pytest.mark.parametrize("name", ALERTS)
def test_it_is_told_in_full(name: str) -> None:
    alert = ALERTS[name]
    assert re.fullmatch(r"([A-Z][a-z]+)+", name)
    assert set(alert["annotations"]) == {"summary", "description", "runbook_url"}
    assert alert["labels"].keys() == {"severity"}
    assert alert["labels"]["severity"] in SEVERITIES
    assert alert["annotations"]["runbook_url"] == f"dashboards/RUNBOOK.md#{anchor(name)}"


@pytest.mark.parametrize("name", ALERTS)
def test_its_description_has_the_job_the_figure_and_the_unit(name: str) -> None:
    description = ALERTS[name]["annotations"]["description"]
    assert "$labels.job" in description
    assert "$value" in description
    assert any(unit in description for unit in UNITS)
    is_money = re.match(r"[\s(]*(3600 \* )?job:inference_sidecar_\w+_usd:", ALERTS[name]["expr"]) is not None
    assert not is_money or 'printf "%.2f" $value }} USD' in description


def test_few_of_them_page() -> None:
    assert len([name for name, alert in ALERTS.items() if alert["labels"]["severity"] == "page"]) <= MOST_PAGES


@pytest.mark.parametrize("name", ALERTS)
def test_a_figure_of_this_moment_has_to_last_and_a_sum_need_not(name: str) -> None:
    """A missed scrape, or a restart, changes the first and not the second."""
    has_to_last = name in OF_THIS_MOMENT | SHARES | {"LedgerErrors"}
    assert ("for" in ALERTS[name]) is (has_to_last and name != "CallsCutShort")


@pytest.mark.parametrize("name", ALERTS)
def test_promtool_sees_it_fire_and_not_fire(name: str) -> None:
    fired = [bool(case.get("exp_alerts")) for _, case in promtool_cases() if case["alertname"] == name]
    assert set(fired) == {True, False}


@pytest.mark.parametrize("name", ALERTS)
def test_it_has_a_file_of_tests_of_its_own_and_is_quiet_where_nothing_happens(name: str) -> None:
    files = {file for file, case in promtool_cases() if case["alertname"] == name}
    assert {f"{name}.yaml", "quiet.yaml"} <= files


def test_promtool_is_asked_of_no_alert_that_is_not_there() -> None:
    assert {case["alertname"] for _, case in promtool_cases()} == set(ALERTS)


def test_every_threshold_is_in_the_runbook_with_its_default_and_its_alert() -> None:
    written = {}
    for name, alert in ALERTS.items():
        for threshold, default in re.findall(
            rf'max\(({THRESHOLD}\w+){{job=""}}\) or vector\(([^()]+)\)', alert["expr"]
        ):
            written[threshold] = (default, name)
    told = {row[0]: (row[1], re.sub(r"\[(\w+)\].*", r"\1", row[3])) for row in table("Thresholds")}
    assert told == written


@pytest.mark.parametrize("name", ALERTS)
def test_a_threshold_may_be_said_for_all_jobs_or_for_one(name: str) -> None:
    """Three times in one shape: for the job, else for all, else the number; and the number takes the job of the figure."""
    expr = ALERTS[name]["expr"]
    thresholds = [each for each in selectors(expr) if each.name.startswith(THRESHOLD)]
    if not thresholds:
        return
    (for_one, for_all) = thresholds
    assert for_one.name == for_all.name
    assert (for_one.matchers, for_all.matchers) == ({}, {"job": ""})
    assert re.search(rf"on \(job\)( group_left \(\))? \(\s*{for_one.name}\s+or on \(job\) 0 \* ", expr)
