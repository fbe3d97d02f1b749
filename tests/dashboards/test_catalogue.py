"""What the dashboards ask for is what the sidecar has: names, labels, types, and the values that are written out."""

import re

import pytest

from dashboards.source.identities import DEPARTED, MAY_HAVE_DEPARTED, OUTCOMES
from dashboards.source.looks import BY_LABEL
from dashboards.source.queries import FOREIGN
from dashboards.source.reading import annotation_queries_of, queries_of, variable_queries_of
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OPEN, CancelResult, OperationKind, OperationState
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.metrics import CATALOGUE
from sidecar.telemetry.page import runtime_collectors
from sidecar.telemetry.program import ProgramState
from sidecar.telemetry.sockets import ConnectResult, Direction, Handshake, SocketEnd
from tests.dashboards.committed import CLASSIC, NAMES

FAMILIES = {family.name: family for family in CATALOGUE}
TARGET_LABELS = {"job", "instance", "namespace", "pod"}
"""A scrape adds the first two always, the others in Kubernetes."""
SELECTOR = re.compile(r"\b([a-z_]+)\{([^{}]*)\}")
GROUPING = re.compile(r"\bby \(([^()]*)\)")
ALL = [
    pytest.param(expr, id=f"{name}: {title} {number}")
    for name in NAMES
    for number, (title, expr) in enumerate(
        [*((query.panel, query.expr) for query in queries_of(CLASSIC[name])), *annotation_queries_of(CLASSIC[name])]
    )
]


def family_of(name: str) -> str:
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if base in FAMILIES and FAMILIES[base].type == "histogram" else name


def labels_of(name: str) -> set[str]:
    if name in FOREIGN:
        return TARGET_LABELS
    return {*FAMILIES[family_of(name)].labels, *TARGET_LABELS, *(["le"] if name.endswith("_bucket") else [])}


@pytest.mark.parametrize("expr", ALL)
def test_every_name_and_matcher_is_in_the_catalogue(expr: str):
    for name, matchers in SELECTOR.findall(expr):
        assert name in FOREIGN or family_of(name) in FAMILIES
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers)) <= labels_of(name)


@pytest.mark.parametrize("expr", ALL)
def test_sums_are_by_labels_that_their_families_have(expr: str):
    known = set().union(*(labels_of(name) for name, _ in SELECTOR.findall(expr)))
    for grouping in GROUPING.findall(expr):
        assert set(re.split(r",\s*", grouping)) <= known


@pytest.mark.parametrize("expr", ALL)
def test_only_what_counts_has_a_rate(expr: str):
    for name in re.findall(r"\b(?:rate|increase)\((\w+)", expr):
        assert name == "process_cpu_seconds_total" or FAMILIES[family_of(name)].type in {"counter", "histogram"}
    for name in re.findall(r"histogram_quantile\([0-9.]+, sum by \(le[^()]*\) \(rate\((\w+)", expr):
        assert name.endswith("_bucket")


@pytest.mark.parametrize("name", NAMES)
def test_variables_are_values_of_labels_that_there_are(name: str):
    for variable, query in variable_queries_of(CLASSIC[name]):
        metric, label = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", query).groups()  # type: ignore[union-attr]
        assert label == variable
        assert label in labels_of(metric)


def test_what_is_not_ours_is_on_the_page_or_made_by_the_scrape():
    theirs = {sample.name for each in runtime_collectors() for metric in each.collect() for sample in metric.samples}
    assert set(FOREIGN) - {"up"} <= theirs


@pytest.mark.parametrize("expr", ALL)
def test_what_every_process_has_is_asked_of_sidecars_only(expr: str):
    foreign = [name for name, _ in SELECTOR.findall(expr) if name in FOREIGN]
    assert not foreign or " and on (job, instance) " in expr


def test_every_family_is_shown_somewhere():
    shown = {family_of(name) for each in ALL for name, _ in SELECTOR.findall(str(each.values[0]))}
    assert set(FAMILIES) - shown == set()


def test_every_outcome_is_accounted_for():
    assert set(OUTCOMES.split("|")) == set(Outcome)
    assert set(DEPARTED.split("|")).isdisjoint(MAY_HAVE_DEPARTED.split("|"))


def test_the_kinds_that_are_written_out_are_all_there_are():
    written = {kinds for each in ALL for kinds in re.findall(r'\bkind[=!]~"([a-z|]+)"', str(each.values[0]))}
    assert {frozenset(kinds.split("|")) for kinds in written} == {frozenset(CallKind), frozenset(OperationKind)}


def test_every_word_with_a_meaning_has_its_color():
    ends = [state for state in OperationState if state not in OPEN]
    assert set(BY_LABEL["outcome"]) == {*Outcome, *ends}
    assert set(BY_LABEL["attachment"]) == set(Attachment)
    assert set(BY_LABEL["state"]) == {*OperationState, "active", "busy", "connecting", "waiting", "idle"}
    assert set(BY_LABEL["result"]) == {*CancelResult, *ConnectResult, *Handshake, "made", "failed", "good"}
    assert set(BY_LABEL["end"]) == set(SocketEnd)
    assert set(BY_LABEL["direction"]) == set(Direction)
    assert set(BY_LABEL["basis"]) == set(Basis)
    assert set(BY_LABEL["inference_sidecar_state"]) == set(ProgramState)
