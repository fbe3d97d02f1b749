"""Clients of four SDKs give up and come again: without the sidecar each attempt is billed, through it the first one is enough.

The figures stand in README's table, from `tests/readme_rescue.py`.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Finished
from tests.end_to_end.rescue_scenes import SCENES, Outcome, Played, play_all
from tests.end_to_end.sdk_road import SdkRoad, sdk_road
from tests.readme_rescue import ANSWER, FIGURES, Figures


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("rescue"), {"mode": "enforce"}) as running:
        yield running


@pytest.fixture(scope="module")
def played(road: SdkRoad) -> Mapping[str, Outcome]:
    return play_all(road)


class Stage(NamedTuple):
    """One scene after it was played."""

    road: SdkRoad
    outcome: Outcome
    figures: Figures

    @property
    def rows(self) -> list[CallRecord]:
        """Of the attempts that went through the sidecar, the first one first."""
        return self.road.rows(self.outcome.through.name, self.figures.billed_without)


@pytest.fixture(params=SCENES)
def stage(road: SdkRoad, played: Mapping[str, Outcome], request: pytest.FixtureRequest) -> Stage:
    return Stage(road, played[request.param], FIGURES[request.param])


def figures_of(played: Played) -> tuple[int, str]:
    """What README shows of a way: POSTs billed, and what the program got."""
    return sum(entry.is_billable for entry in played.billed), played.told.error or ANSWER


def test_every_scene_stands_in_readme() -> None:
    assert list(SCENES) == list(FIGURES)


def test_without_the_sidecar__each_attempt_is_billed(stage: Stage) -> None:
    assert figures_of(stage.outcome.without) == (stage.figures.billed_without, stage.figures.got_without)


def test_through_it__one_is_billed_and_the_program_has_its_answer(stage: Stage) -> None:
    assert figures_of(stage.outcome.through) == (stage.figures.billed_through, stage.figures.got_through)
    assert stage.outcome.through.told.answer == stage.outcome.undisturbed.answer


def test_provider_never_learns_that_its_caller_left(stage: Stage) -> None:
    (billed,) = stage.outcome.through.billed
    assert (billed.finished_how, billed.caller_left_at) == (Finished.COMPLETED, None)


def test_answer_names_the_call_that_made_it(stage: Stage) -> None:
    assert stage.outcome.through.told.rescued == stage.rows[0].id


def test_first_attempt_is_rescued__and_its_whole_bill_delivered(stage: Stage) -> None:
    (billed,) = stage.outcome.through.billed
    first, *_, last = stage.rows
    assert (first.outcome, first.rescued_by, first.attempt_of) == ("rescued", last.id, None)
    assert (first.spend_usd, first.basis) == (billed.usd, "exact")
    assert not first.orphaned_usd
    assert not first.avoidable_usd


def test_attempts_that_came_after_it_cost_nothing(stage: Stage) -> None:
    first, *left, last = stage.rows
    assert [row.outcome for row in left] == ["left_early"] * len(left)
    assert last.outcome == "joined"
    assert all(row.attempt_of == first.id and not row.spend_usd for row in (*left, last))


def test_metrics_say_the_same(stage: Stage) -> None:
    first = stage.rows[0]
    of_it = {"provider": first.provider, "model": str(first.model), "kind": str(first.kind)}
    total = stage.road.sidecar.total
    assert total("rescued_total", **of_it, via="retry") == 1
    assert Decimal(str(total("rescued_spend_usd_total", **of_it))) == first.spend_usd
    assert Decimal(str(total("spend_usd_total", **of_it, fate="delivered"))) == first.spend_usd
    assert total("spend_usd_total", **of_it, fate="orphaned") == 0
