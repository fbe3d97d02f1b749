"""Standard output: its reader may leave, and is not always a terminal."""

import io
import signal

import pytest

from sidecar.cli import INTERRUPTED, OK
from sidecar.cli.output import UNBOUNDED_WIDTH, console_on, new_table, print_table, printable, say
from tests.cli.ledgers import call, write_ledger


@pytest.fixture
def long_list(empty_folder):
    """More rows than a pipe holds."""
    return write_ledger(empty_folder / "many.db", map(call, range(500)))


@pytest.mark.parametrize("format", ["jsonl", "table"])
def test_reader_has_seen_enough__quiet_end(start, long_list, format):
    child = start("calls", "list", "--format", format, "--limit", "500", "--ledger", long_list)
    child.stdout.readline()
    child.stdout.close()
    assert (child.wait(), child.stderr.read()) == (OK, b"")


def test_interrupted__130_and_no_traceback(start, long_list):
    child = start("calls", "list", "--format", "jsonl", "--ledger", long_list)
    child.stdout.readline()  # it runs, and soon waits for the pipe
    child.send_signal(signal.SIGINT)
    assert (child.wait(), child.stderr.read()) == (INTERRUPTED, b"")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def printed(file: io.StringIO) -> str:
    table = new_table()
    table.add_column("HEAD")
    table.add_row("cell", style="yellow")
    print_table(table, file)
    return file.getvalue()


def test_table_in_a_file_is_plain_and_as_wide_as_it_needs():
    assert printed(io.StringIO()) == "HEAD\ncell\n"
    assert console_on(io.StringIO()).width == UNBOUNDED_WIDTH


def test_table_on_a_terminal_has_color(terminal):
    assert "\x1b[33m" in printed(terminal)


def test_no_color_is_respected(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[33m" not in printed(terminal)


@pytest.mark.parametrize(
    ("text", "result"), [("gemini-2.5 é", "gemini-2.5 é"), ("\x1b[2J\r\n", "?[2J??"), ("\u202eabc", "?abc")]
)
def test_text_that_could_move_the_cursor_is_defused(text, result):
    assert printable(text) == result


def test_every_line_that_is_said_bears_our_name(capsys):
    say("one\ntwo")
    assert capsys.readouterr().err == "sidecar: one\nsidecar: two\n"
