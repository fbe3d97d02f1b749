"""The process around a sidecar, from outside: how it ends, and what it says by its exit status."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sidecar.process import KILLED_AGAIN

ANY_PORT = ("--proxy-listen=127.0.0.1:0", "--control-listen=127.0.0.1:0", "--observe-listen=127.0.0.1:0")


@pytest.fixture
def serving(tmp_path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sidecar", "serve", *ANY_PORT]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if '"serving"' in line:
            return process
    raise AssertionError(f"it did not start: {process.wait()}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end__ends_in_order(serving: subprocess.Popen[str], number: signal.Signals) -> None:
    serving.send_signal(number)
    out, _ = serving.communicate(timeout=20)
    assert serving.returncode == 0
    assert '"drained"' in out


def test_exit_status_of_a_second_signal_is_that_of_a_killed_program() -> None:
    assert KILLED_AGAIN == 143


def test_hangup_where_nobody_sits_at_a_terminal__the_settings_are_read_again(serving: subprocess.Popen[str]) -> None:
    assert serving.stdout is not None
    serving.send_signal(signal.SIGHUP)
    assert '"settings_reloaded","by":"signal","changed":[]' in next(
        line for line in serving.stdout if "settings" in line
    )
    serving.send_signal(signal.SIGTERM)
    serving.communicate(timeout=20)
    assert serving.returncode == 0


def test_terminal_is_closed__ends_in_order(tmp_path: Path) -> None:
    process, terminal = pty.fork()
    if process == 0:  # its own session, with the terminal as its own
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "sidecar", "serve", *ANY_PORT])
    said = b""
    while b"rows are kept 30 days\r\n" not in said:  # the last that it says to who started it
        said += os.read(terminal, 4096)
    os.close(terminal)
    deadline = time.monotonic() + 20
    ended, status = os.waitpid(process, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.02)
        ended, status = os.waitpid(process, os.WNOHANG)
    if not ended:
        os.kill(process, signal.SIGKILL)
    assert (ended, os.waitstatus_to_exitcode(status)) == (process, 0)
