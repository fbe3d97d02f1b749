"""Half closes (DESIGN 4.1), on real sockets of real processes.

In one network namespace the kernel tells a caller that only half-closed from one that is gone, whatever `calls.half_close` says.
In another it can't be asked, and the setting decides.
"""

import os
import signal
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sidecar.simulator.milestones import Milestone
from tests.end_to_end.leavers import Leavers, Way
from tests.end_to_end.leaving_scene import FIRST_EVENT, HELD, MODES, STREAM, UNARY, Scene, eventually
from tests.end_to_end.other_namespace import Told, is_possible, played
from tests.end_to_end.sdk_road import SdkRoad, new_name, sdk_road

SETTINGS = {
    "observe, left": {**MODES["observe"], "calls": {"half_close": "left"}},
    "enforce, wait": {**MODES["enforce"], "calls": {"half_close": "wait"}},
}
STAGES = {"unary": (UNARY, f"{HELD}0", b""), "stream": (STREAM, f"{HELD}1", FIRST_EVENT)}


@pytest.fixture(scope="module")
def leavers() -> Leavers:
    return Leavers()


@pytest.fixture(scope="module", params=SETTINGS)
def road(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    settings: Mapping[str, Any] = SETTINGS[request.param]
    with sdk_road(tmp_path_factory.mktemp("half"), settings) as running:
        yield running


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    why_not = is_possible()
    if why_not:
        pytest.skip(f"no network namespaces here: {why_not}")
    return played(tmp_path_factory.mktemp("namespaces"))


class TestWhereTheKernelCanBeAsked:
    @pytest.mark.parametrize("stage", STAGES)
    def test_live_peer_that_half_closes__gets_all_and_never_left(
        self, road: SdkRoad, leavers: Leavers, stage: str
    ) -> None:
        seen = Scene(road, leavers, Way.HALF).left_while_held(*STAGES[stage], is_found=False)
        assert (seen.row.outcome, seen.row.left_at, seen.departures) == ("delivered", None, 0)
        assert seen.has_all
        assert road.sidecar.total("returns_total") == 0

    @pytest.mark.parametrize("stage", STAGES)
    def test_peer_that_is_gone__left_at_its_fin(self, road: SdkRoad, leavers: Leavers, stage: str) -> None:
        row, _, departures, _ = Scene(road, leavers, Way.KILLED).left_while_held(*STAGES[stage])
        assert (row.outcome, row.left_reason, departures) == ("orphan_finished", "fin", 1)

    def test_peer_that_half_closes_and_then_ends__found_although_no_packet_says_so(
        self, road: SdkRoad, leavers: Leavers
    ) -> None:
        scene, name = Scene(road, leavers, Way.HALF), new_name()
        before = scene.departures()
        with leavers.leaver(scene.errand(name, *STAGES["unary"]), Way.HALF) as leaver:
            leaver.there()
            road.simulator.reached(name, Milestone.HELD)
            leaver.leave()
            assert scene.departures() == before
            os.kill(leaver.pid, signal.SIGKILL)
            eventually(lambda: scene.departures() == before + 1)
            road.simulator.release(name)
            row = road.row(name)
        assert (row.outcome, row.left_reason) == ("orphan_finished", "fin")


class TestInAnotherNetworkNamespace:
    """Callers behind a veth pair, before a sidecar in a namespace of its own. Skipped where the system lets nobody make one."""

    @pytest.mark.parametrize("stage", STAGES)
    def test_left__a_live_peer_left_and_came_back_when_it_took_all(self, told: dict[str, Told], stage: str) -> None:
        assert told[f"left: half close, {stage}"] == Told(
            outcome="delivered", left_reason=None, departures=1, returns=1, is_orphaned=False, got="whole"
        )

    def test_left_where_leaving_is_cut__a_live_peer_gets_a_reset_and_no_part_for_the_whole(
        self, told: dict[str, Told]
    ) -> None:
        assert told["left: half close, cut"] == Told(
            outcome="orphan_cut", left_reason="fin", departures=1, returns=0, is_orphaned=True, got="broken"
        )

    @pytest.mark.parametrize("scene", ["close, unary", "killed, unary", "killed, stream"])
    def test_left__a_peer_that_is_gone_left_at_its_fin(self, told: dict[str, Told], scene: str) -> None:
        assert told[f"left: {scene}"] == Told(
            outcome="orphan_finished", left_reason="fin", departures=1, returns=0, is_orphaned=True
        )

    @pytest.mark.parametrize("stage", [*STAGES, "cut"])
    def test_wait__a_live_peer_never_left(self, told: dict[str, Told], stage: str) -> None:
        assert told[f"wait: half close, {stage}"] == Told(
            outcome="delivered", left_reason=None, departures=0, returns=0, is_orphaned=False, got="whole"
        )

    @pytest.mark.parametrize("scene", ["close, unary", "killed, unary"])
    def test_wait__a_peer_that_is_gone_is_found_by_the_reset_that_answers_its_reply(
        self, told: dict[str, Told], scene: str
    ) -> None:
        """Whether the provider's own end of the reply was read before that is chance."""
        gone = told[f"wait: {scene}"]
        assert gone.outcome in ("undelivered", "orphan_finished")
        assert (gone.left_reason, gone.departures, gone.is_orphaned) == ("rst", 1, True)

    def test_wait__a_stream_of_a_peer_that_is_gone_is_found_by_the_next_event(self, told: dict[str, Told]) -> None:
        gone = told["wait: killed, stream"]
        assert gone.outcome in ("undelivered", "orphan_finished")
        assert (gone.left_reason, gone.departures) == ("rst", 1)

    @pytest.mark.parametrize("setting", ["left", "wait"])
    @pytest.mark.parametrize("stage", STAGES)
    def test_reset__is_leaving_in_any_case(self, told: dict[str, Told], setting: str, stage: str) -> None:
        assert told[f"{setting}: reset, {stage}"] == Told(
            outcome="orphan_finished", left_reason="rst", departures=1, returns=0, is_orphaned=True
        )

    @pytest.mark.parametrize("setting", ["left", "wait"])
    def test_close_after_the_terminal_frame__no_loss(self, told: dict[str, Told], setting: str) -> None:
        assert told[f"{setting}: killed, terminal"] == Told(
            outcome="delivered", left_reason=None, departures=0, returns=0, is_orphaned=False
        )
