import sqlite3
import sys

from sidecar import __version__
from sidecar.cli.versions import versions


def test_versions_are_ours_pythons_and_sqlites():
    python = sys.version.split()[0]
    assert versions() == f"sidecar {__version__} (Python {python}, SQLite {sqlite3.sqlite_version})"
