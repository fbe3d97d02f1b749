"""Many callers at once that leave, and leave again, at all sorts of moments: what each wants is made once, for it alone."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import pytest

from tests.end_to_end.raw_calls import OPENAI, Answered, Desk, Request, desk_at
from tests.end_to_end.sdk_road import SdkRoad, sdk_road

CALLERS, AT_ONCE = 60, 30
MARGIN_SECONDS = 0.6
"""Before the work is done nobody begins to leave: who has been handed the answer has not left."""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("many"), {"mode": "enforce"}) as running:
        yield running


class Chain(NamedTuple):
    """What came of one caller's attempts."""

    desk: Desk
    attempts: int
    answered: Answered


def attempts(road: SdkRoad, request: Request, seed: int) -> Chain:
    """Leave a few times and stay at last, as drawn from the seed."""
    dice = random.Random(seed)
    seconds = dice.uniform(0.9, 1.5)
    desk = desk_at(road, f"seconds={seconds:.3f} prompt=10 output=50 on_close={dice.choice(['stops', 'runs_on'])}")
    desk.leave(request)
    deadline, count = time.monotonic() + seconds - MARGIN_SECONDS, 2
    for _ in range(dice.randint(0, 5)):
        time.sleep(dice.choice([0.0, 0.001, 0.05]))
        with closing(desk.sent(request)):
            time.sleep(dice.choice([0.0, 0.001, 0.01, dice.uniform(0, 0.2)]))
        count += 1
        if time.monotonic() > deadline:
            break
    return Chain(desk, count, desk.ask(request))


@pytest.mark.parametrize("is_stream", [False, True], ids=["unary", "stream"])
def test_every_caller_has_its_own_answer__made_once(road: SdkRoad, is_stream: bool) -> None:
    request = OPENAI._replace(body={**OPENAI.body, "stream": is_stream})
    patient = request.having(X_Sidecar_On_Departure="auto", X_Stainless_Retry_Count="0")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        chains = list(pool.map(lambda seed: attempts(road, patient, seed), range(CALLERS)))
    assert len({chain.answered.number for chain in chains}) == CALLERS
    for chain in chains:
        first, *_, last = rows = road.rows(chain.desk.name, chain.attempts)
        assert chain.desk.posts() == 1
        assert chain.answered.rescued == first.id
        assert [row.outcome for row in rows] == ["rescued", *["left_early"] * (len(rows) - 2), "joined"]
        assert (first.rescued_by, last.attempt_of) == (last.id, first.id)
    total = road.sidecar.total
    assert total("calls_started_total") == total("calls_settled_total")
    assert total("departures_total") == total("calls_settled_total") - total("calls_settled_total", outcome="joined")
    assert (total("rescue_kept_answers"), total("rescue_kept_bytes"), total("calls_in_flight")) == (0, 0, 0)
