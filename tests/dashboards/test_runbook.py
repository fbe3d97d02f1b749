"""The runbook has a place for every alert, and what it tells people to type and to set exists."""

import re
import shlex
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from sidecar.cli.commands import app
from sidecar.config.settings import Settings
from sidecar.config.upstreams import Upstream
from sidecar.telemetry.metrics import CATALOGUE
from tests.dashboards.rules_reading import ALERTS, RECORDED, RUNBOOK, THRESHOLD, blocks, section, selectors

IN_CLUSTERS = "PodWithoutSidecar"
"""Stands beside the others, in deploy/kubernetes/monitoring: its series are kube-state-metrics'."""
PARAGRAPHS = ("Means", "See it", "Likely causes", "Do", "Ignore it", "How sure")
TYPED = [line[2:] for line in blocks("console").splitlines() if line.startswith("$ ")]
QUOTED = re.findall(r"`(sidecar (?:[a-z]+)[^`]*)`", RUNBOOK)
KEYS = set(
    re.findall(
        r"`((?:calls|drain|ledger|operations|prices|rescue|limits|observe|labels)\.[a-z_.]+[a-z_])(?::[^`]*)?`", RUNBOOK
    )
)
UPSTREAM_KEYS = set(re.findall(r"upstreams\.<name>\.([a-z_]+)", RUNBOOK))


def test_sections_are_the_alerts_in_their_order() -> None:
    headings = re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)
    assert headings == ["Thresholds", *ALERTS, IN_CLUSTERS, "Recording rules"]


@pytest.mark.parametrize("name", [*ALERTS, IN_CLUSTERS])
def test_an_alert_is_explained_in_six_paragraphs(name: str) -> None:
    found = re.findall(r"^\*\*(.+?)\.?\*\*", section(name), re.MULTILINE)
    assert tuple(found) == PARAGRAPHS


def test_links_lead_to_sections() -> None:
    headings = {heading.lower() for heading in re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([a-z]+)\)", RUNBOOK)) <= headings


def test_every_series_that_is_named_exists() -> None:
    known = {family.name for family in CATALOGUE} | set(RECORDED)
    named = {each.name for each in selectors(RUNBOOK) if not each.name.startswith(THRESHOLD)}
    assert named - known == set()


@pytest.mark.parametrize("line", TYPED + QUOTED)
def test_a_command_that_is_told_exists_with_its_flags(line: str) -> None:
    words = shlex.split(line.partition(" #")[0])
    if words[0] != "sidecar":
        assert words[0] in {"kubectl", "curl", "sed"}
        return
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    flags = {option for parameter in command.params for option in parameter.opts}
    assert not hasattr(command, "commands"), f"{line}: names no command"
    assert {word for word in rest if word.startswith("--")} <= flags


def has_key(model: Any, path: list[str]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None:
        return False
    inner = field.annotation
    is_group = isinstance(inner, type) and issubclass(inner, BaseModel)
    return len(path) == 1 or (is_group and has_key(inner, path[1:]))


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_setting_that_is_named_exists(key: str) -> None:
    assert has_key(Settings, key.split("."))


@pytest.mark.parametrize("key", sorted(UPSTREAM_KEYS))
def test_a_setting_of_upstreams_that_is_named_exists(key: str) -> None:
    assert has_key(Upstream, [key])
