"""Standing by a real command in a process of its own, as the test sends signals to it and to the command."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

STANDS_BY = textwrap.dedent("""
    import asyncio, os, sys
    from sidecar.companion.attendance import Attendance
    from sidecar.companion.command import start
    from sidecar.companion.family import Family
    from sidecar.companion.signals import Signals

    async def main(script):
        signals, loop = Signals(), asyncio.get_running_loop()
        attendance = Attendance(loop, signals, Family(loop, 1))
        if script == "none":
            os.kill(os.getpid(), 15)
            print(await attendance.was_asked_to_end(), attendance.asked)
            return
        assert not await attendance.was_asked_to_end()
        attendance.attend(start(["sh", "-c", script], os.environ, signals.mask_before, 1024))
        end = await attendance.ended()
        print("ended", end.code, end.signal, attendance.is_hurried, flush=True)
        await asyncio.wait_for(attendance.is_over.wait(), 20)
        print("over", flush=True)
        await asyncio.sleep(20)

    asyncio.run(main(sys.argv[1]))
""")


class Attendant:
    def __init__(self, script: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", STANDS_BY, script], stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def state(self) -> str:
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]

    def becomes(self, state: str) -> None:
        deadline = time.monotonic() + 20
        while self.state() not in state:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def attending(script: str) -> Iterator[Attendant]:
    attendant = Attendant(script)
    try:
        yield attendant
    finally:
        with suppress(ProcessLookupError):
            os.killpg(attendant.process.pid, signal.SIGKILL)
        attendant.process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signal_to_us_is_passed_on(number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    with attending(f"trap 'exit 9' {name}; echo begun; while :; do sleep 0.02; done") as attendant:
        assert attendant.says() == "begun"
        attendant.send(number)
        assert attendant.says() == f"ended 9 None {number == signal.SIGTERM}"


def test_signal_to_the_whole_group_by_the_terminal_is_not_passed_on() -> None:
    """As the kernel would do it there is no sender; here the command alone is interrupted, and we hear of it."""
    with attending("kill -INT $$") as attendant:
        assert attendant.says() == f"ended None {signal.SIGINT:d} False"


def test_after_the_end_a_signal_ends_the_wait__and_the_next_one_ends_us() -> None:
    with attending("exit 0") as attendant:
        assert attendant.says() == "ended 0 None False"
        attendant.send(signal.SIGINT)
        assert attendant.says() == "over"
        attendant.send(signal.SIGTERM)
        assert attendant.process.wait(20) == 128 + signal.SIGTERM


def test_command_stops_alone__then_we_stop_too_and_it_is_continued_with_us() -> None:
    with attending("echo begun; kill -STOP $$; echo continued; exit 0") as attendant:
        assert attendant.says() == "begun"
        attendant.becomes("T")
        attendant.send(signal.SIGCONT)
        assert attendant.says() == "continued"
        assert attendant.says() == "ended 0 None False"


def test_told_to_end_before_there_is_a_command__then_there_is_none() -> None:
    with attending("none") as attendant:
        assert attendant.says() == "True 15"
