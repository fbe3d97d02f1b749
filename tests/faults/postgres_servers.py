"""What a PostgreSQL server, and the network before it, do to sidecars that keep their ledger there."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from tests.faults.breakable_path import BOTH, Way
from tests.faults.fault import Fault
from tests.faults.postgres_play import SOON, Strike
from tests.faults.postgres_scene import Scene
from tests.faults.postgres_takeover import CUT_OFF
from tests.faults.waiting import until
from tests.postgres import PostgresServer

ON: Final = "calls pass, no cancel is sent, rows wait and arrive"
DOWN_SECONDS: Final = 1.0
ENDED: Final = b"observed_succeeded"
"""What stands in the history of an operation whose end a caller has polled."""


@contextmanager
def restarted(scene: Scene) -> Iterator[None]:
    """In order, at once, and by SIGKILL."""
    for end in (scene.server.stop, scene.server.kill):
        end()
        time.sleep(DOWN_SECONDS)
        scene.server.start()
        time.sleep(DOWN_SECONDS)
    killed(scene.server)
    yield
    scene.server.start()
    scene.reconnect()


def killed(server: PostgresServer) -> None:
    """SIGKILL of the postmaster; its children see it, and end."""
    postmaster = server.directory / "data/postmaster.pid"
    number = int(postmaster.read_text().split()[0])
    children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    os.kill(number, signal.SIGKILL)
    server.kill()
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), SOON)
    postmaster.unlink()  # what the dead one left says that it is ready


def holding(*ways: Way) -> Callable[[Scene], AbstractContextManager[None]]:
    """Pass no bytes on, without a word."""

    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        scene.path.hold(*ways)
        yield
        scene.path.release()

    return during


@contextmanager
def losing_a_commit(scene: Scene) -> Iterator[None]:
    """The row of a create is committed, and its sidecar is never told so."""
    scene.path.hold_answers_behind(b"INSERT INTO operations", b"COMMIT")
    yield
    scene.path.cut()


@contextmanager
def losing_an_end(scene: Scene) -> Iterator[None]:
    """That an operation has ended, and its caller has the result, never reaches the server; then its session is gone."""
    passing, scene.path.may_pass = scene.path.may_pass, lambda way, piece: way is Way.BACK or ENDED not in piece
    yield
    scene.path.may_pass = passing
    scene.path.cut()


@contextmanager
def losing_the_answer_to_an_end(scene: Scene) -> Iterator[None]:
    """The same is written, and its sidecar never told so."""
    scene.path.hold_answers_behind(ENDED, b"COMMIT")
    yield
    scene.path.cut()


def delaying(seconds: float) -> Callable[[Scene], AbstractContextManager[None]]:
    """Each piece comes so much later, there and back."""

    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        scene.path.delay_seconds = seconds
        yield
        scene.path.delay_seconds = 0.0

    return during


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Another session holds all tables."""
    with scene.server.connect() as other, other.transaction():
        other.execute(f"LOCK TABLE {scene.role}.calls, {scene.role}.operations IN ACCESS EXCLUSIVE MODE".encode())
        yield


def refusing(strike: str, heal: str) -> Callable[[Scene], AbstractContextManager[None]]:
    """What the role is told by its server from the next session on; those that there are end."""

    @contextmanager
    def during(scene: Scene) -> Iterator[None]:
        scene.do(f"ALTER ROLE {scene.role} {strike}")
        scene.disconnect_all()
        yield
        scene.do(f"ALTER ROLE {scene.role} {heal}")

    return during


@contextmanager
def become_read_only(scene: Scene) -> Iterator[None]:
    """As a server that was made a standby under the sessions that it has."""
    scene.do("ALTER SYSTEM SET default_transaction_read_only = on")
    scene.do("SELECT pg_reload_conf()")
    yield
    scene.do("SET default_transaction_read_only = off")
    scene.do("ALTER SYSTEM RESET default_transaction_read_only")
    scene.do("SELECT pg_reload_conf()")


@contextmanager
def password_changed(scene: Scene) -> Iterator[None]:
    """The server has a new one, and the file comes after it."""
    scene.password = "second"
    scene.do(f"ALTER ROLE {scene.role} PASSWORD '{scene.password}'")
    scene.disconnect_all()
    yield
    scene.write_password()


@contextmanager
def brought_further(scene: Scene) -> Iterator[None]:
    """A newer sidecar has added columns and a table, as steps do."""
    scene.do(
        f"SET search_path = {scene.role};"
        "ALTER TABLE calls ADD COLUMN later TEXT; ALTER TABLE operations ADD COLUMN later TEXT;"
        "CREATE TABLE later (id TEXT); INSERT INTO schema_version SELECT max(version) + 1, 'later', 0 FROM schema_version;"
        "RESET search_path"
    )
    yield


@contextmanager
def full(scene: Scene) -> Iterator[None]:
    """No room for one more page of the ledger's tables."""
    rest = tiny_disk(scene) / "rest"
    with contextlib.suppress(OSError), rest.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    yield
    rest.unlink()


def tiny_disk(scene: Scene) -> Path:
    """Where the server's user can come to."""
    return scene.server.directory / f"tiny_{scene.role}"


def on_tiny_disk(scene: Scene) -> str:
    """The ledger's address; its tables lie on a disk of their own, which is unmounted at the end."""
    (tiny := tiny_disk(scene)).mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,mode=0777", "tmpfs", tiny], check=True)
    scene.at_the_end(lambda: subprocess.run(["umount", "--lazy", tiny], check=True))
    (space := tiny / "space").mkdir()
    os.chown(space, scene.server.directory.stat().st_uid, -1)
    scene.do(f"CREATE TABLESPACE {scene.role} OWNER {scene.role} LOCATION '{space}'")
    scene.at_the_end(lambda: scene.do(f"DROP TABLESPACE {scene.role}"))
    scene.at_the_end(lambda: scene.do(f"DROP SCHEMA {scene.role} CASCADE"))
    scene.do(f"ALTER ROLE {scene.role} SET default_tablespace = {scene.role}")
    return scene.url()


STRIKES: Final = (
    Strike("restarted in order, at once, killed", ON, restarted, 1, 5, is_fatal=True),
    Strike("partitioned", ON, holding(*BOTH), full_seconds=20, is_told=False),
    Strike("partitioned, questions lost", ON, holding(Way.THERE), full_seconds=20, is_told=False),
    Strike("partitioned, answers lost", ON, holding(Way.BACK), full_seconds=20, is_told=False),
    Strike("answer to COMMIT lost", f"{ON}; what was done is not done twice", losing_a_commit, 1, 20, is_deaf=False),
    Strike(
        "an end lost",
        f"{ON}; what was taken is not called orphaned",
        losing_an_end,
        2,
        20,
        is_deaf=False,
        is_told=False,
    ),
    Strike(
        "answer to an end lost", f"{ON}; the same", losing_the_answer_to_an_end, 2, 20, is_deaf=False, is_told=False
    ),
    Strike("slow", "calls pass, rows arrive late", delaying(2.0), 2, 10, is_deaf=False, is_told=False),
    Strike("held by a lock", ON, locked, 3, 14, is_told=False),
    Strike("its disk full", "calls pass, rows wait and arrive", full, 3, 6, on_tiny_disk, is_deaf=False),
    Strike("read-only", ON, become_read_only, is_fatal=True),
    Strike("connection limit reached", ON, refusing("CONNECTION LIMIT 0", "CONNECTION LIMIT -1")),
    Strike("password changed", f"{ON} when the file has the new one", password_changed),
    Strike("schema of a newer version", "rows arrive as ever", brought_further, is_deaf=False, is_told=False),
)
FAULTS: tuple[Fault, ...] = (*(strike.fault() for strike in STRIKES), CUT_OFF)
