"""Readers that take nothing for a while: their senders are slowed, the sidecar holds little, and no byte is lost."""

import pytest

from tests.end_to_end.websocket_cases import KIB, MIB, bytes_of
from tests.end_to_end.websocket_road import SocketRoad, on_both_routes
from tests.websocket.wire import BINARY, Frame

FRAME = 64 * KIB
MUCH = 40 * MIB
"""More than the kernel keeps in the four buffers of a socket's way."""
MOST_GROWTH = 3 * MIB


def numbered_frames(mask: bytes) -> bytes:
    """Frames that can be told apart by their order."""
    payload = bytes_of(FRAME - 4)
    numbered = (at.to_bytes(4, "big") + payload for at in range(MUCH // FRAME))
    return b"".join(Frame(BINARY, each, mask=mask).wire() for each in numbered)


@on_both_routes
@pytest.mark.parametrize("is_from_caller", [True, False], ids=["a slow provider", "a slow caller"])
def test_what_a_slow_reader_does_not_take_stays_with_its_sender(
    socket_road: SocketRoad, target: str, is_from_caller: bool
) -> None:
    data = memoryview(numbered_frames(b"\0\1\2\3" if is_from_caller else b""))
    with socket_road.opened(target) as pair:
        end = pair.caller if is_from_caller else pair.provider
        before = socket_road.sidecar.resident_bytes()
        taken = end.fills(data)
        assert taken < len(data), "nobody was slowed"
        assert socket_road.sidecar.peak_resident_bytes() - before < MOST_GROWTH
        with end.at_work(lambda: end.sends(data[taken:])):
            assert pair.other(end).takes(len(data)) == data
        assert socket_road.sidecar.peak_resident_bytes() - before < MOST_GROWTH


@on_both_routes
def test_one_slow_direction_does_not_hold_up_the_other(socket_road: SocketRoad, target: str) -> None:
    data = memoryview(numbered_frames(b""))
    ping = Frame(9, b"still there?", mask=b"\0\1\2\3").wire()
    with socket_road.opened(target) as pair:
        taken = pair.provider.fills(data)
        assert taken < len(data)
        for _ in range(10):
            assert pair.carries(pair.caller, [ping]) == ping
