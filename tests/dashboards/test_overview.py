"""What the overview says in words is what stands elsewhere."""

import yaml

from dashboards.source.overview import ALERTS
from tests.readme import ROOT


def test_the_list_of_alerts_is_that_of_the_rules():
    groups = yaml.safe_load((ROOT / "dashboards/rules/alerts.yaml").read_text())["groups"]
    assert [rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule] == list(ALERTS)
