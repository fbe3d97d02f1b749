"""The matrix of DESIGN 4.1 on real sockets: every way in which a caller leaves, at every stage of its call, in both modes."""

import signal
from collections.abc import Callable, Iterator

import pytest

from sidecar.simulator.bill import Finished
from sidecar.simulator.milestones import Milestone
from tests.end_to_end import stainless_clients
from tests.end_to_end.asking import Asking
from tests.end_to_end.leavers import LEAVING, Leavers, Way, run_client
from tests.end_to_end.leaving_scene import (
    BODY,
    FINISHING_FRAME,
    FIRST_EVENT,
    HELD,
    LAST_CHUNK,
    MODES,
    STREAM,
    TAIL,
    UNARY,
    WHOLE,
    ZERO,
    Scene,
    eventually,
    roads,
)
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name


@pytest.fixture(scope="module")
def road_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SdkRoad]]:
    with roads(tmp_path_factory.mktemp("ways_to_leave")) as by_mode:
        yield by_mode


@pytest.fixture
def road(road_of: Callable[[str], SdkRoad], mode: str) -> SdkRoad:
    return road_of(mode)


@pytest.fixture(scope="module")
def leavers() -> Leavers:
    return Leavers()


@pytest.fixture
def scene(road: SdkRoad, leavers: Leavers, way: Way) -> Scene:
    return Scene(road, leavers, way)


in_every_way = pytest.mark.parametrize(
    ("mode", "way"),
    [*(("observe", way) for way in LEAVING), *(("enforce", way) for way in (Way.CLOSE, Way.KILLED, Way.RESET))],
)
"""All of them in `observe`, one of each kind in `enforce`."""


@in_every_way
def test_while_the_request_uploads__left_early_and_nothing_spent(scene: Scene) -> None:
    name, before = new_name(), scene.departures()
    errand = scene.errand(name, UNARY, WHOLE, b"")._replace(body=BODY[:-5])
    with scene.leavers.leaver(errand, scene.way) as leaver:
        leaver.there()
        eventually(lambda: scene.road.sidecar.total("calls_in_flight") == 1)
        leaver.leave()
        row = scene.road.row(name)
    assert (row.outcome, row.left_reason, row.committed_at) == ("left_early", scene.way.sign, None)
    assert (row.spend_usd, row.orphaned_usd) == (ZERO, ZERO)
    assert scene.departures() == before + 1
    assert scene.road.simulator.bill.of(name) == []


@in_every_way
def test_while_a_unary_answer_is_awaited__followed_to_its_end(scene: Scene) -> None:
    row, billed, departures, _ = scene.left_while_held(UNARY, f"{HELD}0", b"")
    assert (row.outcome, row.left_reason, departures) == ("orphan_finished", scene.way.sign, 1)
    assert row.spend_usd == row.orphaned_usd == billed.usd
    assert billed.caller_left_at is None  # nobody told the provider


@in_every_way
def test_while_an_answer_is_awaited_that_closing_stops__cut(scene: Scene) -> None:
    script = f"{HELD}0 on_close=stops"
    row, billed, departures, _ = scene.left_while_held(UNARY, script, b"", more={"X_Sidecar_On_Departure": "cut"})
    assert (row.outcome, row.left_reason) == ("orphan_cut", scene.way.sign)
    assert departures == 1
    assert billed.finished_how is Finished.STOPPED


@in_every_way
def test_in_the_middle_of_a_stream__the_rest_is_orphaned(scene: Scene) -> None:
    row, billed, departures, _ = scene.left_while_held(STREAM, f"{HELD}1", FIRST_EVENT)
    assert (row.outcome, row.left_reason, departures) == ("orphan_finished", scene.way.sign, 1)
    assert row.spend_usd == billed.usd
    assert row.orphaned_usd is not None
    assert ZERO < row.orphaned_usd < billed.usd


@in_every_way
def test_after_the_terminal_frame__a_close_is_no_loss_and_a_reset_is(scene: Scene) -> None:
    """A reset says that something was not read, and not what: so it is not taken to have had the last frame."""
    row, billed, departures, _ = scene.left_at_once(STREAM, TAIL, FINISHING_FRAME)
    assert row.spend_usd == billed.usd
    if scene.way.sign == "fin":
        assert (row.outcome, row.left_at, row.orphaned_usd, departures) == ("delivered", None, ZERO, 0)
    else:
        assert (row.outcome, row.left_reason, row.avoidable_usd, departures) == ("orphan_finished", "rst", ZERO, 1)


@in_every_way
def test_after_a_whole_stream__delivered_however_it_leaves(scene: Scene) -> None:
    """Also by reset: where only the framing's end is unread, kernels send one (see leaving.py)."""
    row, billed, departures, _ = scene.left_at_once(STREAM, WHOLE, LAST_CHUNK)
    assert (row.outcome, row.left_at, departures) == ("delivered", None, 0)
    assert (row.spend_usd, row.orphaned_usd) == (billed.usd, ZERO)


@in_every_way
def test_after_a_whole_unary_answer__a_close_is_no_loss_and_a_reset_at_once_is(scene: Scene) -> None:
    row, billed, departures, _ = scene.left_at_once(UNARY, WHOLE, LAST_CHUNK)
    assert row.spend_usd == billed.usd
    if scene.way.sign == "fin":
        assert (row.outcome, row.left_at, row.orphaned_usd, departures) == ("delivered", None, ZERO, 0)
    else:
        assert (row.outcome, row.left_reason, row.orphaned_usd) == ("undelivered", "rst", billed.usd)
        assert departures == 1


SDKS = {
    "openai": (stainless_clients.openai_chat, "openai", "gpt-5-mini"),
    "anthropic": (stainless_clients.anthropic_messages, "anthropic", "claude-sonnet-5"),
}


@pytest.mark.parametrize("mode", ["observe"])
@pytest.mark.parametrize("is_stream", [False, True], ids=["unary", "stream"])
@pytest.mark.parametrize("sdk", SDKS)
def test_keyboard_interrupt_in_an_sdk__left_and_cut(road: SdkRoad, leavers: Leavers, sdk: str, is_stream: bool) -> None:
    """Those of Google's: `test_departures.py`. In `enforce` the cut waits for the SDK's retries: `test_retry_grace.py`."""
    name, (client, upstream, model) = new_name(), SDKS[sdk]
    script = f"{HELD}{2 if is_stream else 0} on_close=stops"
    asking = Asking(road.through(upstream), model, headers_of(name, script, X_Sidecar_On_Departure="cut"), is_stream)
    with leavers.started(run_client, client, asking) as program:
        road.simulator.reached(name, Milestone.HELD)
        if is_stream:
            program.heard("item")
        program.kill(signal.SIGINT)
        row = road.row(name)
    assert row.outcome == "orphan_cut"
    assert row.left_reason in (("fin", "rst") if is_stream else ("fin",))  # a reset where an event had come unread
    assert (row.left_at or 0) > (row.committed_at or 0)
    assert Scene(road, leavers, Way.INTERRUPTED).billed(name).finished_how is Finished.STOPPED


@pytest.mark.parametrize("mode", MODES)
def test_departures_are_what_the_rows_say(road: SdkRoad) -> None:
    """The identity of DESIGN 4.5, over all of the above."""
    sidecar = road.sidecar
    gone = ("left_early", "undelivered", "orphan_finished", "orphan_cut", "orphan_failed")
    assert sidecar.total("calls_in_flight") == 0
    settled = sum(sidecar.total("calls_settled_total", outcome=outcome) for outcome in gone)
    assert sidecar.total("departures_total") == settled + sidecar.total("returns_total")
