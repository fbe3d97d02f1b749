"""Connections that end without a close frame, anywhere: what was sent before gets there, and the end is passed on."""

import pytest

from tests.end_to_end.websocket_cases import MIB, bytes_of
from tests.end_to_end.websocket_road import End, SocketRoad, is_nothing_or_a_goodbye, on_both_routes
from tests.websocket.wire import BINARY, MASK, PING, SIXTEEN, SIXTY_FOUR, TEXT, Frame

FRAMES = {
    "short": Frame(TEXT, b"Hello"),
    "sixteen bits": Frame(TEXT, b"Hello", form=SIXTEEN),
    "sixty-four bits": Frame(TEXT, b"Hello", form=SIXTY_FOUR),
    "ping": Frame(PING, b"Hello"),
    "fragment": Frame(TEXT, b"Hello", is_final=False),
}
in_both_directions = pytest.mark.parametrize(
    "is_from_caller", [True, False], ids=["from the caller", "from the provider"]
)


@on_both_routes
@in_both_directions
@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_a_connection_that_ends_at_any_byte_of_a_frame(
    socket_road: SocketRoad, target: str, frame: Frame, is_from_caller: bool
) -> None:
    wire = frame._replace(mask=MASK if is_from_caller else b"").wire()
    for size in range(len(wire) + 1):
        with socket_road.opened(target) as pair:
            end = pair.caller if is_from_caller else pair.provider
            end.sends(wire[:size])
            end.ends()
            rest = pair.other(end).takes_rest()
            assert rest[:size] == wire[:size]
            assert is_nothing_or_a_goodbye(rest[size:])
            assert rest[size:] == b"" or size in (0, len(wire)), "a frame of ours stands amid another"


@on_both_routes
@in_both_directions
def test_a_connection_that_breaks_at_any_byte_of_a_frame(
    socket_road: SocketRoad, target: str, is_from_caller: bool
) -> None:
    wire = FRAMES["short"]._replace(mask=MASK if is_from_caller else b"").wire()
    for size in range(len(wire) + 1):
        with socket_road.opened(target) as pair:
            end = pair.caller if is_from_caller else pair.provider
            end.sends(wire[:size])
            end.breaks()
            rest = pair.other(end).takes_rest()  # of what was not read yet, the reset takes away what it likes
            assert wire.startswith(rest) or is_nothing_or_a_goodbye(rest.removeprefix(wire))


@on_both_routes
@in_both_directions
def test_all_of_a_large_message_gets_there_although_its_sender_ends_behind_it(
    socket_road: SocketRoad, target: str, is_from_caller: bool
) -> None:
    wire = Frame(BINARY, bytes_of(4 * MIB), mask=MASK if is_from_caller else b"").wire()
    with socket_road.opened(target) as pair:
        end = pair.caller if is_from_caller else pair.provider

        def send_and_end(end: End = end) -> None:
            end.sends(wire)
            end.ends()

        with end.at_work(send_and_end):
            rest = pair.other(end).takes_rest()
        assert rest[: len(wire)] == wire
        assert is_nothing_or_a_goodbye(rest[len(wire) :])


@on_both_routes
def test_no_socket_is_left_behind(socket_road: SocketRoad, target: str) -> None:
    with socket_road.opened(target):
        socket_road.holds_sockets(1)
    socket_road.holds_sockets(0)
