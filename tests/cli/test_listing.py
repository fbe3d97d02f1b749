"""What `calls` and `operations` do alike, over a real ledger that has three of each."""

import csv
import io
import json

import pytest

from sidecar.cli import FAILURE, LEDGER, OK
from tests.cli.ledgers import Lived, call, ids, operation, write_ledger

SORTS = [("calls", "c"), ("operations", "o")]


@pytest.fixture(params=SORTS, ids=lambda sort: sort[0])
def sort(request):
    """The command, and with what its ids begin."""
    return request.param


@pytest.fixture
def ledger(empty_folder, monkeypatch):
    numbers = (1, 2, 3)
    url = write_ledger(empty_folder / "sidecar.db", map(call, numbers), [Lived(operation(each)) for each in numbers])
    monkeypatch.setenv("SIDECAR_LEDGER__URL", url)
    return url


def test_list__newest_first(sidecar, ledger, sort):
    command, letter = sort
    assert ids(sidecar(command, "list", "--format", "json")) == [f"{letter}00{number}" for number in (3, 2, 1)]


def test_jsonl_and_csv_hold_the_same_rows(sidecar, ledger, sort):
    command, _ = sort
    as_json = ids(sidecar(command, "list", "--format", "json"))
    lines = sidecar(command, "list", "--format", "jsonl").out.splitlines()
    rows = csv.DictReader(io.StringIO(sidecar(command, "list", "--format", "csv").out))
    assert [json.loads(line)["id"] for line in lines] == [row["id"] for row in rows] == as_json


def test_table_of_more_than_its_limit__says_there_are_more(sidecar, ledger, sort):
    command, letter = sort
    said = sidecar(command, "list", "--limit", "2").out
    assert "the newest 2; --limit N shows more" in said
    assert f"{letter}001" not in said
    assert "the newest" not in sidecar(command, "list", "--limit", "3").out


def test_table_shows_fifty_when_nothing_is_said__json_all(sidecar, empty_folder, sort):
    command, _ = sort
    url = write_ledger(empty_folder / "many.db", map(call, range(60)), [Lived(operation(each)) for each in range(60)])
    assert "the newest 50" in sidecar(command, "list", "--ledger", url).out
    assert len(ids(sidecar(command, "list", "--ledger", url, "--format", "json"))) == 60


def test_show_by_the_beginning_of_an_id(sidecar, empty_folder, sort):
    command, letter = sort
    known = [{"id": f"{letter}1aa"}, {"id": f"{letter}2bb"}]
    url = write_ledger(
        empty_folder / "a.db", [call(1, **each) for each in known], [Lived(operation(1, **each)) for each in known]
    )
    ran = sidecar(command, "show", f"{letter}2", "--format", "json", "--ledger", url)
    assert ran.code == OK
    assert json.loads(ran.out)["id"] == f"{letter}2bb"
    assert f"{letter}1aa" in sidecar(command, "show", f"{letter}1", "--ledger", url).out


def test_show_of_none__failure(sidecar, ledger, sort):
    command, _ = sort
    said = f"sidecar: no {command.removesuffix('s')} x in the ledger\n"
    assert sidecar(command, "show", "x") == (FAILURE, "", said)


def test_show_of_several__ledger_error_that_says_what_to_do(sidecar, ledger, sort):
    command, letter = sort
    ran = sidecar(command, "show", f"{letter}0")
    assert ran.code == LEDGER
    assert f'more than one {command.removesuffix("s")} begins with "{letter}0"; write more of its id' in ran.err


def test_no_ledger_there__exit_3(sidecar, sort):
    assert sidecar(sort[0], "list").code == LEDGER
