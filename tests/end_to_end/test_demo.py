"""`sidecar demo` as a newcomer runs it: a short scene from its beginning to its end, and what becomes of it when it is stopped.

The whole scene plays in the background while the others are started and stopped.
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.readme import README

DEMO = [sys.executable, "-m", "sidecar", "demo"]
SHORT = ["--seconds", "10", "--callers", "3"]
PATIENCE_SECONDS = 60


def environment(**more: str) -> dict[str, str]:
    """Nobody's desktop, no keys, and settings that would break any sidecar that minded them."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    return {**kept, "SIDECAR_MODE": "nonsense", "HTTPS_PROXY": "http://127.0.0.1:9", "COLUMNS": "116", **more}


class Screen:
    """A demo in a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self.process, self._terminal, self.shown = process, terminal, ""

    def read(self) -> bool:
        """What it shows next; False when it has ended."""
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # Linux: nobody has the other side any more
            return False
        self.shown += data.decode()
        return bool(data)

    def until(self, pattern: str) -> str:
        """Wait for text; the first group of the pattern."""
        while not (found := re.search(pattern, self.shown)):
            assert self.read(), self.shown
        return found[1] if found.groups() else found[0]

    def type(self, key: bytes) -> None:
        """A key, as the terminal sends it."""
        os.write(self._terminal, key)

    def ended(self) -> int:
        """Its exit code, when it has shown all."""
        while self.read():
            pass
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def on_a_screen(*flags: str, **variables: str) -> Iterator[Screen]:
    """A demo that begins; killed at the end if it still runs."""
    ours, its = pty.openpty()
    with ExitStack() as stack:
        stack.callback(os.close, ours)
        process = stack.enter_context(
            subprocess.Popen(
                [*DEMO, *flags], stdin=its, stdout=its, stderr=its, start_new_session=True,
                env=environment(TERM="xterm", LINES="45", **variables), preexec_fn=_take_the_terminal,
            )
        )  # fmt: skip
        os.close(its)
        stack.callback(process.kill)
        yield Screen(process, ours)


def _take_the_terminal() -> None:
    """Ctrl-C goes to whoever has the terminal: the first that opens it in a session of its own."""
    os.close(os.open(os.ttyname(0), os.O_RDWR))


def descendants(pid: int) -> list[int]:
    """Every process below this one."""
    try:
        lists = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:  # it has ended meanwhile
        return []
    below = [int(child) for several in lists for child in several.split()]
    return [*below, *(grandchild for child in below for grandchild in descendants(child))]


def alive(pids: list[int]) -> list[int]:
    """Those that have not ended: what nobody has waited for yet has."""
    states = {pid: _state(pid) for pid in pids}
    return [pid for pid, state in states.items() if state not in ("", "Z")]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def none_left(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(pids)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module", autouse=True)
def scene(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """The whole scene, where there is no terminal."""
    command = [*DEMO, *SHORT, "--ledger", "kept.db", "--keep"]
    with subprocess.Popen(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def told(scene: subprocess.Popen[str]) -> str:
    """What the whole scene has said; it stays up until it is interrupted, and that is no failure."""
    assert scene.stdout is not None
    said = ""
    while "stays up at" not in said:
        line = scene.stdout.readline()
        assert line, said
        said += line
    page = re.findall(r"http://[0-9.:]+/", said)[-1]
    with urllib.request.urlopen(f"{page}api/state", timeout=5) as reply:
        assert reply.status == 200
    scene.send_signal(signal.SIGINT)
    rest, complained = scene.communicate(timeout=PATIENCE_SECONDS)
    assert (scene.returncode, complained, rest) == (0, "", ""), said
    return said


def test_ctrl_c_in_the_middle__130_and_nothing_is_left(scene: subprocess.Popen[str]) -> None:
    with on_a_screen() as screen:
        page = screen.until(r"live page +(http://127\.0\.0\.1:\d+/)")
        screen.until("kill -9 at 0.6 s")
        screen.until("orphaned\x1b")
        started = descendants(screen.process.pid)
        assert len(started) >= 3, "the provider, the sidecar, the nursery, and whoever calls"
        screen.type(b"\x03")
        assert screen.ended() == 130
        assert "interrupted: all processes of the demo are ended" in screen.shown
    assert none_left(started)
    with pytest.raises(OSError):
        urllib.request.urlopen(page, timeout=1)


def test_the_demo_is_killed__it_takes_its_processes_along(scene: subprocess.Popen[str]) -> None:
    with on_a_screen() as screen:
        screen.until("kill -9 at 0.6 s")
        started = descendants(screen.process.pid)
        screen.process.send_signal(signal.SIGKILL)
        assert none_left(started)


def test_both_accounts_are_the_same_to_the_last_digit(told: str) -> None:
    (provider, sidecar) = re.findall(r"^The (?:provider billed|sidecar counted) +([0-9. ]+[0-9])", told, re.MULTILINE)
    assert provider == sidecar
    assert "the same, to the last digit" in told


def test_scene_has_a_rescue_cancels_one_that_is_unsupported_and_callers_that_stay(told: str) -> None:
    rows = {line.split()[0]: line for line in told.partition("the caller")[2].splitlines() if line.strip()}
    words = {
        "caller-01": "orphan_finished", "impatient": "rescued", "restarted": "rescued", "research": "finished, fetched",
        "forsaken": "cancelled", "hourly": "cancelled", "film": "cancel unsupported", "nightly": "finished, not fetched",
    }  # fmt: skip
    assert {name: word for name, word in words.items() if word not in rows[name]} == {}
    assert "delivered" in told
    assert re.search(r"\d retries were given the first attempt's answer", told)
    assert "by 1 of 2 cancels" in told


def test_the_ledger_that_it_keeps_says_the_same(told: str, directory: Path) -> None:
    named = re.search(r"sidecar report --ledger (\S+)", told)
    assert named is not None
    command = [sys.executable, "-m", "sidecar", "operations", "list", "--format", "json", "--ledger", named[1]]
    rows = json.loads(
        subprocess.run(
            command, capture_output=True, check=True, env={**environment(), "SIDECAR_MODE": "observe"}
        ).stdout
    )
    assert sorted({row["caller"] for row in rows}) == ["film", "forsaken", "hourly", "nightly", "research"]
    assert {path.name for path in directory.iterdir()} <= {"kept.db", "kept.db-wal", "kept.db-shm", "kept.db.lock"}


def test_readme_shows_what_it_shows_today(told: str) -> None:
    shown = README.read_text().partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0]
    assert _shape(shown) == _shape(told.partition("\nThe live page stays up")[0])  # which --keep adds


def _shape(text: str) -> list[str]:
    """What does not hang on how long things took: titles, names of figures, and commands."""
    titles = [" ".join(line.split()) for line in text.splitlines() if line.startswith("caller ")]
    return titles + re.findall(r"^(?:The \w+ \w+|  [a-z]\w+)", text, re.MULTILINE)
