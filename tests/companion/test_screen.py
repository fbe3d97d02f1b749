import json
import signal
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.companion.command import End
from sidecar.companion.screen import FIRST_LINE_SECONDS, LINE_EVERY_SECONDS, Screen
from sidecar.companion.story import Story
from sidecar.companion.tally import Tally
from sidecar.companion.waiting_for import Orphan, Typical
from sidecar.lifecycle.call import Outcome

SHOWN = [(Orphan(upstream="gemini", model="gemini-2.5-pro", kind="unary", seconds=4.0), Typical())]


def told(is_orphaned: bool = True) -> Story:
    tally = Tally(0)
    tally.spend_usd = Decimal("0.12")
    if is_orphaned:
        tally.calls[Outcome.ORPHAN_FINISHED] = 1
        tally.orphaned_usd, tally.longest_seconds, tally.went_on = Decimal("0.12"), 12.3, 1
    return Story(end=End(None, signal.SIGINT), seconds=5.0, mode="observe", tally=tally)


def test_without_a_terminal_it_is_plain_text_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().tell(told())
    out, errors = capsys.readouterr()
    assert not out
    lines = errors.splitlines()
    assert lines[0].startswith("sidecar: your program was interrupted after 5.0 s; the provider worked on for")
    assert "\x1b" not in errors
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)
    assert any(line.startswith("  orphaned      0.120000 USD") for line in lines), errors


def test_nobody_called__then_nothing__but_machines_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().tell(told(is_orphaned=False))
    assert capsys.readouterr().err == ""
    Screen(is_json=True).tell(told(is_orphaned=False))
    assert json.loads(capsys.readouterr().err)["calls"] == {}


def test_json_alone_is_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen(is_json=True)
    screen.say("something")
    screen.show("head", SHOWN, 100.0)
    screen.tell(told())
    assert json.loads(capsys.readouterr().err)["spend_usd"] == "0.12"


def test_quiet_says_nothing__but_writes_the_file_that_is_wanted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    Screen(is_silent=True).tell(told())
    Screen(is_silent=True, file=tmp_path / "story").tell(told())
    assert capsys.readouterr().err == ""
    assert (tmp_path / "story").read_text().startswith("sidecar: your program was interrupted")


def test_file_can_not_be_written__then_that_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    Screen(file=tmp_path / "no" / "such").tell(told())
    assert "can't write" in capsys.readouterr().err


def test_without_a_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    for seconds in range(40):
        screen.show("it ended", SHOWN, float(seconds))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 + (39 - FIRST_LINE_SECONDS) // LINE_EVERY_SECONDS
    assert lines[0] == "sidecar: it ended: 1 call still runs, gemini-2.5-pro for 4.0 s"
