"""A caller that stops (SIGSTOP) gives no event. What takes no byte for `calls.write_stall_seconds` has left (DESIGN 4.1)."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from sidecar.clock import SECOND
from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry, Finished
from tests.end_to_end.leavers import Leavers, Way
from tests.end_to_end.leaving_scene import MODES, STREAM, UNARY, ZERO, Scene, roads
from tests.end_to_end.sdk_road import SdkRoad, new_name
from tests.end_to_end.stoppable_readers import UNREAD, Reader, Readers, Reading

LIMIT_SECONDS = 0.6
A_WHILE_SECONDS = 0.25
"""A pause that is no leaving."""
LATE_SECONDS = LIMIT_SECONDS / 4 + 1.0
"""The sweep looks four times in the limit; kernels squeeze a little more into a full window; and the machine may be busy."""
SMALL = 4096

LARGE = "seconds=0 chunks=4000 output=4000000"
"""19 MB: far more than the kernels between provider and caller hold."""
TRICKLING = "seconds=20 chunks=2000 output=2000"
"""A token every 10 ms: a minute would pass before our side felt that nobody reads."""
ANSWER = "seconds=0 framing=length"
PICTURE = f"{ANSWER} images=1 image_bytes=1000000"
STOPS = "on_close=stops"
CUT = "cut"


@pytest.fixture(scope="module")
def road_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SdkRoad]]:
    with roads(tmp_path_factory.mktemp("write_stall"), calls={"write_stall_seconds": LIMIT_SECONDS}) as by_mode:
        yield by_mode


@pytest.fixture
def road(road_of: Callable[[str], SdkRoad], mode: str) -> SdkRoad:
    return road_of(mode)


@pytest.fixture(scope="module")
def readers() -> Readers:
    return Readers()


observed = pytest.mark.parametrize("mode", ["observe"])
"""What no mode has a part in."""
in_both_modes = pytest.mark.parametrize("mode", MODES)


class Stalled(NamedTuple):
    """A call whose caller stops, on this side of it."""

    road: SdkRoad
    name: str

    def reading(
        self, method: str, script: str, *stops: int | None, receive_buffer: int | None = None, then: str = "follow"
    ) -> Reading:
        """What its caller does."""
        scene = Scene(self.road, Leavers(), Way.CLOSE)
        more = {"Connection": "close", "X_Sidecar_On_Departure": then}
        errand = scene.errand(self.name, method, script, b"", more=more)
        return Reading(errand.address, errand.head + errand.body, stops, receive_buffer)

    def counts(self) -> list[float]:
        """Departures of this kind, of all kinds, and limits reached."""
        sidecar = self.road.sidecar
        return [
            sidecar.total("departures_total", reason="write_stalled"),
            sidecar.total("departures_total"),
            sidecar.total("limits_reached_total", limit="calls.write_stall_seconds"),
        ]

    def left(self, reader: Reader) -> CallRecord:
        """The row of a caller that stops, and is not continued until it was found to have left."""
        before, asked_at = self.counts(), time.time()
        reader.stopped()
        row = self.road.row(self.name)
        assert row.left_reason == "write_stalled"
        assert row.left_at is not None
        assert row.left_at - row.started_at > (LIMIT_SECONDS - 0.1) * SECOND
        assert row.left_at / SECOND - asked_at < LIMIT_SECONDS + LATE_SECONDS
        assert [count - earlier for count, earlier in zip(self.counts(), before, strict=True)] == [1, 1, 1]
        return row

    def billed(self) -> Entry:
        return Scene(self.road, Leavers(), Way.CLOSE).billed(self.name)


@pytest.fixture
def stalled(road: SdkRoad) -> Stalled:
    return Stalled(road, new_name())


@in_both_modes
def test_stopped_in_a_large_stream__left_and_read_on_to_its_end(stalled: Stalled, readers: Readers) -> None:
    with readers.reader(stalled.reading(STREAM, LARGE, 1000)) as reader:
        row = stalled.left(reader)
        reader.go_on()
        reader.broken()  # and did not take a part for the whole
    billed = stalled.billed()
    assert (row.outcome, row.spend_usd, row.basis) == ("orphan_finished", billed.usd, "exact")
    assert billed.caller_left_at is None


@in_both_modes
def test_stopped_in_a_large_stream_that_closing_stops__left_and_cut(stalled: Stalled, readers: Readers) -> None:
    with readers.reader(stalled.reading(STREAM, f"{LARGE} {STOPS}", 1000, then=CUT)) as reader:
        row = stalled.left(reader)
        reader.go_on()
        reader.broken()
    assert (row.outcome, row.finished_at) == ("orphan_cut", None)


@observed
def test_stopped_while_tokens_trickle_in__left_although_more_is_written_all_the_time(
    stalled: Stalled, readers: Readers
) -> None:
    reading = stalled.reading(STREAM, f"{TRICKLING} {STOPS}", 1000, receive_buffer=SMALL, then=CUT)
    with readers.reader(reading) as reader:
        row = stalled.left(reader)
    assert row.outcome == "orphan_cut"
    assert stalled.billed().finished_how is Finished.STOPPED


@in_both_modes
def test_stopped_and_continued_before_the_limit__delivered_and_nothing_lost(stalled: Stalled, readers: Readers) -> None:
    before = stalled.counts()
    with readers.reader(stalled.reading(STREAM, LARGE, 1000)) as reader:
        reader.stopped()
        time.sleep(A_WHILE_SECONDS)
        reader.go_on()
        got, billed = reader.got(), stalled.billed()
    row = stalled.road.row(stalled.name)
    assert got == (billed.reply_bytes, billed.reply_sha256)
    assert (row.outcome, row.left_at, row.orphaned_usd) == ("delivered", None, ZERO)
    assert stalled.counts() == before


@observed
def test_stopped_again_and_again_for_longer_than_the_limit_in_all__delivered(
    stalled: Stalled, readers: Readers
) -> None:
    """What it takes in between is progress."""
    pauses, before = 4, stalled.counts()
    assert pauses * A_WHILE_SECONDS > 1.5 * LIMIT_SECONDS
    with readers.reader(stalled.reading(STREAM, LARGE, *[1_000_000] * pauses)) as reader:
        for _ in range(pauses):
            reader.stopped()
            time.sleep(A_WHILE_SECONDS)
            reader.go_on()
        got, billed = reader.got(), stalled.billed()
    assert got == (billed.reply_bytes, billed.reply_sha256)
    assert stalled.road.row(stalled.name).outcome == "delivered"
    assert stalled.counts() == before


@observed
def test_stopped_before_a_small_unary_answer__delivered_as_its_kernel_has_it(
    stalled: Stalled, readers: Readers
) -> None:
    """That the process reads it can't be known, and the documentation says so."""
    with readers.reader(stalled.reading(UNARY, ANSWER, UNREAD)) as reader:
        reader.stopped()
        row = stalled.road.row(stalled.name)
        reader.go_on()
        billed = stalled.billed()
        assert reader.got() == (billed.reply_bytes, billed.reply_sha256)
    assert (row.outcome, row.left_at) == ("delivered", None)


@in_both_modes
def test_stopped_before_a_unary_answer_larger_than_its_kernel_takes__undelivered(
    stalled: Stalled, readers: Readers
) -> None:
    with readers.reader(stalled.reading(UNARY, PICTURE, UNREAD)) as reader:
        row = stalled.left(reader)
        reader.go_on()
        reader.broken()
    assert row.outcome == "undelivered"
    assert row.orphaned_usd == row.spend_usd == stalled.billed().usd
