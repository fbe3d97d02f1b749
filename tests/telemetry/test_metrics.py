import re

import pytest

from sidecar.telemetry import metrics, program_metrics
from sidecar.telemetry.family import Family, families_of
from sidecar.telemetry.metrics import CATALOGUE, metrics_table


def test_every_family_is_declared_once():
    names = [family.name for family in CATALOGUE]
    assert len(names) == len(set(names)) > 25


def test_both_files_are_in_the_catalogue_in_their_order():
    assert (*families_of(vars(metrics)), *families_of(vars(program_metrics))) == CATALOGUE


@pytest.mark.parametrize("family", CATALOGUE, ids=lambda family: family.name)
def test_a_family_follows_the_naming_conventions(family: Family):
    assert re.fullmatch(r"inference_sidecar_[a-z_]+", family.name)
    assert family.name.endswith("_total") == (family.type == "counter")
    assert family.name.endswith("_info") == (family.type == "info")
    assert family.unit in family.name
    assert family.help.endswith(".")
    assert bool(family.buckets) == (family.type == "histogram")
    assert list(family.buckets) == sorted(set(family.buckets))


def test_the_table_has_a_row_for_each_family():
    rows = metrics_table().splitlines()
    assert rows[0] == "| name | type | labels | meaning |"
    assert len(rows) == 2 + len(CATALOGUE)
    assert all(row.count("|") == 5 for row in rows)
    assert (
        "| `inference_sidecar_spend_usd_total` | counter | `provider`, `model`, `kind`, `fate`, `basis` |"
        in metrics_table()
    )
