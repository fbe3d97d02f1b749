"""Whose files settings are read from."""

import os
from pathlib import Path

import pytest

from sidecar.config.file_notes import file_notes
from sidecar.config.load import load

EVERYBODY = "may be written by everybody, and says where keys are sent: chmod o-w"
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def settings(folder: Path) -> Path:
    file = folder / "sidecar.yaml"
    file.write_text("mode: observe")
    file.chmod(0o664)
    return file


def test_a_file_of_our_own_needs_no_word(settings: Path) -> None:
    assert list(file_notes(load({}, {}))) == []


def test_no_file_needs_no_word(folder: Path) -> None:
    assert list(file_notes(load({}, {}))) == []


def test_a_file_that_everybody_may_write_is_said(settings: Path) -> None:
    settings.chmod(0o666)
    assert list(file_notes(load({}, {}))) == [f"sidecar.yaml {EVERYBODY} sidecar.yaml"]


def test_a_link_is_judged_by_what_it_leads_to(folder: Path, settings: Path) -> None:
    (folder / "linked.yaml").symlink_to(settings)
    assert list(file_notes(load({}, {}, "linked.yaml"))) == []
    settings.chmod(0o666)
    assert list(file_notes(load({}, {}, "linked.yaml"))) == [f"linked.yaml {EVERYBODY} linked.yaml"]


def test_a_file_of_facts_counts_too(folder: Path, settings: Path) -> None:
    facts = folder / "sidecar-facts.yaml"
    facts.write_text("upstreams: {}")
    facts.chmod(0o646)
    assert list(file_notes(load({}, {}))) == [f"sidecar-facts.yaml {EVERYBODY} sidecar-facts.yaml"]


@is_root
def test_somebody_elses_file_that_was_only_found_is_said(settings: Path) -> None:
    os.chown(settings, 12_345, -1)
    (said,) = file_notes(load({}, {}))
    assert said.startswith("sidecar.yaml belongs to another user (uid 12345)")


@is_root
def test_somebody_elses_file_that_was_named_is_meant(settings: Path) -> None:
    os.chown(settings, 12_345, -1)
    assert list(file_notes(load({}, {}, "sidecar.yaml"))) == []
