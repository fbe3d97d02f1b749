"""Where a ledger's address leads: to a file, or to a database that many sidecars share."""

from pathlib import Path
from typing import Final

from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import SCHEMES, PostgresAddress, postgres_address

SQLITE: Final = "sqlite:///"
EXAMPLE: Final = "write sqlite:///sidecar.db, or with four slashes a path from the root: sqlite:////var/lib/sidecar.db"

Place = Path | PostgresAddress
"""Where a ledger is."""


def place_of(url: str) -> Place:
    """The place that an address names.

    Raises:
        LedgerError: it names none. No password is repeated.
    """
    return postgres_address(url) if url.partition(":")[0] in SCHEMES else sqlite_path(url)


def sqlite_path(url: str) -> Path:
    """The file that an address such as `sqlite:///sidecar.db` names, absolute and with links followed.

    Links are followed so that two roads to one file meet at the same lock.

    Raises:
        LedgerError: the address names no file.
    """
    scheme, _, _ = url.partition(":")
    if scheme in SCHEMES:
        # The address may hold a password: it is never repeated.
        raise LedgerError(f"{scheme}://...", "is no file", EXAMPLE)
    if scheme != "sqlite":
        raise LedgerError(
            f"{scheme}:...", "is not a ledger's address", f"{EXAMPLE}; or postgresql://user@host/database"
        )
    if not url.startswith(SQLITE):
        raise LedgerError(url, "has too few slashes", EXAMPLE)
    return _file(url)


def _file(url: str) -> Path:
    name = url.removeprefix(SQLITE)
    if name in {"", "/"}:
        raise LedgerError(url, "names no file", EXAMPLE)
    if name == ":memory:":
        raise LedgerError(url, "would forget everything at the end", EXAMPLE)
    if "?" in name:
        raise LedgerError(url, "has parameters, and a file's address takes none", EXAMPLE)
    path = Path(name).expanduser().resolve()
    if path.is_dir():
        raise LedgerError(url, f"{path} is a directory", EXAMPLE)
    return path
