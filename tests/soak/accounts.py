"""Three accounts of the same calls, side by side in one scratch database: what callers asked, what the provider billed, what the
ledger says. Too many for a dict; each question is one statement.

Money is in whole 10^-15 dollars there: floats would not do, and no price has more digits.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from tests.soak.answers import TARIFF, Answer
from tests.soak.house import Edition
from tests.soak.ledgers import CALLS, SEEDED, SoakedLedger

DIGITS = 15
TABLES = """
CREATE TABLE answers (number INTEGER PRIMARY KEY, upstream TEXT, status INTEGER, stops INTEGER, usd INTEGER);
CREATE TABLE asked (tag TEXT PRIMARY KEY, number INTEGER, ending TEXT, sent INTEGER, whole INTEGER,
    rescued INTEGER, trouble TEXT);
CREATE TABLE billed (tag TEXT, number INTEGER, how TEXT);
CREATE TABLE rows (
    caller TEXT, upstream TEXT, kind TEXT, started_at INTEGER, settled_at INTEGER, outcome TEXT, usd INTEGER,
    basis TEXT, usage TEXT
);
CREATE TABLE editions (number INTEGER, written_at INTEGER, read_at INTEGER, gone_at INTEGER, input INTEGER, output INTEGER);
"""
TOGETHER = """
CREATE INDEX billed_by_tag ON billed (tag);
CREATE INDEX rows_by_caller ON rows (caller);
CREATE TABLE bills AS
    SELECT tag, count(*) AS times, sum(usd) AS usd, sum(how = 'stopped') AS stopped
    FROM billed JOIN answers USING (number) GROUP BY tag;
CREATE UNIQUE INDEX bills_by_tag ON bills (tag);
CREATE TABLE told AS
    SELECT caller AS tag, count(*) AS times, sum(usd) AS usd, sum(basis IS NOT NULL AND basis != 'exact') AS inexact,
        sum(outcome = 'delivered') AS delivered, sum(outcome = 'rejected') AS rejected, sum(outcome = 'joined') AS joined,
        sum(outcome = 'rescued') AS rescued, sum(outcome IS NULL OR settled_at IS NULL) AS open, group_concat(outcome) AS outcome
    FROM rows WHERE upstream LIKE 'soak-%' GROUP BY caller;
CREATE UNIQUE INDEX told_by_tag ON told (tag);
"""
REMAINING = "ending IN ('stays', 'secure')"
OFFENSES = {
    "callers were not served": "SELECT tag, ending, trouble FROM asked WHERE trouble != ''",
    "callers that stayed have not exactly one row that says so, of exactly the bill": f"""
        SELECT tag, ending, told.times, told.outcome, told.usd, bills.usd
        FROM asked JOIN answers USING (number) LEFT JOIN told USING (tag) LEFT JOIN bills USING (tag)
        WHERE {REMAINING} AND trouble = '' AND upstream != '{TARIFF}' AND (
            told.times IS NOT 1 OR inexact != 0 OR ifnull(told.usd, 0) != bills.usd
            OR told.delivered + told.rejected != 1 OR (told.rejected = 1) != (status >= 400))""",
    "callers have another bill than the provider's": f"""
        SELECT tag, ending, told.usd, bills.usd, told.times, bills.times
        FROM asked JOIN answers USING (number) LEFT JOIN told USING (tag) LEFT JOIN bills USING (tag)
        WHERE ending != 'direct' AND upstream != '{TARIFF}' AND ifnull(inexact, 0) = 0 AND ifnull(stopped, 0) = 0
            AND ifnull(told.usd, 0) != ifnull(bills.usd, 0)""",
    "calls are called estimated although the provider works to the end and says what was used": """
        SELECT tag, ending, told.outcome FROM told JOIN asked USING (tag) JOIN answers USING (number)
        WHERE inexact != 0 AND (NOT stops OR ending IN ('stays', 'secure'))""",
    "callers have fewer or more rows than requests": """
        SELECT tag, ending, sent, told.times FROM asked LEFT JOIN told USING (tag)
        WHERE ending NOT IN ('direct', 'stops sending', 'resets') AND ifnull(told.times, 0) != sent
            OR ending = 'resets' AND ifnull(told.times, 0) NOT BETWEEN sent - 1 AND sent
            OR ending = 'stops sending' AND ifnull(told.times, 0) NOT BETWEEN sent AND sent + 1
            OR ending = 'direct' AND told.times IS NOT NULL""",
    "rows are of nobody": "SELECT tag, times FROM told WHERE tag IS NULL OR tag NOT IN (SELECT tag FROM asked)",
    "bills are of nobody": "SELECT tag FROM bills WHERE tag NOT IN (SELECT tag FROM asked)",
    "rows are open": "SELECT tag FROM told WHERE open != 0",
    "callers were told of a rescue that no row knows, or the other way round": """
        SELECT tag, ending, asked.rescued, told.outcome
        FROM asked JOIN told USING (tag) JOIN answers USING (number)
        WHERE status < 400 AND (asked.rescued != told.joined OR told.joined != told.rescued)""",
    "answers were paid twice although one was handed on": """
        SELECT tag, bills.times FROM asked JOIN bills USING (tag) WHERE asked.rescued > 0 AND bills.times > 1""",
    "callers were billed, and their rows say nothing of it": """
        SELECT tag, ending, told.outcome FROM bills JOIN asked USING (tag) LEFT JOIN told USING (tag)
        WHERE bills.usd != 0 AND ifnull(told.usd, 0) = 0 AND ending != 'direct'""",
    "calls have a price that was not in force": f"""
        SELECT caller, usd FROM rows WHERE upstream = '{TARIFF}' AND usd != 0 AND NOT EXISTS (
            SELECT 1 FROM editions WHERE written_at <= settled_at AND gone_at >= started_at AND usd = 10000000 * (
                input * json_extract(usage, '$.input') + output * json_extract(usage, '$.output')))""",
}  # fmt: skip
"""What must not be, each with a statement that finds it."""


class Accounts:
    """The scratch database."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = OFF")
        self._connection.executescript(TABLES)

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()

    def read(self, folder: Path, answers: Sequence[Answer], ledger: SoakedLedger, editions: Sequence[Edition]) -> None:
        """Take all three accounts."""
        told = [(n, one.upstream, one.status, one.stops, units(one.usd)) for n, one in enumerate(answers)]
        self._put("answers", told)
        self._put("asked", (line.split("\t") for line in lines(folder / "asked")))
        self._put("billed", (line.split() for line in lines(folder / "bill")))
        self._put("rows", _rows(ledger))
        gone = [one.read_at for one in editions[1:]] + [2**62]
        self._put(
            "editions",
            ((one.number, one.written_at, one.read_at, end, one.input_cents, one.output_cents)
             for one, end in zip(editions, gone, strict=True)),
        )  # fmt: skip
        self._connection.executescript(TOGETHER)

    def offenses(self) -> Iterator[str]:
        """A sentence for each kind of difference that there is."""
        for what, statement in OFFENSES.items():
            found = self._connection.execute(f"SELECT count(*) FROM ({statement})").fetchone()[0]
            if found:
                first = self._connection.execute(f"{statement} LIMIT 3").fetchall()
                yield f"{found} {what}, as: {first}"

    def spent(self, upstreams: Sequence[str], kinds: Sequence[str]) -> tuple[Decimal, int]:
        """What rows of these kinds say was spent, and how many of them do not know it exactly."""
        places = ", ".join("?" * len(upstreams)), ", ".join("?" * len(kinds))
        spent, inexact = self._connection.execute(
            "SELECT ifnull(sum(usd), 0), ifnull(sum(basis != 'exact'), 0) FROM rows"
            f" WHERE upstream IN ({places[0]}) AND kind IN ({places[1]})",
            (*upstreams, *kinds),
        ).fetchone()
        return Decimal(spent).scaleb(-DIGITS), inexact

    def estimated(self) -> tuple[int, Decimal]:
        """Rows of calls whose money is not exact, and what they say was spent."""
        rows, spent = self._connection.execute(
            "SELECT count(*), ifnull(sum(usd), 0) FROM rows WHERE basis != 'exact'"
        ).fetchone()
        return int(rows), Decimal(spent).scaleb(-DIGITS)

    def endings(self) -> Counter[str]:
        """Callers by what became of them."""
        return Counter(dict(self._connection.execute("SELECT ending, count(*) FROM asked GROUP BY ending").fetchall()))

    def _put(self, table: str, rows: Iterator[Sequence[object]] | Sequence[Sequence[object]]) -> None:
        self._connection.execute("BEGIN")
        rows = iter(rows)
        first = next(rows, None)
        if first is not None:
            insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"
            self._connection.execute(insert, first)
            self._connection.executemany(insert, rows)
        self._connection.execute("COMMIT")


def lines(file: Path) -> Iterator[str]:
    """Without their ends."""
    with file.open() as opened:
        for line in opened:
            yield line.rstrip("\n")


def units(usd: str | None) -> int | None:
    """Dollars, as a whole number.

    Raises:
        ValueError: there are digits beyond it.
    """
    if usd is None:
        return None
    scaled = Decimal(usd).scaleb(DIGITS)
    if scaled != int(scaled):
        raise ValueError(f"{usd} USD has too many digits")
    return int(scaled)


def _rows(ledger: SoakedLedger) -> Iterator[Sequence[object]]:
    for row in ledger.rows(f"SELECT {CALLS} FROM calls WHERE upstream != '{SEEDED}'"):
        caller, upstream, kind, started_at, settled_at, outcome, spend, _, _, basis, usage = row
        text = usage if isinstance(usage, str) else msgspec.json.encode(usage).decode()
        yield caller, upstream, kind, started_at, settled_at, outcome, units(spend), basis, text
