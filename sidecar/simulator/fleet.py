"""A fleet of callers for the demo: programs in processes of their own, some of which vanish.

A nursery process imports the SDK once; each caller is a fork of it. The nursery leads a process group that dies as one, and it
notices when the demo itself has died: then it takes the demo's other processes with it.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import IO

import msgspec

from sidecar.clock import SystemClock
from sidecar.simulator.callers import KEY, play
from sidecar.simulator.cast import BY_SIGNAL, Ending, Role

SIGNALS = {Ending.INTERRUPTED: signal.SIGINT, Ending.KILLED: signal.SIGKILL, Ending.RESTARTED: signal.SIGKILL}
RESTART_SECONDS = 0.4
"""A supervisor's pause."""


class FleetLost(Exception):
    """The nursery has ended: no more callers can be made."""


class Place(msgspec.Struct, frozen=True):
    """Where callers send their calls, and which processes must not outlive the demo."""

    proxy_url: str
    wards: tuple[int, ...] = ()


class Fleet:
    """Starts callers and makes them vanish on time. The nursery is `python -m sidecar.simulator.fleet`.

    A caller's time begins when `arrived` says that its request is under way: nobody is killed before having asked for anything,
    however slow the machine.
    """

    def __init__(self, environment: Mapping[str, str] | None = None, errors: IO[bytes] | None = None) -> None:
        """Begin to load the SDK, which takes a second. `errors` gets what callers complain of; None: our own standard error."""
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "sidecar.simulator.fleet"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, start_new_session=True,
        )  # fmt: skip
        self._waiting: dict[str, tuple[int, Role]] = {}
        self._due: list[tuple[float, int, Role]] = []
        self._again: list[tuple[float, Role]] = []
        self._is_ready = False

    def place(self, proxy_url: str, wards: Iterable[int] = ()) -> None:
        """Say where calls go to, once. `wards` are processes that get SIGTERM if this one dies without a word."""
        self._write(msgspec.json.encode(Place(proxy_url, tuple(wards))))

    def is_ready(self, patience_seconds: float = 0.0) -> bool:
        """Whether callers can be started at once.

        Raises:
            FleetLost: the nursery has ended.
        """
        assert self._nursery.stdout is not None
        if not self._is_ready and select.select([self._nursery.stdout], [], [], patience_seconds)[0]:
            self._read()
            self._is_ready = True
        return self._is_ready

    def start(self, role: Role) -> None:
        """A new caller, at work at once.

        Raises:
            FleetLost: the nursery has ended.
        """
        self._write(msgspec.json.encode(role))
        pid = self._read()
        if role.ending in BY_SIGNAL:
            self._waiting[role.name] = (pid, role)

    def arrived(self, names: Iterable[str]) -> None:
        """The requests of these callers are under way: the time of those that are to vanish begins."""
        for pid, role in [self._waiting.pop(name) for name in names if name in self._waiting]:
            self._due.append((_seconds() + role.leaves_after_seconds, pid, role))

    def look(self) -> list[str]:
        """Send the signals that are due, and start again who is to be; the names of those that have just vanished."""
        now = _seconds()
        due = [(pid, role) for at, pid, role in self._due if at <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for pid, role in due:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, SIGNALS[role.ending])
            if role.ending is Ending.RESTARTED:
                self._again.append((now + RESTART_SECONDS, role))
        again = [role for at, role in self._again if at <= now]
        self._again = [entry for entry in self._again if entry[0] > now]
        for role in again:
            self.start(msgspec.structs.replace(role, ending=Ending.STAYS))
        return [role.name for _, role in due]

    def close(self) -> None:
        """End whoever is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._nursery.pid, signal.SIGKILL)
        self._nursery.communicate()

    def _write(self, line: bytes) -> None:
        assert self._nursery.stdin is not None
        try:
            self._nursery.stdin.write(line + b"\n")
            self._nursery.stdin.flush()
        except BrokenPipeError as broken:
            raise FleetLost from broken

    def _read(self) -> int:
        assert self._nursery.stdout is not None
        line = self._nursery.stdout.readline()
        if not line:
            raise FleetLost
        return int(line)


def _seconds() -> float:
    return SystemClock().monotonic_ns() / 1e9


def nurse() -> None:
    """Load the SDK, make one client; fork a caller for each role that comes on standard input, print its process id."""
    from google.genai import Client
    from google.genai.types import HttpOptions

    line = sys.stdin.buffer.readline()
    if not line:
        return
    place = msgspec.json.decode(line, type=Place)
    client = Client(
        vertexai=False, api_key=KEY, http_options=HttpOptions(base_url=f"{place.proxy_url}/gemini")
    )  # no connection yet: each fork makes its own
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    print(os.getpid(), flush=True)  # noqa: T201  it is the answer
    for line in sys.stdin.buffer:
        role = msgspec.json.decode(line, type=Role)
        pid = os.fork()
        if pid == 0:
            play(client, place.proxy_url, role)
        print(pid, flush=True)  # noqa: T201  it is the answer
    for ward in place.wards:  # standard input ends without a signal only when the demo was killed
        with contextlib.suppress(ProcessLookupError):
            os.kill(ward, signal.SIGTERM)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    nurse()
