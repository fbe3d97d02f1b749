"""Processes that are measured: started on a CPU of their own, charged with what they and their children use, ended for sure."""

import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.parts import SBIN

CONTENDER_CPU, LOAD_CPU = 1, 0
DESCRIPTORS = 65_536
NANOSECONDS = 1e9


class Running:
    """A process with its children. It leads a process group, so that all of it is stopped, continued and ended at once."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def pids(self) -> list[int]:
        """The one we started and all below it."""
        found = [self.process.pid]
        for pid in found:  # grows while we walk
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    def cpu_ns(self) -> int:
        """CPU time so far, user and system, from the kernel's per-process clocks."""
        return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in self.pids())

    def resident_kib(self) -> int:
        """Resident memory now; its peak is counted anew from here."""
        for pid in self.pids():
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        return self._memory_kib("VmRSS")

    def peak_resident_kib(self) -> int:
        """The sum of the processes' peaks since `resident_kib` was asked."""
        return self._memory_kib("VmHWM")

    def _memory_kib(self, name: str) -> int:
        lines = (line for pid in self.pids() for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))

    def stop(self) -> None:
        """Take the CPU from it, so that it does not disturb whoever is measured next."""
        os.killpg(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Give it the CPU back."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self.process.poll() is not None

    def end(self) -> None:
        """End it at once: what a contender does when told to end politely is not measured here."""
        if not self.has_ended():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def running(command: list[str], cpu: int, log: Path, variables: Mapping[str, str]) -> Iterator[Running]:
    """Run a command on one CPU, its output going to `log`."""
    pinned = ["taskset", "-c", str(cpu % (os.cpu_count() or 1)), *command]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    environment = {**os.environ, "PATH": path, **variables}
    with log.open("wb") as output:
        process = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    started = Running(process)
    try:
        yield started
    finally:
        started.end()


def settle_down_on_the_load_cpu() -> int:
    """Pin this process, which makes the load, and raise its limit of file descriptors; returns the limit.

    What it starts inherits both; contenders are then pinned elsewhere.
    """
    os.sched_setaffinity(0, {LOAD_CPU})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, DESCRIPTORS), max(most, DESCRIPTORS)))
    except (ValueError, OSError):  # not ours to raise, as in most containers
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def free_port() -> int:
    """A port that nobody has at this moment; others may run a benchmark or a sidecar on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
