"""Each difference between the accounts is seen; without one nothing is."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.soak.accounts import Accounts, units
from tests.soak.answers import TARIFF, Answer
from tests.soak.house import Edition
from tests.soak.ledgers import Row

STAYED = "c0\t0\tstays\t1\t1\t0\t"
CAME_AGAIN = "c1\t0\tcloses\t2\t1\t1\t"
TARIFFED = "c2\t1\tstays\t1\t1\t0\t"
CUT = "c3\t2\tresets\t1\t0\t0\t"
ASKED = (STAYED, CAME_AGAIN, TARIFFED, CUT)
BILLED = ("c0 0 whole", "c1 0 whole", "c2 1 whole", "c3 2 stopped")


def row(
    caller: str, outcome: str | None, spend: str | None, *, upstream: str = "soak-gemini", basis: str = "exact"
) -> Row:
    return caller, upstream, "unary", 10, 20, outcome, spend, None, None, basis, '{"input": 3, "output": 2}'


ROWS = (
    row("c0", "delivered", "0.25"),
    row("c1", "rescued", "0.25"),
    row("c1", "joined", None),
    row("c2", "delivered", "0.0000230", upstream=TARIFF),
    row("c3", "orphan_cut", "0.1", basis="estimated"),
)
EDITIONS = (Edition(0, 0, 0), Edition(1, 100, 110))


class GivenLedger:
    """Rows of a list."""

    url = ""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def bytes(self) -> int:
        return 0

    def wal_bytes(self) -> int:
        return 0

    def hour(self) -> str:
        return ""

    def rows(self, question: str) -> Iterator[Row]:
        yield from self._rows


def answer(upstream: str, usd: str, *, stops: bool = False) -> Answer:
    return Answer(
        upstream=upstream, target="/", asked=b"", weight=1, status=200, content_type="", pieces=[], is_stream=stops,
        stops=stops, usd=usd, usage={},
    )  # fmt: skip


ANSWERS = (answer("soak-gemini", "0.25"), answer(TARIFF, "0.5"), answer("soak-openai", "0.3", stops=True))


def offenses(
    folder: Path, asked: Sequence[str] = ASKED, billed: Sequence[str] = BILLED, rows: Sequence[Row] = ROWS,
    editions: Sequence[Edition] = EDITIONS,
) -> str:  # fmt: skip
    (folder / "asked").write_text("".join(f"{line}\n" for line in asked))
    (folder / "bill").write_text("".join(f"{line}\n" for line in billed))
    accounts = Accounts(folder / "accounts.db")
    accounts.read(folder, ANSWERS, GivenLedger(rows), editions)
    found = "; ".join(accounts.offenses())
    accounts.close()
    return found


def test_accounts_that_agree__are_passed(tmp_path: Path) -> None:
    assert offenses(tmp_path) == ""


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"asked": (STAYED + "TimeoutError", *ASKED[1:])}, "callers were not served"),
        ({"rows": ROWS[1:]}, "callers that stayed have not exactly one row"),
        ({"rows": (row("c0", "delivered", "0.26"), *ROWS[1:])}, "callers that stayed have not exactly one row"),
        ({"rows": (row("c0", "orphan_finished", "0.25"), *ROWS[1:])}, "callers that stayed have not exactly one row"),
        ({"rows": (ROWS[0], row("c1", "rescued", "0.2"), *ROWS[2:])}, "callers have another bill"),
        ({"billed": (*BILLED, "c1 0 whole")}, "answers were paid twice"),
        ({"rows": (row("c0", "delivered", "0.25", basis="estimated"), *ROWS[1:])}, "calls are called estimated"),
        ({"rows": (*ROWS[:2], *ROWS[3:])}, "fewer or more rows than requests"),
        ({"rows": (*ROWS, row("c9", "delivered", "0"))}, "rows are of nobody"),
        ({"billed": (*BILLED, "c9 0 whole")}, "bills are of nobody"),
        ({"rows": (*ROWS[:4], row("c3", None, None))}, "rows are open"),
        ({"asked": (STAYED, "c1\t0\tcloses\t2\t1\t0\t", *ASKED[2:])}, "callers were told of a rescue"),
        ({"rows": (*ROWS[:3], row("c2", "delivered", None, upstream=TARIFF), ROWS[4])}, "were billed, and their rows say"),
        ({"editions": (Edition(0, 0, 0), Edition(1, 1, 5))}, "have a price that was not in force"),
    ],
)  # fmt: skip
def test_a_difference__is_told(tmp_path: Path, changed: dict[str, tuple[str, ...]], finding: str) -> None:
    assert finding in offenses(tmp_path, **changed)  # type: ignore[arg-type]


def test_a_price_that_was_in_force_at_some_moment_of_the_call__is_right(tmp_path: Path) -> None:
    later = row("c2", "delivered", "0.00002309", upstream=TARIFF)
    assert offenses(tmp_path, rows=(*ROWS[:3], later, ROWS[4]), editions=(Edition(0, 0, 0), Edition(1, 15, 30))) == ""


def test_more_digits_than_there_is_room_for__are_no_figure() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        units("0.0000000000000001")
