"""What was freed is given back to the system, again and again."""

import asyncio
import ctypes
import subprocess
import sys
import threading

import pytest

from sidecar import trimming
from sidecar.trimming import start_trimming, trim_of, trim_on_and_on

pytestmark = pytest.mark.anyio

FRAGMENTED = """
import ctypes
from pathlib import Path
from sidecar.trimming import trim_of

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

pieces = [bytes(40_000) for _ in range(2_000)]
last = bytes(40_000)  # the heap can't shrink from its end
del pieces
before = resident()
trim_of(ctypes.CDLL(None))(0)
print(before - resident())
"""


async def test_it_is_done_again_and_again_and_not_in_the_loops_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "PAUSE_SECONDS", 0.001)
    threads, is_enough = list[str](), threading.Event()

    def trim(_: int) -> None:
        threads.append(threading.current_thread().name)
        if len(threads) > 1:
            is_enough.set()

    task = asyncio.create_task(trim_on_and_on(trim))
    assert await asyncio.to_thread(is_enough.wait, 10)
    task.cancel()
    assert "MainThread" not in threads


async def test_no_such_function__nothing_is_done() -> None:
    assert trim_of(object()) is None
    await asyncio.wait_for(trim_on_and_on(None), 10)


async def test_it_ends_when_it_is_told_to() -> None:
    task = start_trimming(asyncio.get_running_loop())
    await asyncio.sleep(0)
    task.cancel()
    assert await asyncio.gather(task, return_exceptions=True)
    assert task.done()


@pytest.mark.skipif(trim_of(ctypes.CDLL(None)) is None, reason="only glibc has malloc_trim")
def test_what_lies_between_pieces_in_use_is_given_back() -> None:
    told = subprocess.run([sys.executable, "-c", FRAGMENTED], check=True, capture_output=True, text=True).stdout
    assert int(told) > 40_000_000
