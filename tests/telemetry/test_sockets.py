from collections.abc import Callable
from typing import Any

import pytest

from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.sockets import ConnectResult, Direction, Handshake, SocketEnd, SocketRecorder

Total = Callable[..., float]


@pytest.fixture
def sockets() -> SocketRecorder:
    return SocketRecorder()


def of_a_provider(sockets: SocketRecorder) -> list[float]:
    families = [frozen for frozen in sockets.frozen() if "provider" in frozen.family.labels]
    return [value for frozen in families for _, value in frozen.children if isinstance(value, int | float)]


def test_a_provider_is_born_with_10_series_all_0_when_its_first_socket_opens(sockets: SocketRecorder):
    assert of_a_provider(sockets) == []
    sockets.live("gemini")
    assert of_a_provider(sockets) == [0] * 10


def test_sockets_of_a_provider_share_their_cells(sockets: SocketRecorder):
    assert sockets.live("gemini") is sockets.live("gemini")
    assert sockets.live("gemini") is not sockets.live("openai")


def test_what_has_no_provider_stands_at_0_from_the_start(recorder: Recorder, read: Any):
    page = read(recorder.page())
    born = {
        name: [set(labels.values()) for labels, value in page[name] if value == 0]
        for name in ("tunnels", "tunnel_bytes_total", "connects_total", "tls_handshakes_total")
    }
    assert born == {
        "tunnels": [set()],
        "tunnel_bytes_total": [{each.value} for each in Direction],
        "connects_total": [{each.value} for each in ConnectResult],
        "tls_handshakes_total": [{each.value} for each in Handshake],
    }


def test_a_socket_is_open_until_it_is_said_to_have_ended(recorder: Recorder, total: Total):
    cells = recorder.live("gemini")
    cells.open.value += 1
    assert (total("live_sockets", provider="gemini"), total("live_sockets_ended_total")) == (1, 0)
    cells.open.value -= 1
    cells.ended(SocketEnd.LEFT)
    assert (total("live_sockets"), total("live_sockets_ended_total", provider="gemini", end="left")) == (0, 1)


def test_messages_and_bytes_are_counted_by_direction(recorder: Recorder, total: Total):
    cells = recorder.live("gemini")
    cells.messages["to_provider"].value += 2
    cells.bytes["to_caller"].value += 700
    assert total("live_messages_total") == total("live_messages_total", provider="gemini", direction="to_provider") == 2
    assert total("live_bytes_total") == total("live_bytes_total", provider="gemini", direction="to_caller") == 700


def test_a_connect_is_counted_by_what_became_of_it_and_a_tunnel_by_its_bytes(recorder: Recorder, total: Total):
    recorder.tunnels.asked("tunneled")
    recorder.tunnels.open.value += 1
    recorder.tunnels.bytes[Direction.TO_PROVIDER].value += 517
    assert total("connects_total") == total("connects_total", result="tunneled") == 1
    assert (total("tunnels"), total("tunnel_bytes_total", direction="to_provider")) == (1, 517)


@pytest.mark.parametrize("result", Handshake)
def test_a_handshake_is_counted_by_how_it_ended(recorder: Recorder, total: Total, result: Handshake):
    recorder.handshake(result)
    assert total("tls_handshakes_total") == total("tls_handshakes_total", result=result) == 1


def test_what_became_of_connects_and_handshakes_so_far_is_told_by_word(recorder: Recorder):
    recorder.tunnels.asked("grpc")
    recorder.handshake("made")
    connects, handshakes = dict.fromkeys(map(str, ConnectResult), 0), dict.fromkeys(map(str, Handshake), 0)
    assert recorder.tunnels.answered() == connects | {"grpc": 1}
    assert recorder.handshakes() == handshakes | {"made": 1}


def test_open_sockets_are_told_by_provider(recorder: Recorder):
    assert recorder.open_live() == {}
    recorder.live("gemini").open.value += 2
    recorder.live("openai")
    assert recorder.open_live() == {"gemini": 2, "openai": 0}
