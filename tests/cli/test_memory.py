"""Who sees the memory of a process, as the kernel says it. Each in a process of its own: it can't be undone for a test's."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cores import with_cores

COUNT = "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), flush=True)"
"""PR_GET_DUMPABLE."""
IMPORTED = "import os, subprocess, sys\nfrom sidecar.cli.memory import close_memory, forbid_cores, open_memory\n"


def crashed(*command: str, folder: Path, **variables: str) -> tuple[int, str]:
    """The status of a command that may leave a core, as waitpid(2) gives it, and what it printed."""
    environment = {**os.environ, "XDG_STATE_HOME": str(folder), **variables}
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        preexec_fn=with_cores,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        _, status = os.waitpid(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        return status, running.stdout.read()


def said(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", IMPORTED + program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_closed_memory_is_not_dumpable() -> None:
    assert said(f"print(close_memory(), flush=True)\n{COUNT}") == ["True", "0"]


def test_what_we_execute_is_dumpable_again() -> None:
    assert said(f"close_memory()\nsubprocess.run([sys.executable, '-c', {COUNT!r}])") == ["1"]


def test_opened_memory_is_as_it_was() -> None:
    assert said(f"close_memory(); print(open_memory(), flush=True)\n{COUNT}") == ["True", "1"]


READS_ITSELF = """
if os.geteuid() == 0: os.setuid(65534)  # to whom alone it makes a difference
close_memory()
print(os.listdir('/proc/self/fd') != [], os.stat('/proc/self/exe').st_size > 0, open('/proc/self/net/tcp').readline() != '')
print(open(f"/proc/self/fd/{os.open('/proc/self/status', os.O_RDONLY)}").readline() != '')
"""


def test_our_own_descriptors_and_connections_stay_readable() -> None:
    assert said(READS_ITSELF) == ["True"] * 4


@pytest.mark.parametrize(
    ("sealing", "has_core"), [("pass", True), ("close_memory()", False), ("forbid_cores()", False)]
)
def test_crash_leaves_a_core_or_none(sealing: str, has_core: bool, tmp_path: Path) -> None:
    program = f"{IMPORTED}{sealing}\nos.kill(os.getpid(), {signal.SIGSEGV.value})"
    status, _ = crashed(sys.executable, "-c", program, folder=tmp_path)
    assert os.WTERMSIG(status) == signal.SIGSEGV
    if has_core and not os.WCOREDUMP(status):
        pytest.skip("this system writes no cores, whatever the limit is")
    assert os.WCOREDUMP(status) is has_core


@pytest.mark.parametrize("is_debuggable", [False, True])
def test_run_that_crashes_leaves_a_core_where_it_is_debuggable__and_its_command_has_its_own_limit(
    is_debuggable: bool, tmp_path: Path
) -> None:
    sidecar = (sys.executable, "-m", "sidecar", "run", "--ledger", f"sqlite:///{tmp_path}/x.db", "--")
    script = ("sh", "-c", "ulimit -c; kill -SEGV $PPID")
    most = str(resource.getrlimit(resource.RLIMIT_CORE)[1]).replace(str(resource.RLIM_INFINITY), "unlimited")
    status, said = crashed(*sidecar, *script, folder=tmp_path, SIDECAR_DEBUGGABLE=str(is_debuggable).lower())
    assert os.WTERMSIG(status) == signal.SIGSEGV
    assert said.split() == [most]
    if is_debuggable and not os.WCOREDUMP(status):
        pytest.skip("this system writes no cores, whatever the limit is")
    assert os.WCOREDUMP(status) is is_debuggable
