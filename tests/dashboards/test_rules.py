"""Rules say what they mean: promtool accepts and proves them, and what they ask for is what the sidecar has."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationKind, OperationState
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.calls import HALF_CLOSE, RESUMPTION, Attachment
from sidecar.telemetry.metrics import CATALOGUE
from sidecar.telemetry.program import LEDGER_OPERATIONS
from sidecar.telemetry.recorder import LIMITS
from tests.dashboards.rules_reading import (
    ALERTS,
    DASHBOARDS,
    PROMTOOL_TESTS,
    RECORDED,
    RULE_FILES,
    RUNBOOK,
    THRESHOLD,
    Selector,
    blocks,
    groupings,
    groups,
    level_of,
    section,
    selectors,
    table,
)

FAMILIES = {family.name: family for family in CATALOGUE}
TARGET = {"job", "instance"}
EXPRESSIONS = {name: rule["expr"] for name, rule in (RECORDED | ALERTS).items()}
VALUES: dict[str, set[str]] = {
    "kind": {*CallKind, *OperationKind},
    "outcome": {*Outcome, *OperationState},
    "state": {*OperationState},
    "attachment": {*Attachment},
    "trigger": {*CancelTrigger},
    "result": {*CancelResult},
    "fate": {"delivered", "orphaned"},
    "operation": {*LEDGER_OPERATIONS},
    "limit": {*LIMITS},
    "via": {HALF_CLOSE, RESUMPTION},
    "job": {""},
}
"""What labels can say that rules choose by; a job of no name stands for thresholds that are for all."""


def asked(selected: str = "") -> Iterator[Selector]:
    """Everything that all rules together ask for."""
    for expr in EXPRESSIONS.values():
        yield from (each for each in selectors(expr) if each.name.startswith(selected))


def labels_of(name: str) -> set[str]:
    if name in FAMILIES:
        return {*FAMILIES[name].labels, *TARGET}
    return {"job"} if name.startswith(THRESHOLD) else level_of(name)


@pytest.mark.part("promtool")
def test_promtool_has_nothing_to_say() -> None:
    command = ["promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULE_FILES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.part("promtool")
@pytest.mark.parametrize("path", PROMTOOL_TESTS, ids=lambda path: path.stem)
def test_promtool_sees_rules_do_what_is_promised(path: Path) -> None:
    done = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PROMTOOL_TESTS, ids=lambda path: path.stem)
def test_promtool_is_told_the_order_of_the_groups(path: Path) -> None:
    """Without it an alert sees now this moment's recorded figures and now the last one's, as chance will have it."""
    assert yaml.safe_load(path.read_text())["group_eval_order"] == [group["name"] for group in groups()]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_name_and_label_is_known(name: str) -> None:
    for each in selectors(EXPRESSIONS[name]):
        assert each.name in FAMILIES or each.name in RECORDED or each.name.startswith(THRESHOLD), each.name
        assert set(each.matchers) <= labels_of(each.name)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_counters_are_asked_for_their_growth_and_gauges_for_their_value(name: str) -> None:
    for each in selectors(EXPRESSIONS[name]):
        if each.name in FAMILIES:
            is_counter = FAMILIES[each.name].type == "counter"
            assert is_counter or FAMILIES[each.name].type in {"gauge", "info"}, "no rule reads a histogram as yet"
            assert (each.function in {"rate", "increase"}) is is_counter, each
            assert each.has_range is is_counter, each
        else:
            assert each.function not in {"rate", "increase"}, each


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_series_has_the_labels_that_its_name_begins_with(name: str) -> None:
    expr = EXPRESSIONS[name]
    for grouping in groupings(expr):
        assert grouping == level_of(name)
    if not list(groupings(expr)):
        assert {frozenset(level_of(each.name)) for each in selectors(expr)} == {frozenset(level_of(name))}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_sums_are_by_labels_that_their_families_have(name: str) -> None:
    known = set().union(*(labels_of(each.name) for each in selectors(EXPRESSIONS[name])))
    for grouping in groupings(EXPRESSIONS[name]):
        assert grouping <= known


def test_every_value_that_is_chosen_by_exists() -> None:
    for each in asked():
        for label, chosen in each.matchers.items():
            # in turn, so that a word that no sidecar says is found beside others that it does
            for alternative in re.split(r"\|(?![^()]*\))", chosen):
                assert any(re.fullmatch(alternative, value) for value in VALUES[label]), (each.name, label, alternative)


def test_a_sum_of_money_over_operations_and_calls_misses_neither() -> None:
    """`+` of a family that has no series yet is nothing at all; the kinds of the two tell their series apart."""
    assert not {*CallKind} & {*OperationKind}
    assert (
        "or rate(inference_sidecar_operations_settled_total" in RECORDED["job:inference_sidecar_settled:rate1h"]["expr"]
    )


def test_every_recorded_series_is_explained_and_used() -> None:
    explained = [row[0] for row in table("Recording rules")]
    assert sorted(explained) == sorted(RECORDED)
    dashboards = "".join(path.read_text() for path in (DASHBOARDS / "classic").glob("*.json"))
    shown = RUNBOOK.replace(section("Recording rules"), "") + dashboards
    used = {each.name for each in asked()} | {each.name for each in selectors(shown)}
    assert [name for name in RECORDED if name not in used] == []


@pytest.mark.part("promtool")
def test_the_queries_of_the_runbook_are_queries(tmp_path: Path) -> None:
    written = [line for line in blocks("promql").splitlines() if line]
    rules = [{"record": f"runbook:{number}", "expr": expr} for number, expr in enumerate(written)]
    path = tmp_path / "runbook.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "runbook", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", "--lint=none", str(path)], capture_output=True, text=True)
    assert len(written) > 10
    assert done.returncode == 0, done.stdout + done.stderr
