"""The tables come to their places in the README, and what they say adds up."""

import re

import pytest
import yaml

from tests.readme import ROOT
from tests.scale import run
from tests.scale.arithmetic import DROPPED, kept, prometheus
from tests.scale.scenarios import SCENARIOS

README = run.README.read_text()
PLACES = ("pages", "prometheus", "prometheus_of", "postgres", "database_of", "sessions", "before", "scenarios")


def test_a_table_takes_the_place_of_the_one_before() -> None:
    text = "a\n<!-- pages -->\nold\n<!-- /pages -->\nb"
    assert run.put(text, "pages", "| new |\n") == "a\n<!-- pages -->\n\n| new |\n\n<!-- /pages -->\nb"


def test_a_table_without_a_place_is_refused() -> None:
    with pytest.raises(LookupError):
        run.put("nothing", "pages", "| new |\n")


@pytest.mark.parametrize("name", PLACES)
def test_every_table_has_a_place_and_stands_in_it(name: str) -> None:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", README, re.DOTALL)
    assert found is not None
    assert "| --- | ---:" in found[1]


def test_no_scenario_of_the_readme_has_lost_doubled_or_falsely_cancelled_anything() -> None:
    table = README.split("<!-- scenarios -->")[1].split("<!-- /scenarios -->")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(SCENARIOS)
    assert [[cell.strip() for cell in row[5:8]] for row in rows] == [["0", "0", "0"]] * len(rows)


def test_what_large_fleets_drop_is_left_out_and_nothing_else() -> None:
    page = f'{DROPPED[0]}{{le="1"}} 0\ninference_sidecar_orphaned_seconds_sum 0\npython_gc_collections_total 1\nup 1'
    assert kept(page.encode()) == b"inference_sidecar_orphaned_seconds_sum 0\nup 1"


def test_samples_a_second_are_the_series_by_the_interval() -> None:
    asked = prometheus(10_000, 600, 9_000, 15)
    assert (asked.series, asked.samples_a_second, asked.scraped_bytes_a_second) == (6_000_000, 400_000, 6_000_000)


def test_deployment_guide_drops_the_same_and_no_rule_asks_for_it() -> None:
    guide = (ROOT / "deploy/README.md").read_text()
    (block,) = re.findall(r"```yaml\n(# prometheus\.yml, for a large fleet\n.*?)```", guide, re.DOTALL)
    (job,) = yaml.safe_load(block)["scrape_configs"]
    (rule,) = job["metric_relabel_configs"]
    dropped = re.compile(rule["regex"])
    assert rule["action"] == "drop"
    assert all(dropped.fullmatch(f"{name}s_total" if name.endswith("_") else name) for name in DROPPED)
    assert not dropped.fullmatch("inference_sidecar_orphaned_seconds_sum")
    rules = "".join(path.read_text() for path in (ROOT / "dashboards/rules").glob("*.yaml"))
    assert [name for name in re.findall(r"inference_sidecar_\w+", rules) if dropped.fullmatch(name)] == []
