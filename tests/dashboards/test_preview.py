"""The preview's parts that need neither npm nor a browser: what it asks, how it names, where it runs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from dashboards.preview import scene
from dashboards.preview.pictures import complaints_in, height_of
from dashboards.preview.prometheus import Prometheus, QueryRefusedError
from dashboards.preview.questions import Span, answers, empty_panels
from dashboards.preview.variables import (
    Times,
    as_regex,
    label_values,
    series_name,
    start_of,
    substituted,
    times_of,
)

MINUTE = Times(start=1000.0, end=1060.0, interval=5.0, rate_interval=20.0)


# === what Grafana puts into a query ===


def test_macros_of_time_are_filled_in() -> None:
    query = "increase(x[$__range]) / rate(x[$__rate_interval]) + ${__range_s} + $__interval_ms"
    assert substituted(query, {}, MINUTE) == "increase(x[60s]) / rate(x[20s]) + 60 + 5000"


def test_variables_are_filled_in__in_each_of_their_three_forms() -> None:
    query = 'x{job=~"$job", pod=~"${pod:regex}", model=~"[[model]]"}'
    values = {"job": [".+"], "pod": ["a-0", "b.c"], "model": ["gpt-5.4"]}
    assert substituted(query, values, MINUTE) == r'x{job=~".+", pod=~"(a-0|b\\.c)", model=~"gpt-5.4"}'


def test_a_variable_that_nobody_declared__is_an_error() -> None:
    with pytest.raises(LookupError, match="no variable has the name region"):
        substituted('x{region="$region"}', {}, MINUTE)


def test_one_value_stands_as_it_is__since_it_may_be_an_expression() -> None:
    assert as_regex([".*"]) == ".*"


@pytest.mark.parametrize(
    ("seconds", "points", "interval", "rate_interval"),
    [(480, 1600, 5, 20), (3600, 600, 10, 20), (86_400, 800, 120, 125)],
)
def test_intervals_are_those_of_grafana(seconds: int, points: int, interval: float, rate_interval: float) -> None:
    times = times_of(0.0, seconds, points, least_interval=5.0)
    assert (times.interval, times.rate_interval) == (interval, rate_interval)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("label_values(job)", ("", "job")),
        ('label_values(up{job=~"a, b"}, instance)', ('up{job=~"a, b"}', "instance")),
    ],
)
def test_a_variables_query_is_read(query: str, expected: tuple[str, str]) -> None:
    assert label_values(query) == expected


def test_another_query_of_a_variable__is_an_error() -> None:
    with pytest.raises(ValueError, match="knows no other query"):
        label_values("query_result(up)")


@pytest.mark.parametrize(
    ("legend", "name"),
    [
        ("{{model}} {{ kind }}", "gpt-5.4 stream"),
        ("{{pod}}", "pod"),
        ("spend", "spend"),
        ("__auto", 'x{kind="stream", model="gpt-5.4"}'),
    ],
)
def test_series_are_named_by_their_legend(legend: str, name: str) -> None:
    assert series_name(legend, {"__name__": "x", "model": "gpt-5.4", "kind": "stream"}) == name


def test_a_panels_own_range_begins_where_it_says() -> None:
    end = 3 * 86_400.0 + 500
    assert [start_of(text, end) - end for text in ("now/d", "now-1h", "1h", "now-1d/d")] == [
        -500,
        -3600,
        -3600,
        -86_900,
    ]


# === what is asked, of a server that says back what it was asked ===


class Echo(BaseHTTPRequestHandler):
    """Answers as Prometheus does; a query's only series has the query as a label."""

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        query = asked.get("query", "")
        series = [] if "nothing" in query else [{"metric": {"query": query}, "value": [60, "1"], "values": [[60, "1"]]}]
        data = ["a-0", "b-0"] if "/label/" in place.path else {"result": series}
        is_refused = query == "("
        self.send_response(400 if is_refused else 200)
        self.end_headers()
        self.wfile.write(json.dumps({"error": "parse error"} if is_refused else {"data": data}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def echoing() -> Iterator[Prometheus]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Prometheus(f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    with echoing() as server:
        yield server


def dashboard(**panel: Any) -> dict[str, Any]:
    """With one panel, a variable of each kind, and a row."""
    targets = [
        {"refId": "A", "expr": 'rate(x{pod=~"$pod"}[$__rate_interval])', "legendFormat": "a"},
        {"refId": "B", "expr": "y", "instant": True, "format": "table"},
        {"refId": "C", "expr": "hidden", "hide": True},
    ]
    return {
        "panels": [
            {"id": 1, "type": "row", "title": "Row", "gridPos": {"x": 0, "y": 0, "w": 24, "h": 1}},
            {"id": 2, "type": "table", "title": "T", "gridPos": {"x": 0, "y": 1, "w": 12, "h": 9}, "targets": targets}
            | panel,
        ],
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {"value": "default"}},
                {"name": "pod", "type": "query", "query": {"query": "label_values(up, pod)"}, "includeAll": True},
                {"name": "job", "type": "query", "query": "label_values(up, job)", "current": {"value": "a-0"}},
                {"name": "any", "type": "query", "query": "", "includeAll": True, "allValue": ".*"},
            ]
        },
    }


def test_a_dashboards_queries_are_asked_with_its_variables(prometheus: Prometheus) -> None:
    answered = answers(dashboard(), prometheus, Span(1000.0, 1060.0))
    curves, table = answered["panels"]["2"]
    assert curves["query"] == 'rate(x{pod=~"(a-0|b-0)"}[20s])'
    assert (table["format"], table["instant"]) == ("table", True)
    assert curves["series"][0]["name"] == "a"


def test_variables_are_as_when_the_dashboard_is_opened(prometheus: Prometheus) -> None:
    answered = answers(dashboard(), prometheus, Span(1000.0, 1060.0))
    expected = {"datasource": ["default"], "pod": ["a-0", "b-0"], "job": ["a-0"], "any": [".*"]}
    assert answered["variables"] == expected


def test_a_panel_whose_queries_find_nothing__is_named(prometheus: Prometheus) -> None:
    answered = answers(
        dashboard(title="Empty", targets=[{"refId": "A", "expr": "nothing"}]), prometheus, Span(1000.0, 1060.0)
    )
    assert empty_panels(answered) == ["Empty"]


def test_a_panel_with_a_range_of_its_own__is_asked_over_that(prometheus: Prometheus) -> None:
    targets = [{"refId": "A", "expr": "increase(x[$__range])", "instant": True}]
    answered = answers(dashboard(timeFrom="1h", targets=targets), prometheus, Span(9000.0, 9060.0))
    assert answered["panels"]["2"][0]["query"] == "increase(x[3600s])"


def test_a_query_that_prometheus_refuses__is_an_error_with_its_words(prometheus: Prometheus) -> None:
    with pytest.raises(QueryRefusedError, match="parse error; the query is"):
        prometheus.instant("(", 0.0)


def test_every_committed_dashboard_can_be_asked(prometheus: Prometheus) -> None:
    for path in sorted((Path(scene.__file__).parent.parent / "classic").glob("*.json")):
        answered = answers(json.loads(path.read_text()), prometheus, Span(1000.0, 1480.0))
        assert empty_panels(answered) == [], path.name


# === where it runs ===


def test_the_rules_are_loaded_as_they_stand__but_evaluated_each_second(tmp_path: Path) -> None:
    for written in map(Path, scene.rules_in(tmp_path)):
        loaded = yaml.safe_load(written.read_text())
        committed = yaml.safe_load((scene.RULES / written.name).read_text())
        assert {group.pop("interval") for group in loaded["groups"]} == {"1s"}
        for group in committed["groups"]:
            group.pop("interval", None)
        assert loaded == committed


def test_targets_have_the_labels_of_a_pod() -> None:
    sidecar = scene.Sidecar("checkout", "http://127.0.0.1:1", "http://127.0.0.1:2")
    read = yaml.safe_load(scene.configuration([sidecar], ["rules.yaml"]))
    (job,) = read["scrape_configs"]
    labels = {"instance": "checkout-0", "pod": "checkout-0", "namespace": "demo"}
    assert job["static_configs"] == [{"targets": ["127.0.0.1:2"], "labels": labels}]
    assert job["job_name"] == "inference-sidecar"


def test_the_pages_height_is_that_of_its_grid() -> None:
    assert height_of(dashboard()) == 84 + 10 * 38 + 8


def test_what_the_page_complains_of__is_told_from_a_browsers_chatter() -> None:
    log = '[1:INFO:CONSOLE:3] "TypeError: x is not a function", source: page.js (1)\n[1:ERROR:dbus.cc] no bus\n'
    assert complaints_in(log) == ['[1:INFO:CONSOLE:3] "TypeError: x is not a function", source: page.js (1)']
