"""Addresses lead to files, or say clearly why not."""

from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.address import place_of, sqlite_path
from sidecar.ledger.postgres_address import PostgresAddress


def test_three_slashes_are_a_path_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert sqlite_path("sqlite:///data/sidecar.db") == tmp_path.resolve() / "data/sidecar.db"


def test_four_slashes_are_a_path_from_the_root():
    assert sqlite_path("sqlite:////var/lib/side%20car.db") == Path("/var/lib/side%20car.db")


def test_two_roads_to_one_file_are_one_path(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path)
    assert sqlite_path(f"sqlite:///{tmp_path}/link/a.db") == sqlite_path(f"sqlite:///{tmp_path}/x/../a.db")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite://sidecar.db", "ledger sqlite://sidecar.db: has too few slashes; write sqlite:///sidecar.db"),
        ("sqlite:///", "ledger sqlite:///: names no file; write"),
        ("sqlite:////", "ledger sqlite:////: names no file; write"),
        ("sqlite:///:memory:", "ledger sqlite:///:memory:: would forget everything at the end; write"),
        (
            "sqlite:///a.db?mode=ro",
            "ledger sqlite:///a.db?mode=ro: has parameters, and a file's address takes none; write",
        ),
        ("sqlite:////usr", "ledger sqlite:////usr: /usr is a directory; write"),
        ("mysql://host/db", "ledger mysql:...: is not a ledger's address; write"),
        ("sidecar.db", "ledger sidecar.db:...: is not a ledger's address; write"),
    ],
)
def test_other_addresses_are_refused_with_advice(url: str, problem: str):
    with pytest.raises(LedgerError) as refused:
        sqlite_path(url)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_a_database_is_no_file__and_its_password_is_not_repeated(scheme: str):
    with pytest.raises(LedgerError) as refused:
        sqlite_path(f"{scheme}://user:secret@host/db")
    assert str(refused.value).startswith(f"ledger {scheme}://...: is no file; write")
    assert "secret" not in str(refused.value)


def test_an_address_leads_to_a_file_or_to_a_database(tmp_path: Path):
    assert place_of(f"sqlite:///{tmp_path}/a.db") == tmp_path.resolve() / "a.db"
    place = place_of("postgres://host/db")
    assert isinstance(place, PostgresAddress)
    assert place.shown == "postgresql://host/db"


def test_what_leads_nowhere_is_told_both_ways_to_write_it():
    with pytest.raises(LedgerError, match=r"write sqlite:///sidecar\.db.*; or postgresql://user@host/database"):
        place_of("mysql://host/db")
