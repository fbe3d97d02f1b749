"""Every case of the table, from both sides, on a route whose messages are read and on one of which nothing is known."""

import pytest

from tests.end_to_end.websocket_cases import CASES, Case
from tests.end_to_end.websocket_road import SocketRoad, is_nothing_or_a_goodbye, on_both_routes
from tests.websocket.wire import MASK, PONG, Frame

ANSWER = Frame(PONG, b"and the other way")


@on_both_routes
@pytest.mark.parametrize("is_from_caller", [True, False], ids=["from the caller", "from the provider"])
@pytest.mark.parametrize("case", CASES, ids=[case.number for case in CASES])
def test_it_passes_unchanged(socket_road: SocketRoad, target: str, case: Case, is_from_caller: bool) -> None:
    wire, answer = case.wire(is_masked=is_from_caller), ANSWER._replace(mask=b"" if is_from_caller else MASK).wire()
    with socket_road.opened(target) as pair:
        end = pair.caller if is_from_caller else pair.provider
        assert pair.carries(end, case.pieces(wire)) == wire
        assert pair.carries(pair.other(end), [answer]) == answer
        end.ends()
        assert is_nothing_or_a_goodbye(pair.other(end).takes_rest())
