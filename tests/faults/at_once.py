"""Plays faults that wait more than they work at the same time, for tests that each look at one of them."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.faults.fault import Fault, Stage, Verdict

Verdicts = dict[str, Callable[[], Verdict]]
"""By the names of faults; each waits for its own."""


@contextmanager
def played_at_once(faults: Sequence[Fault], directories: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """The verdicts, in the short form."""
    with ThreadPoolExecutor(len(faults)) as pool:
        stages = [Stage(directories.mktemp("played")) for _ in faults]
        yield {fault.name: pool.submit(fault.play, stage).result for fault, stage in zip(faults, stages, strict=True)}
