"""How many sessions of PostgreSQL a real sidecar holds: after its start, after a burst of calls, and when it has been idle."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.ledger.postgres_pool import IDLE_SECONDS
from sidecar.reaper.reaper import MOST_BEAT_SECONDS
from tests.end_to_end.rig import RunningSidecar
from tests.postgres import PostgresServer
from tests.scale.pages import busy_sidecar, call

AT_ONCE: Final = 16
CALLS: Final = 64


class Sessions(NamedTuple):
    """Of one sidecar."""

    started: int
    busy: int
    """The most that was seen during a burst of calls."""
    idle: int
    """A minute and a half after the last of them."""


def sessions(idle_seconds: float = IDLE_SECONDS + MOST_BEAT_SECONDS / 2) -> Sessions:
    """Count them with a real `sidecar serve`, on a server of its own."""
    with ExitStack() as stack:
        server = PostgresServer()
        stack.callback(server.remove)
        url = stack.enter_context(server.new_place())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sidecar = stack.enter_context(busy_sidecar(directory, {"LEDGER__URL": url}))
        time.sleep(1.0)
        started, busy = _count(server), _in_a_burst(server, sidecar)
        time.sleep(idle_seconds)
        return Sessions(started, busy, _count(server))


def _in_a_burst(server: PostgresServer, sidecar: RunningSidecar) -> int:
    """The most that are seen while calls pass."""
    most = 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        calls = [threads.submit(call, sidecar, 0, 0, f"c{number}") for number in range(CALLS)]
        while not all(each.done() for each in calls):
            most = max(most, _count(server))
    for each in calls:
        each.result()
    return most


def _count(server: PostgresServer) -> int:
    with server.connect() as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'sidecar %'"
        ((found,),) = connection.execute(asked).fetchall()
    return int(found)
