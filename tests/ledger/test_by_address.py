"""An address opens the ledger that it names, and PostgreSQL is asked for only where one is named."""

import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.clock import SECOND, SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.by_address import open_ledger, open_operation_reader, open_reader
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.postgres_presence import TERM_SECONDS
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, settled_call
from tests.ledger.operations_given import brought_to
from tests.ledger.postgres_given import PostgresPlace

ROOT = Path(__file__).parents[2]


def check_that_both_sides_meet(url: str) -> None:
    ledger = open_ledger(url, clock=SystemClock(), instance="one", retention_days=30_000)
    put_all(ledger, settled_call("a"))
    brought_to(ledger.operations, S.RUNNING)
    assert [call.id for call in open_reader(url).calls(CallQuery())] == ["a"]
    assert [each.id for each in open_operation_reader(url).operations(OperationQuery())] == ["o1"]
    assert ledger.close(SOON)


def test_a_file(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/l.db"
    check_that_both_sides_meet(url)
    assert open_reader(url).place == (tmp_path / "l.db").resolve()


@pytest.mark.part("postgresql")
def test_a_database(database: PostgresPlace):
    check_that_both_sides_meet(database.url)
    assert "place_" not in str(open_reader(database.url).place)


@pytest.mark.part("postgresql")
@pytest.mark.parametrize("term_seconds", [None, 4.0])
def test_how_long_others_take_us_to_be_alive_may_be_said(database: PostgresPlace, term_seconds: float | None):
    ledger = open_ledger(database.url, clock=SystemClock(), instance="one", term_seconds=term_seconds)
    (row,) = database.execute("SELECT alive_until - started_at FROM instances")
    assert float(str(row[0])) / SECOND == pytest.approx(term_seconds or TERM_SECONDS, abs=1)
    assert ledger.close(SOON)


OPENINGS = [
    lambda url: open_ledger(url, clock=SystemClock(), instance="one"),
    open_reader,
    open_operation_reader,
]


@pytest.mark.parametrize("opening", OPENINGS)
def test_without_psycopg_it_is_said_what_to_install(opening, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.startswith("sidecar.ledger.postgres") and "address" not in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerError) as missing:
        opening("postgresql://me:hunter2@db/l")
    assert str(missing.value).startswith("ledger postgresql://db/l: needs psycopg, which can't be imported (")
    assert str(missing.value).endswith("; install the extra: pip install 'inference-sidecar[postgres]'")
    assert "hunter2" not in str(missing.value)


@pytest.mark.parametrize("opening", OPENINGS)
def test_what_is_no_address_is_refused(opening):
    with pytest.raises(LedgerError, match="is not a ledger's address"):
        opening("mysql://db/l")


def test_whoever_has_a_file_does_not_import_psycopg():
    program = "import sys, sidecar.ledger.by_address as a, sidecar.ledger.repricing; sys.exit('psycopg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
