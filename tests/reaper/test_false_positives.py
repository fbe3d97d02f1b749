"""The guard against the one mistake that destroys work: ten thousand callers that are there, and not one is taken for gone."""

import random

import msgspec

from sidecar.clock import SECOND
from sidecar.lifecycle.lease import Habit
from sidecar.lifecycle.operation import OperationState as S
from tests.reaper.world import World

CALLERS = 10_000
SECONDS = 300
"""Five leases."""


def test_ten_thousand_healthy_callers_with_jitter_and_pauses__no_cancel(world: World) -> None:
    chance = random.Random(4)
    sidecar = world.start()
    records = [sidecar.open(job=world.provider.create()) for _ in range(CALLERS)]
    habits = [Habit() for _ in records]
    due: list[list[int]] = [[] for _ in range(SECONDS + 60)]
    for number in range(CALLERS):
        due[chance.randrange(30)].append(number)
    rows = world.rows.records
    for second in range(SECONDS):
        world.pass_time(1)
        now = world.clock.now()
        for number in due[second]:
            id = records[number].id
            habits[number] = habits[number].polled(now)
            lease = habits[number].term_seconds(rows[id].lease_seconds)
            rows[id] = msgspec.structs.replace(rows[id], renewed_at=now, lease_seconds=lease)
            sidecar.reaper.renewed(rows[id])
            pause = 30 if chance.random() < 0.1 else chance.randint(5, 20)
            due[second + pause].append(number)
        if second == 200:
            world.clock.offset += 90 * SECOND
    assert {row.state for row in rows.values()} == {S.RUNNING}
    assert world.sent == []
    assert sidecar.journal.suspicions == []
