"""The catalogue, README's table and the registry say the same: what a scraper reads, name by name.

That the dashboards and the rules ask for nothing else is tested in tests/dashboards.
"""

import re
from typing import NamedTuple

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sidecar.telemetry.metrics import CATALOGUE
from sidecar.telemetry.page import expose
from sidecar.telemetry.recorder import Recorder
from tests.readme import README
from tests.telemetry.everything import seen_everything

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
ROW = re.compile(r"\| `(inference_sidecar_\w+)` \| (\w+) \| (.*?) \| (.*) \|")


class Declared(NamedTuple):
    """What there is to be said of a family."""

    name: str
    type: str
    labels: frozenset[str]
    help: str


@pytest.fixture
def shown(recorder: Recorder) -> list[Metric]:
    """Our families, as a scraper reads them from a sidecar that has seen one of everything."""
    text = expose(seen_everything(recorder).page(), OPENMETRICS).body.decode()
    families = text_string_to_metric_families(text)
    return [family for family in families if family.name.startswith("inference_sidecar_")]


def as_declared(metric: Metric) -> Declared:
    suffix = {"counter": "_total", "info": "_info"}.get(metric.type, "")
    labels = {label for sample in metric.samples for label in sample.labels}
    return Declared(metric.name + suffix, metric.type, frozenset(labels) - {"le"}, metric.documentation)


def catalogue() -> list[Declared]:
    return [Declared(family.name, family.type, frozenset(family.labels), family.help) for family in CATALOGUE]


def test_the_registry_shows_the_catalogue_and_nothing_else(shown: list[Metric]):
    assert sorted(map(as_declared, shown)) == sorted(catalogue())


def test_every_family_is_shown_once_and_has_a_sample(shown: list[Metric]):
    assert len({metric.name for metric in shown}) == len(shown) == len(CATALOGUE)
    assert [metric.name for metric in shown if not metric.samples] == []


def test_the_registry_shows_the_units_of_the_catalogue(shown: list[Metric]):
    assert {metric.name: metric.unit for metric in shown} == {
        family.name.removesuffix("_total").removesuffix("_info"): family.unit for family in CATALOGUE
    }


def test_the_registry_shows_the_buckets_of_the_catalogue(shown: list[Metric]):
    bounds = {
        metric.name: tuple(sorted({float(sample.labels["le"]) for sample in metric.samples if "le" in sample.labels}))
        for metric in shown
        if metric.type == "histogram"
    }
    declared = {family.name: (*family.buckets, float("inf")) for family in CATALOGUE if family.buckets}
    assert bounds == declared


def test_the_table_in_readme_is_the_catalogue():
    """`make docs` writes it."""
    table = README.read_text().partition("<!-- metrics -->")[2].partition("<!-- /metrics -->")[0]
    rows = [
        Declared(name, type, frozenset(re.findall(r"`(\w+)`", labels)), help)
        for name, type, labels, help in ROW.findall(table)
    ]
    assert rows == catalogue()
