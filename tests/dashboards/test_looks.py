"""Colors and thresholds say what the alerts and the program say."""

import re

import pytest
import yaml

from dashboards.source.looks import (
    BY_NAME,
    GREEN,
    MUST_BE_ZERO,
    ORANGE,
    ORPHAN_AGE,
    ORPHANED_SHARE,
    PRICES_AGE,
    Threshold,
    colors_of,
)
from tests.readme import ROOT

GROUPS = yaml.safe_load((ROOT / "dashboards/rules/alerts.yaml").read_text())["groups"]
ALERTS = {rule["alert"]: rule["expr"] for group in GROUPS for rule in group["rules"] if "alert" in rule}


@pytest.mark.parametrize(
    ("alert", "thresholds"),
    [("OrphanedSpendRatioHigh", ORPHANED_SHARE), ("OrphanStuck", ORPHAN_AGE), ("PricesStale", PRICES_AGE)],
)
def test_a_figure_turns_red_where_its_alert_speaks(alert: str, thresholds: tuple[Threshold, ...]):
    (factors,) = re.findall(r"or vector\(([0-9. *]+)\)", ALERTS[alert])
    product = 1.0
    for factor in factors.split("*"):
        product *= float(factor)
    assert thresholds[-1] == Threshold(product, "red")


def test_less_than_zero_is_as_wrong_as_more():
    assert [step.color for step in MUST_BE_ZERO] == ["red", "green", "red"]


def test_values_of_a_label_have_the_colors_of_that_label():
    assert colors_of("{{fate}}") == {"delivered": GREEN, "orphaned": ORANGE}


def test_a_curve_that_its_page_has_named_has_its_own_color():
    assert colors_of("avoided") == {"avoided": GREEN} == {"avoided": BY_NAME["avoided"]}


def test_names_without_a_meaning_are_the_palettes():
    assert colors_of("{{provider}} {{code}}") == colors_of("{{provider}}") == colors_of("p95") == {}
