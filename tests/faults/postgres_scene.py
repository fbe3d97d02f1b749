"""Where faults of PostgreSQL are played: a server, a role and a schema on it, a path that can break, sidecars."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.faults.application import KEY
from tests.faults.breakable_path import BreakablePath
from tests.faults.ledger_rows import Books, postgres_books
from tests.postgres import PostgresServer

LEASE_SECONDS: Final = 2
SETTINGS: Final = {
    "MODE": "enforce",
    "OPERATIONS__LEASE_SECONDS": str(LEASE_SECONDS),
    "OPERATIONS__GRACE_SECONDS": "0.2",
    "OPERATIONS__CONFIRM_SECONDS": "0.5",
    "OPERATIONS__CLAIM_SECONDS": "0.5",
    "LIMITS__UPSTREAM_IDLE_SECONDS": "1",
}
"""The term of a sidecar is as long as the lease."""
_scenes: Final = itertools.count(1)


STRUCK: Final = "struck"
"""A role of which those of all scenes are members: they have to say their passwords."""


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that may come to any harm."""
    server = PostgresServer()
    try:
        rules = server.directory / "data/pg_hba.conf"
        rules.write_text(f"local all +{STRUCK} scram-sha-256\n{rules.read_text()}")
        with server.connect() as admin:
            admin.execute(f"CREATE ROLE {STRUCK}".encode())
            admin.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        server.remove()


class Servers:
    """One server for all scenes that leave it alone, as long as any of them lasts."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._users = 0
        self._opened: tuple[ExitStack, PostgresServer] | None = None

    @contextmanager
    def shared(self) -> Iterator[PostgresServer]:
        """The server; the first who comes starts it, the last who leaves removes it."""
        with self._guard:
            self._users += 1
            if self._opened is None:
                stack = ExitStack()
                self._opened = stack, stack.enter_context(own_server())
            stack, server = self._opened
        try:
            yield server
        finally:
            with self._guard:
                self._users -= 1
                if not self._users:
                    self._opened = None
                    stack.close()


SERVERS: Final = Servers()


class Scene:
    """All of it. `sidecar` and `path` are those that are struck; more sidecars may be started on the same ledger."""

    def __init__(self, stack: ExitStack, server: PostgresServer, directory: Path) -> None:
        self.server, self.directory = server, directory
        self.role = f"struck_{next(_scenes)}"
        """Name of the role, and of its schema."""
        self.password = "first"
        self._stack = stack
        self.admin = self._connected()
        self.do(f"CREATE ROLE {self.role} LOGIN PASSWORD '{self.password}' IN ROLE {STRUCK}")
        self.do(f"CREATE SCHEMA {self.role} AUTHORIZATION {self.role}")
        self.write_password()
        self.path = stack.enter_context(BreakablePath(server.directory / ".s.PGSQL.5432").passing())
        self.simulator: RunningSimulator = stack.enter_context(running_simulator())

    def _connected(self) -> "psycopg.Connection[Any]":
        return self._stack.enter_context(self.server.connect())

    def reconnect(self) -> None:
        """The server has ended every session."""
        self.admin = self._connected()

    def at_the_end(self, act: Callable[[], object]) -> None:
        """Do something when the scene is over; what was asked for last comes first."""
        self._stack.callback(act)

    def do(self, statement: str) -> None:
        """Something that only the server's administrator may."""
        self.admin.execute(statement.encode())

    def write_password(self) -> None:
        """Put the one in force where the sidecar looks for it: a file, as a mounted secret is one."""
        file = self.directory / "passwords"
        file.write_text(f"*:*:*:*:{self.password}\n")
        file.chmod(0o600)  # or libpq does not look at it

    def url(self) -> str:
        """The ledger, by the path that can break."""
        schema, passwords = (
            quote(f"-csearch_path={self.role}", safe=""),
            quote(str(self.directory / "passwords"), safe=""),
        )
        return f"postgresql://{self.role}@127.0.0.1:{self.path.port}/ledger?options={schema}&passfile={passwords}"

    def url_past_the_path(self) -> str:
        """The same ledger, by a path that does not break."""
        return self.server.url(user=self.role, password=self.password, schema=self.role)

    def start(self, url: str, name: str = "sidecar", surroundings: Mapping[str, str] | None = None) -> RunningSidecar:
        """A sidecar on this address of the ledger; `surroundings` are variables of its environment."""
        (place := self.directory / name).mkdir()
        (key := place / "key").write_text(KEY)
        openai = {"UPSTREAMS__OPENAI__URL": self.simulator.url, "UPSTREAMS__OPENAI__CREDENTIAL__FILE": str(key)}
        asked = SETTINGS | openai | {"LEDGER__URL": url}
        return self._stack.enter_context(running_sidecar(place, self.simulator, asked, surroundings))

    def books(self) -> Books:
        """What the ledger holds now."""
        with psycopg.connect(self.server.url(user="postgres", schema=self.role)) as connection:
            return postgres_books(connection)

    def disconnect_all(self) -> None:
        """End every session of the role."""
        self.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{self.role}'")


@contextmanager
def scene_on(server: PostgresServer, directory: Path) -> Iterator[Scene]:
    """A scene, and nothing left of it afterwards."""
    with ExitStack() as stack:
        yield Scene(stack, server, directory)
