"""A PostgreSQL server of the tests' own: a cluster in a temporary directory, reached by a Unix socket alone.

It runs as an unprivileged user, for it refuses to run as root, with fsync on, as in production. Text is compared by the rules of
a language and not by its bytes, as on many a server, so that whatever relies on the order of bytes fails here.
"""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
import pytest

from tests import parts

PASSWORD: Final = "s3cret/@:?#% é"
"""Of the user `guarded`: every character that an address must encode. The others need none, for it costs 10 ms each time."""
RULES: Final = """
local all guarded scram-sha-256
local all all trust
"""
LANGUAGE: Final = ("--locale-provider=icu", "--icu-locale=en-US")
SETTINGS: Final = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
    # Not the figures of production, but nothing of the kind can change what is tested.
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
SOON: Final = 30.0


class PostgresServer:
    """One cluster. `start`, `stop` and `kill` it as often as is wanted; its data stays until `remove`."""

    def __init__(self, **settings: str) -> None:
        """`settings` are PostgreSQL's own, beside those of `SETTINGS`."""
        self._settings = SETTINGS | settings
        executable = parts.part("postgresql").path()
        assert executable is not None
        self._programs = Path(executable).resolve().parent
        self._as_user = _unprivileged()
        self.directory = Path(tempfile.mkdtemp(prefix="pg-"))
        self._process: subprocess.Popen[Any] | None = None
        self._places = itertools.count(1)
        if self._as_user:
            os.chown(self.directory, self._as_user["user"], self._as_user["group"])
        self._make()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        flags = [f"-c{name}={value}" for name, value in self._settings.items()]
        command = [f"{self._programs}/postgres", "-D", f"{self.directory}/data", "-k", str(self.directory), *flags]
        process = self._process = subprocess.Popen(
            command, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_user
        )
        status = self.directory / "data/postmaster.pid"
        deadline = time.monotonic() + SOON
        while not (status.exists() and status.read_text().rstrip().endswith("ready")):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)

    @property
    def pid(self) -> int:
        """Of the process that all others of the server are children of."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it in order, and every connection to it."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a crash does; the next start recovers."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """Stop it and delete its data."""
        self.kill()
        shutil.rmtree(self.directory)

    def url(
        self, database: str = "ledger", *, user: str = "sidecar", password: str = PASSWORD, schema: str = ""
    ) -> str:
        """A ledger's address."""
        path = f"&options={quote(f'-csearch_path={schema}', safe='')}" if schema else ""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(self.directory), safe='')}{path}"

    def connect(self, **parameters: Any) -> "psycopg.Connection[Any]":
        """A connection as the superuser, each statement a transaction of its own."""
        known = {"host": str(self.directory), "user": "postgres", "dbname": "ledger"}
        return psycopg.connect(**{**known, "autocommit": True, **parameters})

    @contextlib.contextmanager
    def new_place(self) -> Iterator[str]:
        """The address of an empty ledger: a schema of its own, which costs a hundredth of a database of its own."""
        schema = f"place_{next(self._places)}"
        with self.connect() as connection:
            connection.execute(f"CREATE SCHEMA {schema} AUTHORIZATION sidecar")
        try:
            yield self.url(schema=schema)
        finally:
            with self.connect(options="-cclient_min_messages=warning") as connection:
                connection.execute(f"DROP SCHEMA {schema} CASCADE")

    def _make(self) -> None:
        flags = ("--username=postgres", "--no-sync", "--auth=trust", "--encoding=UTF8", "--no-locale", *LANGUAGE)
        command = [f"{self._programs}/initdb", f"--pgdata={self.directory}/data", *flags]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False, **self._as_user)
        assert done.returncode == 0, done.stderr
        (self.directory / "data/pg_hba.conf").write_text(RULES)
        self.start()
        with self.connect(dbname="postgres") as connection:
            connection.execute("CREATE ROLE sidecar LOGIN")
            connection.execute(f"CREATE ROLE guarded LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("CREATE DATABASE ledger OWNER sidecar")

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SOON)
            self._process = None


def _unprivileged() -> Mapping[str, Any]:
    """Who shall run the server, as `subprocess` wants it: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's server. Whoever stops it starts it again."""
    server = PostgresServer()
    yield server
    server.remove()
