"""`sidecar run` stands beside its command as if it were not there: exit codes, terminal, pipes, signals, descriptors."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.run_rig import CONTENT, Runs, asking
from tests.end_to_end.terminal import CTRL_C, CTRL_Z, PATIENCE_SECONDS

SHORT = "seconds=0 prompt=100 output=10"
HELD = "hold=0 seconds=0 chunks=1 prompt=1200 output=2400"
COUNTS_CHANGES = """
import os, signal, time
seen = []
signal.signal(signal.SIGWINCH, lambda *_: seen.append(1))
print("size", *os.get_terminal_size(), flush=True)
while not seen:
    time.sleep(0.05)
time.sleep(0.2)
print("changes", len(seen), *os.get_terminal_size(), os.isatty(0), os.getpgrp() == os.tcgetpgrp(0))
"""
RESPONSE = json.dumps({"model": "gpt-5-mini", "input": "Tell me about the sea.", "background": True})


def in_the_background(name: str, script: str, first: str = ":") -> list[str]:
    """A shell that starts a caller, and kills it and ends when there is a file called `go`."""
    waits = f'{first}; "$0" "$@" >&2 & while ! [ -e go ]; do sleep 0.05; done; kill -9 $!'
    return ["sh", "-c", waits, *asking(name, script)]


@pytest.fixture
def run(simulator: RunningSimulator, tmp_path: Path) -> Runs:
    return Runs(tmp_path, simulator)


def test_nobody_called__then_only_the_exit_code_is_there(run: Runs) -> None:
    ended = run.piped(["sh", "-c", "exit 7"])
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "", "")
    assert not list(run.state.iterdir()), "a log of nothing is not kept"


def test_command_is_not_there__then_127_and_one_line(run: Runs) -> None:
    ended = run.piped(["no-such-command"])
    assert (ended.returncode, ended.stderr) == (127, "sidecar: no-such-command: No such file or directory\n")


def test_without_a_sidecar_the_command_is_not_run(run: Runs) -> None:
    ended = run.piped(["touch", "made"], variables={"SIDECAR_MODE": "sometimes"})
    assert ended.returncode == 125
    assert "SIDECAR_MODE" in ended.stderr
    assert not (run.directory / "made").exists()


def test_everything_about_the_process_is_as_with_env(run: Runs) -> None:
    told = (
        "ls -l /proc/self/fd | sed 's/.*:[0-9][0-9] //; /proc.[0-9]/d; s/\\[[0-9]*\\]//';"
        "grep -E 'SigBlk|SigCgt' /proc/self/status;"
        "grep SigIgn /proc/self/status | sed 's/.*\\(.......\\)$/\\1/';"  # not glibc's own, which posix_spawn(3) may set
        "ulimit -a; umask; pwd; env | grep -vE '_BASE_URL|CO_API_URL|^_=' | sort"
    )
    with (run.directory / "handed-down").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        both = [
            subprocess.run(
                [*line, "sh", "-c", told], cwd=run.directory, env=run.variables, close_fds=False, stdin=subprocess.DEVNULL,
                capture_output=True, text=True,
            ).stdout
            for line in (run.line([]), ["env"])
        ]  # fmt: skip
    assert both[0] == both[1]
    assert "handed-down" in both[0]


def test_command_on_a_terminal_sees_its_size_and_each_change_once(run: Runs) -> None:
    with run.on_terminal([sys.executable, "-S", "-c", COUNTS_CHANGES]) as shown:
        shown.reads("size 80 40")
        shown.resize(30, 70)
        assert shown.ended() == 0
        assert "changes 1 70 30 True True" in shown.text()


def test_shell_stops_it_and_brings_it_back(run: Runs) -> None:
    with run.in_shell() as shown:
        shown.press(" ".join(run.line(["sh", "-c", "'echo begun; sleep 60'"])).encode() + b"\n")
        shown.reads("\nbegun")
        shown.press(CTRL_Z)
        shown.reads("Stopped")
        shown.press(b"fg\n")
        shown.reads("fg\n")
        time.sleep(0.3)  # bash hands the terminal over before it continues the job
        shown.press(CTRL_C)
        shown.reads("^C")
        shown.press(b"echo left with $?\n")
        shown.reads("left with 130")


def test_in_the_background_of_a_strict_terminal_it_is_not_stopped_by_what_it_says(run: Runs) -> None:
    with run.in_shell() as shown:
        command = " ".join(f"'{word}'" for word in run.line(asking("background", SHORT))).replace("'-m'", "-m")
        shown.press(b"stty tostop; " + command.encode() + b" >made & wait; echo left with $?\n")
        shown.reads("left with 0")
        assert re.search(r"your program ended after .*: 1 call, 1 delivered", shown.text().replace("\n", " "))


def test_in_a_pipeline_it_is_like_any_command(run: Runs) -> None:
    line = " ".join(run.line(["sed", "1q"]))
    ended = subprocess.run(
        ["sh", "-c", f"printf 'a\\nb\\n' | {line} | tr a-z A-Z"], cwd=run.directory, env=run.variables, capture_output=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"A\n", b"")


def test_reader_and_writer_see_the_end_of_the_command__not_that_of_the_report(run: Runs) -> None:
    process = run.started(in_the_background("followed", HELD, "exec 0<&-; echo closed"), stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "closed\n"
    with pytest.raises(BrokenPipeError):
        os.write(process.stdin.fileno(), b"nobody reads that")
    run.simulator.reached("followed", Milestone.HELD)
    (run.directory / "go").touch()
    assert process.stdout.read() == ""
    assert process.poll() is None, "it follows still"
    run.simulator.release("followed")
    assert process.stderr is not None
    process.stdin.close()
    assert "orphaned" in process.stderr.read()
    assert process.wait() == 0
    process.stdout.close()
    process.stderr.close()


def test_term_is_passed_on(run: Runs) -> None:
    process = run.started(["sh", "-c", "trap 'echo ending; exit 3' TERM; echo begun; while :; do sleep 0.05; done"])
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGTERM)
    out, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, errors) == (3, "ending\n", "")


def test_killed_without_a_word__then_the_command_hangs_on_nothing(run: Runs) -> None:
    process = run.started(asking("hung", HELD))
    run.simulator.reached("hung", Milestone.HELD)
    process.kill()
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)  # to the end of the pipes: the command's end
    run.simulator.release("hung")
    assert "RemoteDisconnected" in errors or "ConnectionResetError" in errors


def test_run_in_a_run__then_the_outer_one_tells(run: Runs) -> None:
    ended = run.piped(run.line(asking("nested", SHORT), "--verbose"))
    assert ended.returncode == 0
    assert ended.stderr.count("1 call, 1 delivered") == 1
    assert "was there first, and sees them" in ended.stderr


def test_own_address_is_kept__and_that_its_calls_are_not_seen_is_said(run: Runs) -> None:
    command = ["sh", "-c", "echo $OPENAI_BASE_URL $NO_PROXY"]
    own = {"OPENAI_BASE_URL": "http://key@elsewhere/v1", "HTTP_PROXY": "http://proxy:1", "NO_PROXY": "inside"}
    kept = run.piped(command, variables=own)
    assert kept.stdout == "http://key@elsewhere/v1 inside,127.0.0.1,localhost\n"
    assert "calls by OPENAI_BASE_URL were not seen" in kept.stderr
    assert "elsewhere" not in kept.stderr
    replaced = run.piped(command, "--override", variables=own)
    assert re.match(r"http://127\.0\.0\.1:\d+/openai/v1 ", replaced.stdout)
    assert not replaced.stderr


def test_nobody_waits__then_it_ends_at_once_and_says_so(run: Runs) -> None:
    process = run.started(in_the_background("unwaited", HELD), "--wait", "0", "--json")
    run.simulator.reached("unwaited", Milestone.HELD)
    (run.directory / "go").touch()
    began = time.monotonic()
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert time.monotonic() - began < 5
    run.simulator.release("unwaited")
    told = json.loads(errors)
    assert told["calls"] == {"orphan_cut": 1}
    assert told["not_waited_for"] == 1
    assert told["is_estimated"]


def test_report_goes_to_a_file(run: Runs) -> None:
    ended = run.piped(asking("filed", SHORT), "--json", "--report", "told.json")
    assert not ended.stderr
    told = json.loads((run.directory / "told.json").read_text())
    assert (told["exit_code"], told["calls"], told["spend_usd"][:2]) == (0, {"delivered": 1}, "0.")
    assert not run.piped(asking("quiet", SHORT), "--quiet").stderr


def test_ledger_is_taken__then_one_of_its_own_and_it_says_where(run: Runs) -> None:
    blocked = run.line(["sh", "-c", " ".join(f"'{word}'" for word in run.line(asking("second", SHORT), "--override"))])
    ended = subprocess.run(blocked, cwd=run.directory, env=run.variables, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "is in use by another sidecar" in ended.stderr
    assert [path.suffix for path in run.state.glob("*.db")] == [".db"]


def test_enforce_cancels_what_nobody_fetches_and_leaves_batches(run: Runs) -> None:
    work = "never_ending=1 seconds=60"
    response = asking("response", work, variable="OPENAI_BASE_URL", path="/responses", body=RESPONSE)
    batch = asking(
        "batch", work, path="/v1beta/models/gemini-2.5-pro:batchGenerateContent",
        body=json.dumps({"batch": {"inputConfig": {"requests": {"requests": [{"request": json.loads(CONTENT)}]}}}}),
    )  # fmt: skip
    both = f"import subprocess; [subprocess.run(line, check=True) for line in {[response, batch]!r}]"
    ended = run.piped([sys.executable, "-S", "-c", both], "--mode", "enforce")
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"operations +2 ", ended.stderr)
    assert "1 operation cancelled at the provider, confirmed within" in ended.stderr.replace("\n  ", " ").replace(
        "\n", " "
    )
    assert "still running: batch gemini-2.5-pro at gemini, batches/" in ended.stderr
    states = {seen.tag: seen.state for seen in run.simulator.operations if seen.tag in {"response", "batch"}}
    assert states["response"] == "cancelled", states
    assert states["batch"] != "cancelled", states
