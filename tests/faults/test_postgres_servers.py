"""What `postgres_servers.py` does to sidecars: nothing is lost, no figure is wrong, nothing is held for ever.

Faults that leave the server standing are played in three rows, each on one sidecar, and all rows at once.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.params import as_params
from tests.faults.postgres_play import play
from tests.faults.postgres_scene import SERVERS, Scene
from tests.faults.postgres_servers import FAULTS, STRIKES
from tests.faults.postgres_takeover import CUT_OFF

FATAL = [strike for strike in STRIKES if strike.is_fatal]
MOUNTED = [strike for strike in STRIKES if strike.url is not Scene.url]
REST = [strike for strike in STRIKES if strike not in (*FATAL, *MOUNTED)]
Told = Callable[[], Verdict]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Told]]:
    rows = [FATAL, REST[::3], REST[1::3], REST[2::3], *([MOUNTED] if os.geteuid() == 0 else [])]
    stages = [Stage(tmp_path_factory.mktemp("played")) for _ in range(len(rows) + 1)]
    with SERVERS.shared(), ThreadPoolExecutor(len(stages)) as pool:
        told: dict[str, Told] = {CUT_OFF.name: pool.submit(CUT_OFF.play, stages.pop()).result}
        for row in rows:
            played = pool.submit(play, row, stages.pop())
            told |= {strike.name: partial(nth, played, number) for number, strike in enumerate(row)}
        yield told


def nth(played: "Future[list[Verdict]]", number: int) -> Verdict:
    return played.result()[number]


@pytest.mark.parametrize("fault", as_params(FAULTS))
def test_nothing_is_lost_nothing_wrong_nothing_leaked(fault: Fault, verdicts: dict[str, Told]) -> None:
    if fault.name not in verdicts:
        pytest.skip("only root may mount a disk of three megabytes")
    verdict = verdicts[fault.name]()
    assert verdict.findings() == []
    assert verdict.tried
