"""The rule files, their promtool tests and the runbook as they are committed, and what their PromQL asks for."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from tests.readme import ROOT

DASHBOARDS = ROOT / "dashboards"
RULE_FILES = (DASHBOARDS / "rules" / "recording.yaml", DASHBOARDS / "rules" / "alerts.yaml")
RUNBOOK = (DASHBOARDS / "RUNBOOK.md").read_text()
PROMTOOL_TESTS = tuple(sorted((ROOT / "tests" / "dashboards" / "rules").glob("*.yaml")))

THRESHOLD = "inference_sidecar:threshold:"
"""How the series begin with which people replace the thresholds of alerts. Nothing here records them."""

_NAME = r"(?<![\w:])(?P<name>(?:[a-z_]+:)?inference_sidecar[a-z0-9_:]*)"
_SELECTOR = re.compile(rf"(?:(?P<function>\w+)\(\s*)?{_NAME}\s*(?:{{(?P<matchers>[^{{}}]*)}})?\s*(?P<range>\[\w+\])?")
_MATCHER = re.compile(r'(?P<label>\w+)\s*(?:=~|!~|!=|=)\s*"(?P<value>[^"]*)"')
_GROUPING = re.compile(r"\bby \((?P<labels>[^()]*)\)")


class Selector(NamedTuple):
    """One place in an expression that asks for series."""

    function: str
    """What is called with it alone, such as `rate`; empty where it stands for itself."""
    name: str
    matchers: dict[str, str]
    has_range: bool


def groups() -> Iterator[dict[str, Any]]:
    """The groups of both files, in their order."""
    for path in RULE_FILES:
        yield from yaml.safe_load(path.read_text())["groups"]


def rules(kind: str) -> dict[str, dict[str, Any]]:
    """All rules of a kind, `record` or `alert`, by their names."""
    found = [rule for group in groups() for rule in group["rules"] if kind in rule]
    by_name = {rule[kind]: rule for rule in found}
    assert len(by_name) == len(found), f"a {kind} stands there twice"
    return by_name


RECORDED, ALERTS = rules("record"), rules("alert")


def selectors(expr: str) -> Iterator[Selector]:
    """Everything of ours that an expression asks for."""
    for found in _SELECTOR.finditer(expr):
        matchers = {each["label"]: each["value"] for each in _MATCHER.finditer(found["matchers"] or "")}
        yield Selector(found["function"] or "", found["name"], matchers, found["range"] is not None)


def groupings(expr: str) -> Iterator[set[str]]:
    """The labels of each `by (...)`."""
    for found in _GROUPING.finditer(expr):
        yield {label.strip() for label in found["labels"].split(",")}


def level_of(record: str) -> set[str]:
    """The labels that a recorded series has, as its name begins with them."""
    level = record.partition(":")[0]
    known = {"job", "instance", "provider", "model", "kind", "reason"}
    assert set(level.split("_")) <= known, f"{record} begins with what is no label"
    return set(level.split("_"))


def section(heading: str) -> str:
    """The text below a heading of the second level of the runbook."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the runbook has no section {heading}"
    return found[1]


def table(heading: str) -> list[list[str]]:
    """The cells of the table in a section of the runbook, without its head, code without its marks."""
    rows = [line for line in section(heading).splitlines() if line.startswith("| ")][2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def blocks(language: str) -> str:
    """The runbook's blocks in a language, one after the other."""
    return "".join(re.findall(rf"^```{language}\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL))


def promtool_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each question about an alert in promtool's tests, with the file it is in."""
    for path in PROMTOOL_TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test.get("alert_rule_test", ()):
                yield path.name, case
