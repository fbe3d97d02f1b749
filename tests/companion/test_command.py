"""A command is started, and ends, as `env CMD` would: compared with env(1) itself."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.companion.command import CommandError, End, end_of, is_stopped, start

SOFT_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
LEAVES = "from sidecar.companion.command import End, leave_like; import sys; sys.exit(leave_like(End({}, {})))"


def end_after(pid: int) -> End:
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    end = end_of(pid)
    assert end is not None
    return end


@pytest.mark.parametrize("script", ["exit 0", "exit 7", "exit 255", "kill -INT $$", "kill -KILL $$"])
def test_end_is_that_of_the_command(script: str) -> None:
    command = ["sh", "-c", script]
    end = end_after(start(command, os.environ, set(), SOFT_FILES))
    env = subprocess.run(["env", *command]).returncode
    assert (end.code, end.signal) == ((env, None) if env >= 0 else (None, -env))
    assert end.status == (env if env >= 0 else 128 - env)


@pytest.mark.parametrize("kind", ["missing", "not executable", "directory", "empty name", "missing interpreter"])
def test_what_cannot_be_run_has_the_status_that_env_gives(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "command"
    if kind in {"not executable", "missing interpreter"}:
        file.write_text("#!/no/such/interpreter\n")
        file.chmod(0o755 if kind == "missing interpreter" else 0o644)
    name = {"directory": str(tmp_path), "empty name": ""}.get(kind, str(file))
    with pytest.raises(CommandError) as caught:
        start([name], os.environ, set(), SOFT_FILES)
    assert caught.value.status == subprocess.run(["env", "--", name], capture_output=True).returncode


def test_script_without_an_interpreter_is_one_of_sh(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("exit $1\n")
    (tmp_path / "script").chmod(0o755)
    variables = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    assert end_after(start([str(tmp_path / "script"), "9"], variables, set(), SOFT_FILES)) == End(9)


def test_files_that_may_be_open_are_as_many_as_before_us() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    end = end_after(start(["sh", "-c", "exit $(ulimit -n)"], os.environ, set(), 99))
    assert end == End(99)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_signal_mask_is_the_one_given() -> None:
    read = "exec grep -q 'SigBlk:.*4200$' /proc/self/status"  # 10 and 15
    assert end_after(start(["sh", "-c", read], os.environ, {signal.SIGUSR1, signal.SIGTERM}, SOFT_FILES)) == End(0)


def test_stopped_is_told_from_running_and_ended() -> None:
    pid = start(["sleep", "60"], os.environ, set(), SOFT_FILES)
    assert not is_stopped(pid)
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    assert is_stopped(pid)
    os.kill(pid, signal.SIGKILL)
    assert end_after(pid) == End(None, signal.SIGKILL)


@pytest.mark.parametrize(
    ("code", "number"), [(3, None), (None, signal.SIGINT), (None, signal.SIGKILL), (None, signal.SIGSEGV)]
)
def test_leaves_as_the_command_did(code: int | None, number: int | None) -> None:
    ended = subprocess.run([sys.executable, "-c", LEAVES.format(code, number and int(number))])
    assert ended.returncode == (code if number is None else -number)
