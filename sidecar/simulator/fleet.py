"""A fleet of callers for the demo: real google-genai clients in processes of their own, some of which vanish.

A nursery process imports the SDK once; each caller is a fork of it.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from sidecar.clock import SystemClock

if TYPE_CHECKING:
    from google.genai import Client

MODELS = ("gemini-2.5-flash", "gemini-2.5-pro", "gemini-2.5-flash-lite")


PROMPT = "Tell me about the sea."


class Ending(StrEnum):
    """What becomes of a caller."""

    STAYS = "stays"
    INTERRUPTED = "Ctrl-C"
    KILLED = "kill -9"


SIGNALS = {Ending.INTERRUPTED: signal.SIGINT, Ending.KILLED: signal.SIGKILL}


class Role(msgspec.Struct, frozen=True):
    """What one caller does, and how it ends."""

    name: str
    model: str
    is_stream: bool
    work_seconds: float
    """How long the provider works for it."""
    ending: Ending
    vanishes_after_seconds: float = 0.0

    @property
    def script(self) -> str:
        """The work, in the simulator's grammar."""
        tokens = round(self.work_seconds * 400)
        return f"seconds={self.work_seconds:.2f} chunks=12 prompt=1200 output={tokens} thoughts={tokens // 4}"


def roles(count: int, seed: int) -> Iterator[Role]:
    """A cast: about half of them vanish, each in the middle of its call. The same seed gives the same cast."""
    dice = random.Random(seed)  # noqa: S311  a demo, not a secret
    for number in range(1, count + 1):
        work = dice.uniform(1.5, 5.0)
        ending = dice.choice([Ending.STAYS, Ending.STAYS, Ending.INTERRUPTED, Ending.KILLED])
        yield Role(
            name=f"caller-{number:02d}",
            model=dice.choice(MODELS),
            is_stream=dice.random() < 0.5,
            work_seconds=work,
            ending=ending,
            vanishes_after_seconds=work * dice.uniform(0.2, 0.6),
        )


class Fleet:
    """Starts callers and makes them vanish on time. The nursery is `python -m sidecar.simulator.fleet`."""

    def __init__(self, base_url: str) -> None:
        self._nursery = subprocess.Popen(  # noqa: S603  our own interpreter with our own module
            [sys.executable, "-m", "sidecar.simulator.fleet", base_url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self._due: list[tuple[float, int, Role]] = []

    def start(self, role: Role) -> None:
        """A new caller, at work at once."""
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(msgspec.json.encode(role) + b"\n")
        self._nursery.stdin.flush()
        pid = int(self._nursery.stdout.readline())
        if role.ending in SIGNALS:
            self._due.append((SystemClock().monotonic_ns() / 1e9 + role.vanishes_after_seconds, pid, role))

    def look(self) -> list[str]:
        """Send the signals that are due; returns the names of the callers that have just been made to vanish."""
        now = SystemClock().monotonic_ns() / 1e9
        due = [(pid, role) for at, pid, role in self._due if at <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for pid, role in due:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, SIGNALS[role.ending])
        return [role.name for _, role in due]

    def close(self) -> None:
        """End whoever is left."""
        os.killpg(self._nursery.pid, signal.SIGKILL)
        self._nursery.communicate()


def nurse(base_url: str) -> None:
    """Make one client, which takes a second; fork a caller for each role that comes on standard input, print its process id."""
    from google.genai import Client
    from google.genai.types import HttpOptions

    client = Client(
        api_key="demo", http_options=HttpOptions(base_url=base_url)
    )  # no connection yet: each fork makes its own
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    for line in sys.stdin.buffer:
        role = msgspec.json.decode(line, type=Role)
        pid = os.fork()
        if pid == 0:
            play(client, role)
            os._exit(0)
        print(pid, flush=True)  # noqa: T201  it is the answer


def play(client: "Client", role: Role) -> None:
    """The program of one caller."""
    from google.genai.types import GenerateContentConfig, HttpOptions

    headers = {"X-Sidecar-Caller": role.name, "X-Simulator-Call": role.name, "X-Simulator": role.script}
    config = GenerateContentConfig(http_options=HttpOptions(headers=headers))
    try:
        if role.is_stream:
            for _ in client.models.generate_content_stream(model=role.model, contents=PROMPT, config=config):
                pass
        else:
            client.models.generate_content(model=role.model, contents=PROMPT, config=config)
    except KeyboardInterrupt:
        os._exit(128 + signal.SIGINT)  # as a script that is interrupted: no goodbye to anybody


if __name__ == "__main__":
    nurse(sys.argv[1])
