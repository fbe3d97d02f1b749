"""Flags and exit codes of `sidecar run`; what it does is in end_to_end/test_run*.py."""

import gc
from collections.abc import Iterator

import pytest
import typer

from sidecar.cli.run_command import CONTEXT, NO_SIDECAR, run
from sidecar.companion.run import Options

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.command(context_settings=CONTEXT)(run)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[list[str], Options]]]:
    """What would have been run."""
    seen: list[tuple[list[str], Options]] = []

    def instead(_loaded: object, command: list[str], options: Options) -> int:
        seen.append((command, options))
        return 5

    monkeypatch.setattr("sidecar.companion.run.run", instead)
    yield seen
    gc.enable()


def code_of(*words: str) -> int:
    return int(app(list(words), standalone_mode=False) or 0)


@pytest.mark.parametrize(
    "words", [["--", "python", "script.py", "--wait", "3"], ["python", "script.py", "--wait", "3"]]
)
def test_what_follows_the_command_is_the_commands(asked: list[tuple[list[str], Options]], words: list[str]) -> None:
    assert code_of(*words) == 5
    assert asked == [(["python", "script.py", "--wait", "3"], Options())]


def test_second_dashes_are_the_commands(asked: list[tuple[list[str], Options]]) -> None:
    code_of("--", "git", "log", "--", "file")
    assert asked[0][0] == ["git", "log", "--", "file"]


def test_flags_become_options(asked: list[tuple[list[str], Options]]) -> None:
    code_of("--wait", "90s", "--override", "-q", "-v", "--json", "--report", "told", "--", "true")
    (_, options) = asked[0]
    assert (options.wait_seconds, options.overrides, options.is_quiet, options.is_verbose) == (90.0, True, True, True)
    assert options.is_json
    assert str(options.report) == "told"
    code_of("--wait", "0", "--intercept", "--", "true")
    assert (asked[1][1].wait_seconds, asked[1][1].intercepts) == (0.0, True)


def test_a_sidecar_that_stands_alone_is_the_proxy__then_a_run_beside_it_starts(
    asked: list[tuple[list[str], Options]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:8780")
    assert code_of("--", "true") == 5


def test_settings_are_wrong__then_nothing_is_run(
    asked: list[tuple[list[str], Options]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("--mode", "sometimes", "--", "true") == NO_SIDECAR
    assert "--mode" in capsys.readouterr().err
    assert not asked
