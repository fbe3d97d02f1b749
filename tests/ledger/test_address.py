"""Addresses lead to files, or say clearly why not."""

from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.address import sqlite_path


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
def test_postgresql_is_said_to_come_later__and_its_password_is_not_repeated(scheme: str):
    with pytest.raises(LedgerError) as refused:
        sqlite_path(f"{scheme}://user:secret@host/db")
    assert str(refused.value) == (
        f"ledger {scheme}://...: a PostgreSQL ledger is not part of this version; it comes with a later one; "
        "until then give each sidecar a file of its own: sqlite:////var/lib/sidecar/ledger.db"
    )
