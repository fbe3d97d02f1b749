"""Sockets whose two ends say anything and end in any way, in any order, on a real road.

What must be true however it goes: every call settles once, what was told of its use is in its row, the sums of the metrics page
hold, no event is illegal, and nothing of a socket stays behind.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings, strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sidecar.lifecycle.call import Outcome
from sidecar.proxy import handover, live_calls, live_closing, live_end
from sidecar.proxy.limits import LiveLimits
from sidecar.telemetry.page import expose
from tests.proxy.live_play import Play, Scene
from tests.proxy.road import ZERO, Road
from tests.proxy.talking import a_live_road

TALK = [
    "asks",
    "asks",
    "begins",
    "begins",
    "uses",
    "uses",
    "ends",
    "ends",
    "ends_and_tells_later",
    "names_a_handle",
    "names_a_handle",
    "plays",
]
REST = [
    "asks_in_pieces", "chats", "resumes", "declines", "ends_and_never_tells", "asks_and_closes", "begins_and_closes",
    "caller_closes", "caller_leaves", "caller_resets", "half_closes", "provider_closes", "provider_ends", "provider_resets",
]  # fmt: skip
LEFT = {
    Outcome.LEFT_EARLY, Outcome.UNDELIVERED, Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED,
}  # fmt: skip

OPENINGS = ["opens", "opens and follows", "opens and resumes", "opens and resumes"]

Turn = tuple[str, int, bool]
turns = st.lists(
    st.tuples(
        st.sampled_from(TALK * 2 + REST + OPENINGS + ["time passes"]),
        st.integers(0, 999),
        st.booleans(),
    ),
    min_size=8,
    max_size=40,
)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        patch.setattr(handover, "WAIT_SECONDS", 0.001)
        patch.setattr(live_calls, "USAGE_SECONDS", 0.01)
        patch.setattr(live_closing, "CLOSING_SECONDS", 0.02)
        patch.setattr(live_end, "LINGER_SECONDS", 0.01)
        patch.setattr(live_end, "UNREAD_SECONDS", 0.005)
        yield runner


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_whatever_happens_in_whatever_order(runner: asyncio.Runner, turns: list[Turn]) -> None:
    runner.run(_played(turns))


async def _played(turns: list[Turn]) -> None:
    async with a_live_road(limits={"live": LiveLimits(resume_seconds=0.03)}) as road:
        play = Play(road)
        await play.opens(is_followed=False)
        for name, pick, is_pausing in turns:
            await _take(play, name, pick)
            await asyncio.sleep(0.002 if is_pausing else 0)
        for scene in play.scenes:
            await scene.is_over()
        await road.until(lambda: not road.context.sockets)
        _what_was_told_is_in_the_rows(road, play.scenes)
        _the_sums_hold(road)
        _nothing_stays_behind(road)


async def _take(play: Play, name: str, pick: int) -> None:
    if name.startswith("opens"):
        await play.opens(is_followed=name == "opens and follows")
        if name == "opens and resumes":
            await play.scenes[-1].resumes()
    elif name == "time passes":
        await asyncio.sleep(0.015)
    else:
        await getattr(play.scenes[pick % len(play.scenes)], name)()


def _what_was_told_is_in_the_rows(road: Road, scenes: list[Scene]) -> None:
    """What the caller has heard we have read; a number that it was not told in vain stands in one row."""
    rows = [row.usage.get("input") for row in road.log.records if row.usage]
    assert len(set(rows)) == len(rows), "told of two calls"
    for scene in scenes:
        for turn, number in scene.told.items():
            if b"begin %d" % turn in scene.heard and b"used %d %d 5" % (turn, number) in scene.heard:
                assert number in rows


def _the_sums_hold(road: Road) -> None:
    rows, page = [row for row, _ in road.ledger.rows.values()], sums_of(road)
    assert sorted(row.id for row in rows) == sorted(record.id for record in road.log.records)
    assert all(row.outcome and row.kind == "live" for row in rows)
    assert page["calls_started_total"] == page["calls_settled_total"] == len(rows)
    assert page["spend_usd_total"] == pytest.approx(float(sum((row.spend_usd or ZERO for row in rows), ZERO)))
    orphaned = sum((row.orphaned_usd or ZERO for row in rows), ZERO)
    assert page["spend_usd_total orphaned"] == pytest.approx(float(orphaned))
    left = {row.id for row in rows if row.left_at is not None}
    assert page["departures_total"] == len(left) + page["returns_total"]
    assert {row.id for row in rows if row.outcome in LEFT} <= left


def _nothing_stays_behind(road: Road) -> None:
    page = sums_of(road)
    assert not road.faults, road.faults
    assert (road.context.turns, road.context.followed, len(road.context.sockets)) == (0, 0, 0)
    assert (page["calls_in_flight"], page["live_sockets"], page["upstream_connections busy"]) == (0, 0, 0)
    assert not road.context.resumptions.is_holding


def sums_of(road: Road) -> dict[str, float]:
    """The sums of the metrics page, by name, and by name and fate or state where there is one."""
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(expose(road.recorder.page()).body.decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("inference_sidecar_")
            sums[name] += sample.value
            for label in {"fate", "state"} & sample.labels.keys():
                sums[f"{name} {sample.labels[label]}"] += sample.value
    return sums
