"""`sidecar wait`, `drain` and `shutdown` as processes of their own, against a sidecar in a process of its own."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.rig import PATIENCE_SECONDS, running_sidecar


def started(*words: str) -> subprocess.Popen[str]:
    """A command at work."""
    return subprocess.Popen(
        [sys.executable, "-m", "sidecar", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    """How it ended: its exit code, what it printed, what it said."""
    out, err = command.communicate(timeout=PATIENCE_SECONDS)
    return command.returncode, out, err


def run(*words: str) -> tuple[int, str, str]:
    return ended(started(*words))


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_who_waits_before_the_start_goes_on_after_it(simulator: RunningSimulator, tmp_path: Path) -> None:
    port = free_port()
    observe = ("--observe", f"http://127.0.0.1:{port}")
    code, _, err = run("wait", "--timeout", "0", *observe)
    assert (code, err.startswith("sidecar: no sidecar answers at ")) == (1, True)
    waits = [started("wait", *observe, "--for", readiness) for readiness in ("started", "ready")]
    with running_sidecar(tmp_path, simulator, {"OBSERVE__LISTEN": f"127.0.0.1:{port}"}):
        assert [ended(command) for command in waits] == [(0, "", "")] * 2


def test_a_drain_ends_nothing_and_makes_it_unready(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator) as sidecar:
        assert run("drain", "--control", sidecar.control) == (0, "draining\n", "")
        assert run("wait", "--timeout", "0", "--observe", sidecar.observe) == (0, "", "")
        code, _, err = run("wait", "--timeout", "0", "--for", "ready", "--observe", sidecar.observe)
        assert (code, err) == (1, f"sidecar: the sidecar at {sidecar.observe} answers 'draining'\n")
        code, _, err = run("shutdown", "--control", sidecar.control)
        assert (code, "control.allow_quit" in err) == (1, True)
        assert sidecar.process.poll() is None
        assert sidecar.end(signal.SIGTERM) == 0


def test_a_shutdown_that_is_allowed_ends_it_as_sigterm_does(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator, {"CONTROL__ALLOW_QUIT": "true"}) as sidecar:
        assert run("shutdown", "--control", sidecar.control) == (0, "ending\n", "")
        assert sidecar.process.wait(PATIENCE_SECONDS) == 0
        assert sidecar.logged("final_totals")["calls_in_flight"] == 0
