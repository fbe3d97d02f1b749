"""A bill as one HTML file: no script, no font and no picture from anywhere; light or dark as its reader's system is; printable.

Models and callers are named by requests: every text is escaped, stands in a `bdi`, and its unprintable characters are `?`. The
page says by a Content-Security-Policy of its own that nothing is to be loaded or run.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files
from typing import Final, TextIO

from sidecar.cli.money import amount, percent
from sidecar.cli.output import printable
from sidecar.cli.report_table import ORPHAN_FIELDS, estimated, rows_of, shown_figures
from sidecar.cli.report_words import closing, head_of, saved
from sidecar.cli.timeout_report import section
from sidecar.clock import Moment, rfc3339
from sidecar.ledger.bill import Bill, BillLine, Orphan
from sidecar.ledger.contract import By

TITLE: Final = "What inference cost, and what of it went to nobody"
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
BAR: Final = "ORPHANED USD"
"""The figure behind which a bar stands: this part of the line's spend."""


def write_page(bill: Bill, by: By, when: str, now: Moment, file: TextIO) -> None:
    """All of it; `when` is its period in words, `now` when it was made."""
    file.write(_head())
    file.write(f"<h1>{TITLE}</h1>\n<p class=when>{escape(when[:1].upper() + when[1:])}</p>\n")
    for part in _parts(bill, by, when):
        file.write(f"{part}\n")
    made = f"Made {rfc3339(now)[:19].replace('T', ' ')} UTC by <code>sidecar report</code>. Days and moments are UTC."
    file.write(f"<footer>{made}</footer>\n</body>\n</html>\n")


def _head() -> str:
    style = files("sidecar.cli").joinpath("report.css").read_text(encoding="utf-8")
    return (
        "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv=Content-Security-Policy content="{POLICY}">\n'
        "<meta name=viewport content='width=device-width, initial-scale=1'>\n"
        f"<title>{TITLE}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
    )


def _parts(bill: Bill, by: By, when: str) -> Iterator[str]:
    if not bill.total.calls and not bill.total.operations:
        yield "<p>No calls and no operations.</p>"
        return
    yield _figures(bill)
    yield f"<h2>By {escape(by.value)}</h2>"
    yield _lines(bill, by)
    if bill.dearest:
        yield "<h2>Dearest orphans</h2>"
        yield _dearest(bill.dearest)
    if sentences := list(section(bill.timeouts)):
        yield f"<h2>Timeouts</h2>\n{_list(sentences)}"
    yield f"<h2>In words</h2>\n{_list(closing(bill, when))}"


def _figures(bill: Bill) -> str:
    total = bill.total
    share = percent(total.orphaned_usd, total.spend_usd)
    shown = [
        ("Spend, USD", amount(total.spend_usd, estimated(total.estimated_usd)), ""),
        ("Orphaned, USD", amount(total.orphaned_usd, estimated(total.orphaned_estimated_usd)), share),
        ("Avoidable, USD", amount(total.avoidable_usd, estimated(total.avoidable_estimated_usd)), ""),
    ]
    if total.avoided_usd or total.regretted_usd:
        shown.append(("Saved by cancelling, USD", saved(total), ""))
    if total.rescued:
        shown.append(
            ("Rescued, USD", amount(total.rescued_usd), "1 call" if total.rescued == 1 else f"{total.rescued} calls")
        )
    if bill.foregone.saved_usd > 0:
        shown.append(("Enforce would have saved, USD", amount(bill.foregone.saved_usd, "estimated"), ""))
    cards = (
        f"<div><dt>{escape(name)}</dt><dd>{escape(usd)} <small>{escape(note)}</small></dd></div>"
        for name, usd, note in shown
    )
    return f"<dl>\n{_joined(cards)}\n</dl>"


def _lines(bill: Bill, by: By) -> str:
    figures = shown_figures(bill.total)
    heads = [_head_cell(head_of(by)), *(_head_cell(figure.head, is_number=True) for figure in figures)]
    rows = []
    for name, line in rows_of(bill, by):
        kind = " class=total" if line is bill.total else " class=others" if line is bill.others else ""
        cells = "".join(_number(figure.cell(line), _bar(line) if figure.head == BAR else "") for figure in figures)
        rows.append(f"<tr{kind}><th scope=row>{_named(name)}</th>{cells}</tr>")
    return _table(heads, rows)


def _bar(line: BillLine) -> str:
    share = float(100 * line.orphaned_usd / line.spend_usd) if line.spend_usd else 0.0
    return f' style="--share:{min(share, 100.0):.1f}%"' if share else ""


def _dearest(orphans: Sequence[Orphan]) -> str:
    heads = [_head_cell(field.head, is_number=field.is_number) for field in ORPHAN_FIELDS]
    rows = (
        "".join(
            _number(field.cell(orphan)) if field.is_number else f"<td>{_named(field.cell(orphan))}</td>"
            for field in ORPHAN_FIELDS
        )
        for orphan in orphans
    )
    return _table(heads, (f"<tr>{row}</tr>" for row in rows))


def _table(heads: Iterable[str], rows: Iterable[str]) -> str:
    head, body = "".join(heads), _joined(rows)
    return f"<div class=scroll><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>"


def _head_cell(text: str, *, is_number: bool = False) -> str:
    kind = " class=number" if is_number else ""
    words = text.capitalize().replace("usd", "USD").replace("utc", "UTC")
    return f"<th scope=col{kind}>{escape(words)}</th>"


def _number(text: str, style: str = "") -> str:
    kind = '"number bar"' if style else "number"
    return f"<td class={kind}{style}>{escape(text)}</td>"


def _named(text: str) -> str:
    return f"<bdi>{escape(printable(text))}</bdi>"


def _list(sentences: Iterable[str]) -> str:
    return "<ul>\n" + _joined(f"<li>{_named(sentence)}</li>" for sentence in sentences) + "\n</ul>"


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(parts)
