"""Both sides talk at once, in whatever frames and pieces, sound and broken, or say nothing that is WebSocket at all."""

from hypothesis import assume, given, settings, strategies as st

from sidecar.websocket.messages import Messages
from tests.end_to_end.websocket_road import METERED, UNMETERED, SocketRoad
from tests.websocket.wire import broken_conversations, cut, places, wire_of

targets = st.sampled_from([METERED, UNMETERED])
LARGEST = 64 << 20
"""`calls.live.max_message_bytes`: a message that says that it is larger ends a socket whose messages are read."""


def says_too_much(noise: bytes, *, is_masked: bool) -> bool:
    reader = Messages(is_masked, 0)
    reader.feed(noise)
    return reader.largest_bytes > LARGEST


def carried_both_ways(
    socket_road: SocketRoad, target: str, there: list[bytes], back: list[bytes]
) -> tuple[bytes, bytes]:
    """What comes out at the provider's end and at the caller's, while both write."""
    with socket_road.opened(target) as pair, pair.provider.at_work(lambda: pair.provider.sends_each(back)):
        at_provider = pair.carries(pair.caller, there)
        return at_provider, pair.caller.takes(sum(map(len, back)))


@settings(max_examples=60)
@given(targets, broken_conversations(True), broken_conversations(False), places, places)
def test_conversations_pass_unchanged(socket_road: SocketRoad, target, asked, answered, there, back):
    said = wire_of(asked), wire_of(answered)
    assert carried_both_ways(socket_road, target, cut(said[0], there), cut(said[1], back)) == said


@settings(max_examples=60)
@given(targets, st.binary(max_size=300), st.binary(max_size=300), places, places)
def test_noise_passes_unchanged(socket_road: SocketRoad, target, asked, answered, there, back):
    assume(not says_too_much(asked, is_masked=True))
    assume(not says_too_much(answered, is_masked=False))
    assert carried_both_ways(socket_road, target, cut(asked, there), cut(answered, back)) == (asked, answered)
