"""Prometheus can read every query, as Grafana would send it."""

import json
import subprocess
from pathlib import Path

import pytest

from dashboards.source.reading import annotation_queries_of, queries_of
from tests.dashboards.committed import CLASSIC, NAMES, asked
from tests.parts import part

pytestmark = pytest.mark.part("promtool")


@pytest.mark.parametrize("name", NAMES)
def test_every_query_parses(name: str, tmp_path: Path):
    queries = [
        *((query.panel, query.expr) for query in queries_of(CLASSIC[name])),
        *annotation_queries_of(CLASSIC[name]),
    ]
    rules = [
        {"record": "parsed:as:a_rule", "expr": asked(expr), "labels": {"query": f"{number} {title}"}}
        for number, (title, expr) in enumerate(queries)
    ]
    file = tmp_path / "queries.json"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": name, "rules": rules}]}))
    checked = subprocess.run(
        [str(part("promtool").path()), "check", "rules", str(file)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert f"{len(rules)} rules found" in checked.stdout
