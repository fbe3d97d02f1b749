"""A bill on terminals of any width, whatever models and callers are called."""

from decimal import Decimal

import pytest
from rich.cells import cell_len

from sidecar.cli.report_table import LONGEST
from tests.cli.ledgers import Lived, call, operation, orphan, orphaned_operation, rescued, write_ledger

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "<script>alert(1)</script>",
    "\u202egnp",
    "開発" * 40,
    "m" * 400,
    "[bold]x[/bold]",
    "a\nb\tc",
]


@pytest.fixture
def everything(empty_folder, monkeypatch):
    records = [call(number, model=name, caller=name) for number, name in enumerate(HOSTILE)]
    records += [orphan(20, "123456.25"), rescued(21, "0.02", by="c022"), call(23, basis="estimated")]
    lived = [orphaned_operation(30, "0.5"), Lived(operation(32))]
    monkeypatch.setenv("SIDECAR_LEDGER__URL", write_ledger(empty_folder / "all.db", records, lived))


def tables(out: str) -> list[str]:
    """The lines of the tables; the sentences below them are as long as they are."""
    return out.split("\n\n1 ")[0].split("\n\nNone ")[0].split(" of ")[0].splitlines()[:-1]


@pytest.mark.parametrize("width", [80, 100, 120, 150, 200])
@pytest.mark.parametrize("by", ["model", "caller", "day", "reason"])
def test_tables_fit_and_nothing_moves_the_cursor(sidecar, everything, monkeypatch, width, by):
    monkeypatch.setenv("COLUMNS", str(width))
    out = sidecar("report", "--by", by).out
    assert all(cell_len(line) <= width for line in tables(out))
    assert all(letter.isprintable() or letter == "\n" for letter in out)
    assert "123456.250000" in out


def test_a_narrow_terminal_is_shown_what_counts(sidecar, everything, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    first, second, *_ = sidecar("report").out.splitlines()
    assert first.split() == ["SPEND", "ORPHANED", "AVOIDABLE"]
    assert second.split() == ["MODEL", "CALLS", "OPERATIONS", "ORPHANED", "USD", "USD", "USD"]


def test_a_wide_one_is_shown_all_of_which_there_is_any(sidecar, everything):
    head = " ".join(sidecar("report").out.splitlines()[0].split())
    assert head.endswith("ORPHANED SPEND USD ORPHANED USD SHARE AVOIDABLE USD RESCUED SAVED USD UNPRICED")


def test_a_name_is_cut_before_it_fills_the_screen(sidecar, everything):
    assert f"{'m' * (LONGEST - 1)}…" in sidecar("report").out


def test_markup_in_a_name_is_text(sidecar, everything):
    assert "[bold]x[/bold]" in sidecar("report").out


def test_what_is_estimated_is_marked(sidecar, empty_folder):
    lost = {"basis": "estimated", "orphaned_usd": Decimal("0.5")}
    url = write_ledger(
        empty_folder / "rough.db", [orphan(1, "0.5", **lost), orphan(2, "1", avoidable_basis="estimated")]
    )
    row = sidecar("report", "--ledger", url).out.splitlines()[1].split()
    assert [cell for cell in row if "." in cell and cell.startswith("~")] == ["~1.500000", "~1.500000", "~0.375000"]


def test_one_row_has_no_total(sidecar, empty_folder):
    lines = sidecar("report", "--ledger", write_ledger(empty_folder / "one.db", [call(1)])).out.splitlines()
    assert lines[1].split()[:2] == ["gemini-2.5-flash", "1"]
    assert lines[2] == ""


def test_no_rows__said(sidecar, empty_folder):
    assert (
        sidecar("report", "--ledger", write_ledger(empty_folder / "none.db", [])).out == "no calls and no operations\n"
    )


def test_days_say_that_they_are_utc(sidecar, everything):
    assert sidecar("report", "--by", "day").out.startswith("DAY (UTC)")
    assert "BEGAN (UTC)" in sidecar("report", "--by", "day").out


def test_callers_that_stayed_have_a_line(sidecar, everything):
    out = sidecar("report", "--by", "reason").out
    assert out.startswith("REASON")
    assert "(stayed)" in out
