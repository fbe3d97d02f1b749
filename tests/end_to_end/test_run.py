"""`sidecar run` with google-genai scripts on real terminals: interrupted, killed, timing out, forking, detaching.

All of them live at once, before one provider: what takes time in each is importing the SDK.
"""

import os
import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.run_rig import Runs, script
from tests.end_to_end.terminal import CTRL_C, Terminal

HELD = "hold=0 seconds=0.2 chunks=1 prompt=1200 output=2400"
"""The provider is at work until it is told to come to an end."""


class Life(NamedTuple):
    """A run that is over."""

    status: int
    text: str
    raw: bytes
    pictured: str
    """What was on the screen while the provider worked on."""


def interrupted(run: Runs, name: str, shown: Terminal) -> str:
    run.simulator.reached(name, Milestone.HELD)
    shown.press(CTRL_C)
    return followed(run, name, shown)


def followed(run: Runs, name: str, shown: Terminal) -> str:
    """The program has gone; the provider works on, and then is done."""
    shown.reads("the provider works on")
    shown.reads("Ctrl-C stops waiting")
    pictured = shown.text()
    run.simulator.release(name)
    return pictured


def killed(run: Runs, name: str, shown: Terminal) -> str:
    run.simulator.reached(name, Milestone.HELD)
    shown.reads(".")
    found = re.search(r"pid (\d+)\.", shown.text())
    assert found, shown.text()
    os.kill(int(found[1]), signal.SIGKILL)
    return followed(run, name, shown)


def detached(run: Runs, name: str, shown: Terminal) -> str:
    run.simulator.reached(name, Milestone.HELD)
    shown.reads("calling")  # a long pid breaks the line before it
    pictured = shown.text()
    run.simulator.release(name)
    return pictured


def impatient(run: Runs, name: str, shown: Terminal) -> str:
    run.simulator.reached(name, Milestone.HELD)
    shown.press(CTRL_C)
    shown.reads("Ctrl-C stops waiting")
    shown.press(CTRL_C)
    return shown.text()


SCENES: dict[str, tuple[str, Callable[[Runs, str, Terminal], str]]] = {
    "interrupted": ("asks", interrupted), "killed": ("is_killed", killed), "timed-out": ("times_out", followed),
    "forked": ("forks", interrupted), "detached": ("detaches", detached), "impatient": ("asks", impatient),
}  # fmt: skip


@pytest.fixture(scope="module")
def lives(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Life]]:
    # Made by one thread: pytest's factory is not made for more.
    folders = {name: tmp_path_factory.mktemp(name) for name in SCENES}

    def live(name: str) -> Life:
        what, scene = SCENES[name]
        run = Runs(folders[name], simulator)
        with run.on_terminal(script(what, name, HELD)) as shown:
            pictured = scene(run, name, shown)
            return Life(shown.ended(), shown.text(), shown.raw, pictured)

    with ThreadPoolExecutor(2) as pool:  # the machine's cores
        yield dict(zip(SCENES, pool.map(live, SCENES), strict=True))


def test_interrupted__then_the_sentence_says_what_it_cost(lives: dict[str, Life], simulator: RunningSimulator) -> None:
    life = lives["interrupted"]
    (entry,) = simulator.bill.of("interrupted")
    assert re.search(r"sidecar: your program was interrupted after \d+\.\d s; the provider worked on for\n", life.text)
    assert f"billed {entry.usd:.6f} USD for answers that nobody received" in life.text.replace("\n", " ")
    assert re.search(rf"orphaned +{entry.usd:.6f} USD +100 %", life.text)
    assert re.search(r"avoidable +~0\.\d{6} USD", life.text)


def test_interrupted__then_a_picture_shows_the_call_until_it_ends(lives: dict[str, Life]) -> None:
    life = lives["interrupted"]
    assert re.search(r"gemini-2\.5-pro +unary +━+ +\d+\.\d s", life.pictured)
    assert "Ctrl-C stops waiting" not in life.text, "the picture goes when it is over"


def test_interrupted__then_whoever_waits_sees_that_signal(lives: dict[str, Life]) -> None:
    assert lives["interrupted"].status == -signal.SIGINT
    assert lives["forked"].status == -signal.SIGINT


def test_killed__then_the_same(lives: dict[str, Life], simulator: RunningSimulator) -> None:
    life = lives["killed"]
    (entry,) = simulator.bill.of("killed")
    assert life.status == -signal.SIGKILL
    assert "your program was killed after" in life.text
    assert f"{entry.usd:.6f} USD" in life.text


def test_gives_up_by_itself__then_its_own_exit_code_and_the_cost(lives: dict[str, Life]) -> None:
    life = lives["timed-out"]
    assert life.status == 1
    assert "your program ended with exit code 1 after" in life.text
    assert re.search(r"calls +1 +1 orphaned", life.text)


def test_worker_is_interrupted_with_its_parent__then_its_call_is_followed(lives: dict[str, Life]) -> None:
    assert "your program was interrupted" in lives["forked"].text
    assert re.search(r"calls +1 +1 orphaned", lives["forked"].text)


def test_puts_itself_into_the_background__then_it_is_waited_for(lives: dict[str, Life]) -> None:
    life = lives["detached"]
    assert re.search(r"1 process of it \(\d+\) goes on calling: waiting for it", life.pictured.replace("\n", " "))
    assert re.search(r"your program ended after \d+\.\d s: 1 call, 1 delivered, for 0\.\d{6} USD", life.text)
    assert life.status == 0


def test_second_ctrl_c__then_it_says_what_is_left_unknown(lives: dict[str, Life]) -> None:
    life = lives["impatient"]
    assert life.status == -signal.SIGINT
    assert "1 call left at work at the provider" in life.text.replace("\n", " ")
    assert "not waited for: 1 call" in life.text


def test_no_secret_in_what_is_written(lives: dict[str, Life], tmp_path_factory: pytest.TempPathFactory) -> None:
    files = [path for path in tmp_path_factory.getbasetemp().rglob("inference-sidecar/*") if path.is_file()]
    assert len(files) >= len(SCENES), files
    for path in files:
        assert b"a-secret-key" not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
