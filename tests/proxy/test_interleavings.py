"""Callers that leave and come again, answers that come, break off or grow too large, in any order, on a real road.

What must be true however it goes: an answer is handed over at most once, to an equal request of the same credential and to no
other, from its first byte; nobody waits for ever; every call settles, and the sums of the metrics page hold.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings, strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sidecar.lifecycle.call import Outcome
from sidecar.proxy import handover
from sidecar.telemetry.page import expose
from tests.proxy.interleaving import KINDS, Attempt, Kind, Play, small
from tests.proxy.limits import LIMITS
from tests.proxy.road import ZERO, Road, a_road

LEFT = {
    Outcome.LEFT_EARLY, Outcome.UNDELIVERED, Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED, Outcome.RESCUED,
}  # fmt: skip

Turn = tuple[str, int, bool]
turns = st.lists(
    st.tuples(
        st.sampled_from([
            "comes", "comes", "comes again", "comes again", "comes again", "leaves", "leaves", "leaves", "resets",
            "goes on", "goes on", "goes on", "goes on", "grows", "breaks", "declines", "time passes",
        ]),
        st.integers(0, 999),
        st.booleans(),
    ),
    min_size=8, max_size=30,
)  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    usual, handover.WAIT_SECONDS = handover.WAIT_SECONDS, 0.001
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner
    handover.WAIT_SECONDS = usual


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_whatever_comes_in_whatever_order(runner: asyncio.Runner, turns: list[Turn]) -> None:
    runner.run(_played(turns))


async def _played(turns: list[Turn]) -> None:
    async with a_road(limits=small(LIMITS.rescue)) as road:
        play = Play(road)
        await play.comes(KINDS[0])
        for name, pick, is_pausing in turns:
            await _take(play, name, pick)
            await asyncio.sleep(0.002 if is_pausing else 0)
        await play.comes_to_its_end()
        _each_got_what_it_may_have(play)
        _each_answer_was_handed_over_once(play)
        _the_rows_agree(road, play)
        _the_sums_hold(road)


async def _take(play: Play, name: str, pick: int) -> None:
    there, running = play.there(), play.running()
    match name:
        case "comes":
            await play.comes(KINDS[pick % len(KINDS)])
        case "comes again":
            await play.comes(play.attempts[-1 - pick % min(2, len(play.attempts))].kind)
        case "leaves" | "resets" if there:
            await there[pick % len(there)].leave(with_reset=name == "resets")
        case "goes on" if running:
            await running[pick % len(running)].goes_on()
        case "grows" if running:
            await running[pick % len(running)].grows()
        case "breaks" if running and pick % 2:
            await running[pick % len(running)].breaks()
        case "declines" if running and pick % 2:
            await running[pick % len(running)].declines()
        case "time passes" if pick % 2 == 0:
            await asyncio.sleep(0.025)


# === what must be true ===


def _maker(play: Play, attempt: Attempt) -> int | None:
    """The attempt whose answer this one has got something of."""
    makers = {answer.number for answer in play.answers if answer.body.startswith(attempt.body)}
    assert makers, "what came is no answer from its first byte"
    return makers.pop() if len(makers) == 1 else None


def _each_got_what_it_may_have(play: Play) -> None:
    for attempt in play.attempts:
        if not attempt.body or attempt.is_ours:
            continue
        maker = _maker(play, attempt)
        if maker is None:
            continue  # so little that it can't be told
        made_for = play.attempts[maker]
        is_rescued = b"x-sidecar-rescued" in attempt.fields
        assert is_rescued == (maker != attempt.number)
        assert made_for.kind == attempt.kind
        assert not (is_rescued and (attempt.kind.is_out or not made_for.has_left))


def _each_answer_was_handed_over_once(play: Play) -> None:
    """Who stayed and got a whole answer is the only one who did."""
    whole = [attempt for attempt in play.attempts if attempt.is_whole and not attempt.has_left and not attempt.is_ours]
    for attempt in whole:
        assert attempt.body in {answer.body for answer in play.answers}
    makers = [_maker(play, attempt) for attempt in whole]
    assert len(set(makers)) == len(makers)


def _the_rows_agree(road: Road, play: Play) -> None:
    rows = {row.id: row for row, _ in road.ledger.rows.values()}
    assert len(rows) == len(road.log.records) == len(play.attempts)
    assert all(row.outcome for row in rows.values())
    joined = [row for row in rows.values() if row.outcome == Outcome.JOINED]
    rescued = [row for row in rows.values() if row.outcome == Outcome.RESCUED]
    assert {row.attempt_of: row.id for row in joined} == {row.id: row.rescued_by for row in rescued}
    assert len(joined) == len(rescued)
    assert not any(row.spend_usd for row in joined)


def _the_sums_hold(road: Road) -> None:
    rows, page = [row for row, _ in road.ledger.rows.values()], _page(road)
    assert page["calls_started_total"] == page["calls_settled_total"] == len(rows)
    assert page["calls_in_flight"] == 0
    assert page["rescued_total"] == sum(row.outcome == Outcome.RESCUED for row in rows)
    assert page["spend_usd_total"] == pytest.approx(float(sum((row.spend_usd or ZERO for row in rows), ZERO)))
    orphaned = sum((row.orphaned_usd or ZERO for row in rows), ZERO)
    assert page["spend_usd_total orphaned"] == pytest.approx(float(orphaned))
    left = {row.id for row in rows if row.left_at is not None}
    assert page["departures_total"] == len(left)
    assert {row.id for row in rows if row.outcome in LEFT} <= left


def _page(road: Road) -> dict[str, float]:
    """The sums of the metrics page, by name, and by name and fate where there is one."""
    sums: dict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(expose(road.recorder.page()).body.decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("inference_sidecar_")
            sums[name] += sample.value
            if "fate" in sample.labels:
                sums[f"{name} {sample.labels['fate']}"] += sample.value
    return sums


def test_kinds_differ_but_for_those_that_are_asked_twice() -> None:
    assert len(set(KINDS)) == 5
    assert all(isinstance(kind, Kind) for kind in KINDS)
