"""What can be typed behind `sidecar report`, whoever registers it."""

import json
from collections.abc import Sequence

import pytest
import typer

from sidecar.cli.report_command import EPILOG, report
from sidecar.cli.report_rows import FIGURES
from tests.cli.ledgers import call, orphan, write_ledger


@pytest.fixture
def typed(empty_folder, monkeypatch, capsys):
    """Runs the command with these flags; returns what it printed."""
    records = [call(1, model="gemini-2.5-pro", caller="me"), orphan(2, "0.02", upstream="vertex")]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "x.db", records))
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(epilog=EPILOG)(report)

    def run(*flags: str) -> str:
        app(list(flags), standalone_mode=False)
        return str(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("flags", "begins"), [(["--json"], "{"), (["--csv"], "model,"), (["--html", "-"], "<!doctype")]
)
def test_each_format_has_a_short_form(typed, flags: Sequence[str], begins: str):
    assert typed(*flags).startswith(begins)
    assert typed("--format", flags[0].removeprefix("--")).startswith(begins)


def test_the_same_format_may_be_asked_for_twice(typed):
    assert typed("--json", "--format", "json").startswith("{")


@pytest.mark.parametrize(
    "flags", [["--json", "--csv"], ["--format", "csv", "--html", "-"], ["--timeouts", "--html", "-"]]
)
def test_what_can_not_be_both_is_refused(typed, flags: Sequence[str]):
    with pytest.raises(typer.BadParameter):
        typed(*flags)


def test_a_page_is_written_to_a_file(typed, empty_folder):
    assert typed("--html", "page.html") == ""
    assert (empty_folder / "page.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("flags", "calls"),
    [
        (["--model", "*-pro"], 1),
        (["--upstream", "vertex"], 1),
        (["--caller", "me"], 1),
        (["--since", "2026-11-20T12:02:00Z"], 1),
        ([], 2),
    ],
)
def test_calls_are_chosen(typed, flags: Sequence[str], calls: int):
    assert json.loads(typed("--json", *flags))["total"]["calls"] == calls


def test_only_the_first_lines(typed):
    said = json.loads(typed("--json", "--top", "1", "--by", "model"))
    assert (len(said["lines"]), said["others"]["lines"], said["total"]["calls"]) == (1, 1, 2)


def test_timeouts_are_a_report_of_their_own(typed):
    assert set(json.loads(typed("--timeouts", "--json"))) == {
        "since",
        "until",
        "days",
        "untold",
        "told",
        "live",
        "lines",
    }


def test_help_names_what_json_has(typed):
    assert all(figure in EPILOG for figure in FIGURES)
    assert "foregone{}" in typed("--help")
