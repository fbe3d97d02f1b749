"""A real PgBouncer before the tests' PostgreSQL: many sidecars by few connections."""

import itertools
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

from tests import parts
from tests.postgres import PostgresServer, _unprivileged

SETTINGS: Final = """
[databases]
* = host={server} port=5432
[pgbouncer]
listen_addr =
unix_socket_dir = {directory}
listen_port = 6432
auth_type = trust
auth_file = {directory}/users.txt
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = 20000
ignore_startup_parameters = {ignored}
admin_users = postgres
logfile = {directory}/log
"""
IGNORED: Final = "extra_float_digits"
PATIENCE_SECONDS: Final = 10.0
DATABASES = itertools.count(1)


class Pooler:
    """One PgBouncer, and a database of its own behind it."""

    def __init__(self, server: PostgresServer, directory: Path, database: str) -> None:
        self._server, self._directory, self._database = server, directory, database

    @property
    def url(self) -> str:
        """The ledger's address, by the pooler."""
        return f"postgresql://sidecar@/{self._database}?host={quote(str(self._directory), safe='')}&port=6432"

    @property
    def direct_url(self) -> str:
        """The same past it."""
        return self._server.url(self._database)

    def sessions(self) -> int:
        """Connections that the server itself has from sidecars."""
        with self._server.connect() as connection:
            asked = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'sidecar' AND datname = %s"
            ((found,),) = connection.execute(asked, [self._database]).fetchall()
        return int(found)

    def clients(self) -> int:
        """Connections that the pooler has from sidecars."""
        parameters: dict[str, Any] = {"host": str(self._directory), "port": 6432, "user": "postgres"}
        # The console knows the simple protocol alone.
        with psycopg.connect(dbname="pgbouncer", autocommit=True, **parameters) as console:
            rows = console.pgconn.exec_(b"SHOW CLIENTS")
            names = [rows.get_value(row, 1) for row in range(rows.ntuples)]
        return names.count(b"sidecar")


@contextmanager
def running_pooler(server: PostgresServer, mode: str = "transaction", size: int = 2) -> Iterator[Pooler]:
    """A PgBouncer once it answers, with an empty database behind it."""
    database = f"pooled_{next(DATABASES)}"
    with server.connect() as connection:
        connection.execute(f"CREATE DATABASE {database} OWNER sidecar")
    directory = Path(tempfile.mkdtemp(prefix="pgbouncer-", dir=server.directory))
    settings = SETTINGS.format(server=server.directory, directory=directory, mode=mode, size=size, ignored=IGNORED)
    (directory / "pgbouncer.ini").write_text(settings)
    (directory / "users.txt").write_text('"sidecar" ""\n"postgres" ""\n')
    executable = parts.part("pgbouncer").path()
    assert executable is not None
    process = _started([executable, "-q", str(directory / "pgbouncer.ini")], directory)
    try:
        _await_socket(process, directory)
        yield Pooler(server, directory, database)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _started(command: list[str], directory: Path) -> "subprocess.Popen[bytes]":
    """As an unprivileged user, for it refuses to run as root."""
    as_user = _unprivileged()
    if as_user:
        for path in (directory, *directory.iterdir()):
            path.chmod(0o777)
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **as_user)


def _await_socket(process: "subprocess.Popen[bytes]", directory: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (directory / ".s.PGSQL.6432").exists():
        assert process.poll() is None, (directory / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
