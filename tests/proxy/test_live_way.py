"""One direction: what is counted and seen of it, and where a close frame of ours may stand."""

from sidecar.proxy.live_way import Way
from sidecar.telemetry.series import Number
from sidecar.websocket.closing import close_frame
from sidecar.websocket.message import Close, Message

HELLO = b"\x81\x05hello"
CLOSE = close_frame(1000, is_masked=False)


def a_way(*, is_read: bool = True, most_bytes: int | None = 100) -> Way:
    return Way(Number(), Number(), is_masked=False, is_read=is_read, most_bytes=most_bytes)


def test_message_in_two_pieces__told_when_it_is_whole() -> None:
    way = a_way()
    assert way.look(HELLO[:3]) == []
    way.passed_on(3)
    assert way.farewell(1001) == b""
    assert way.look(HELLO[3:]) == [Message(b"hello")]
    way.passed_on(4)
    assert way.written == way.came == 7
    assert way.farewell(1001)[:2] == b"\x88\x02"


def test_our_close_frame__once() -> None:
    way = a_way()
    assert way.farewell(1001)
    assert way.farewell(1001) == b""


def test_close_frame_came__none_of_ours_behind_it() -> None:
    way = a_way()
    assert way.look(CLOSE) == []
    way.passed_on(len(CLOSE))
    assert way.goodbye == Close(1000)
    assert way.farewell(1001) == b""


def test_close_frame_behind_a_message__it_is_known_where_it_begins() -> None:
    way = a_way()
    data = HELLO + CLOSE
    assert way.look(data) == [Message(b"hello")]
    assert data[way.closes_at(data) :] == CLOSE


def test_close_frame_that_is_not_passed_on__ours_stands_in_its_place() -> None:
    way = a_way()
    way.look(HELLO + CLOSE)
    way.passed_on(len(HELLO))
    assert way.farewell(1001)


def test_close_frame_in_two_pieces__it_began_before_the_second() -> None:
    way = a_way()
    way.look(HELLO + CLOSE[:1])
    way.look(CLOSE[1:])
    assert way.goodbye == Close(1000)
    assert way.closes_at(CLOSE[1:]) == 0


def test_message_larger_than_allowed__known_by_its_head_and_before_it_is_passed_on() -> None:
    way = a_way()
    way.look(b"\x81\x7e\x00\x65")
    assert way.is_too_large
    assert way.farewell(1009), "nothing of it was passed on"


def test_no_bound__nothing_is_too_large() -> None:
    way = a_way(most_bytes=None)
    way.look(b"\x81\x7f\x00\x00\x00\xff\xff\xff\xff\xff")
    assert not way.is_too_large


def test_bytes_that_are_no_frames__given_up() -> None:
    way = a_way()
    way.look(b"\xff" * 16)
    way.passed_on(4)
    assert way.gave_up
    assert way.farewell(1001) == b""


def test_messages_that_nobody_knows__only_counted() -> None:
    way = a_way(is_read=False)
    assert way.look(HELLO) == []
    way.passed_on(7)
    assert (way.came, way.goodbye, way.gave_up, way.is_too_large) == (7, None, False, False)
    assert way.farewell(1001) == b""
