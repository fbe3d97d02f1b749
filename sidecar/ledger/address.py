"""Where a ledger's address leads."""

from pathlib import Path
from typing import Final

from sidecar.errors import LedgerError

SQLITE: Final = "sqlite:///"
EXAMPLE: Final = "write sqlite:///sidecar.db, or with four slashes a path from the root: sqlite:////var/lib/sidecar.db"


def sqlite_path(url: str) -> Path:
    """The file that an address such as `sqlite:///sidecar.db` names, absolute and with links followed.

    Links are followed so that two roads to one file meet at the same lock.

    Raises:
        LedgerError: the address names no file, or a kind of ledger that this version has not.
    """
    scheme, _, _ = url.partition(":")
    if scheme in {"postgresql", "postgres"}:
        # The address may hold a password: it is never repeated.
        raise LedgerError(
            f"{scheme}://...",
            "a PostgreSQL ledger is not part of this version; it comes with a later one",
            "until then give each sidecar a file of its own: sqlite:////var/lib/sidecar/ledger.db",
        )
    if scheme != "sqlite":
        raise LedgerError(f"{scheme}:...", "is not a ledger's address", EXAMPLE)
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
