"""Which version this is, and what it runs on."""

import sqlite3
import sys

from sidecar import __version__


def versions() -> str:
    """One line. The SQLite that Python was linked with is the system's, so an image may bring another one than its Python."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"sidecar {__version__} (Python {python}, SQLite {sqlite3.sqlite_version})"
