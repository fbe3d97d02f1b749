"""From HTTP to WebSocket: what is asked, what is answered, and the bytes that come too early."""

import pytest

from tests.end_to_end.websocket_cases import KIB, bytes_of
from tests.end_to_end.websocket_road import (
    ACCEPT,
    ASKING,
    KEY,
    METERED,
    SWITCHED,
    UNMETERED,
    End,
    Head,
    SocketRoad,
    on_both_routes,
)
from tests.websocket.wire import BINARY, MASK, TEXT, Frame

DEFLATE = "permessage-deflate; client_max_window_bits"
HELLO, HELLO_BACK = Frame(TEXT, b"Hello", mask=MASK).wire(), Frame(TEXT, b"Hello back").wire()
LARGE, LARGE_BACK = (Frame(BINARY, bytes_of(40 * KIB), mask=mask).wire() for mask in (MASK, b""))
PATH = METERED.removeprefix("/gemini")
CLOSED = "Connection: close"


def asked_with(socket_road: SocketRoad, target: str, *fields: str) -> Head:
    """What the provider is asked when the caller asks so."""
    caller = socket_road.asks(target, (*ASKING, *fields))
    provider, head = socket_road.asked()
    caller.ends()
    provider.ends()
    return head


def answered(
    socket_road: SocketRoad, answer: bytes, fields: tuple[str, ...] = ASKING, target: str = METERED
) -> tuple[Head, End]:
    """What the caller gets when the provider answers so, and its end."""
    caller = socket_road.asks(target, fields)
    provider, _ = socket_road.asked()
    provider.sends(answer)
    head = caller.takes_head()
    provider.ends()
    return head, caller


@on_both_routes
def test_the_provider_is_asked_what_the_caller_asked(socket_road: SocketRoad, target: str) -> None:
    fields = ("Sec-WebSocket-Protocol: realtime, openai-beta.realtime-v1", "x-goog-api-key: k", "Origin: http://a")
    head = asked_with(socket_road, f"{target}?alt=a%20b", *fields)
    assert head.start == f"GET {target.removeprefix('/gemini')}?alt=a%20b HTTP/1.1"
    assert [head.values(name) for name in ("Upgrade", "Connection")] == [["websocket"], ["Upgrade"]]
    assert head.values("Sec-WebSocket-Key") == [KEY]
    assert head.values("Sec-WebSocket-Version") == ["13"]
    assert set(fields) <= set(head.fields)


@pytest.mark.parametrize(
    ("upgrade", "connection"), [("WebSocket", "upgrade"), ("websocket", "keep-alive, Upgrade"), ("h2c, websocket", "Upgrade")]
)  # fmt: skip
def test_it_may_be_asked_in_other_letters_and_among_others(
    socket_road: SocketRoad, upgrade: str, connection: str
) -> None:
    asking = (f"Upgrade: {upgrade}", f"Connection: {connection}", *ASKING[2:])
    head, caller = answered(socket_road, SWITCHED + HELLO_BACK, asking)
    assert head.start.startswith("HTTP/1.1 101 ")
    caller.ends()


@on_both_routes
def test_the_caller_is_answered_what_the_provider_answered(socket_road: SocketRoad, target: str) -> None:
    fields = b"Sec-WebSocket-Protocol: realtime\r\nX-Request-Id: 7\r\n\r\n"
    head, caller = answered(socket_road, SWITCHED[:-2] + fields, target=target)
    assert head.start == "HTTP/1.1 101 Switching Protocols"
    assert [head.values(name) for name in ("Upgrade", "Connection")] == [["websocket"], ["Upgrade"]]
    assert head.values("Sec-WebSocket-Accept") == [ACCEPT]
    assert (head.values("Sec-WebSocket-Protocol"), head.values("X-Request-Id")) == (["realtime"], ["7"])
    caller.ends()


def test_the_offer_to_compress_is_taken_away_where_messages_are_read(socket_road: SocketRoad) -> None:
    head = asked_with(socket_road, METERED, f"Sec-WebSocket-Extensions: {DEFLATE}", "X-Behind: b")
    assert (head.values("Sec-WebSocket-Extensions"), head.values("X-Behind")) == ([], ["b"])
    head = asked_with(
        socket_road, METERED, f"Sec-WebSocket-Extensions: foo, {DEFLATE}", "sec-websocket-extensions: bar; a=1"
    )
    assert head.values("Sec-WebSocket-Extensions") == ["foo", "bar; a=1"]


def test_the_offer_to_compress_stays_where_nothing_is_read(socket_road: SocketRoad) -> None:
    head = asked_with(socket_road, UNMETERED, f"Sec-WebSocket-Extensions: foo, {DEFLATE}")
    assert head.values("Sec-WebSocket-Extensions") == [f"foo, {DEFLATE}"]


@on_both_routes
@pytest.mark.parametrize(
    "status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "426 Upgrade Required", "503 No"]
)
def test_a_refusal_passes_with_its_body(socket_road: SocketRoad, target: str, status: str) -> None:
    answer = f"HTTP/1.1 {status}\r\n{CLOSED}\r\nX-Why: because\r\nContent-Length: 5\r\n\r\nno..."
    head, caller = answered(socket_road, answer.encode(), target=target)
    assert (head.start, head.values("X-Why")) == (f"HTTP/1.1 {status}", ["because"])
    assert (head.behind + caller.takes(5 - len(head.behind))) == b"no..."
    caller.ends()


def test_an_answer_without_switching_is_an_answer(socket_road: SocketRoad) -> None:
    head, caller = answered(socket_road, f"HTTP/1.1 200 OK\r\n{CLOSED}\r\nContent-Length: 2\r\n\r\nok".encode())
    assert head.start == "HTTP/1.1 200 OK"
    caller.ends()


def test_behind_a_refusal_the_caller_may_ask_again_on_its_connection(socket_road: SocketRoad) -> None:
    caller = socket_road.asks(METERED)
    provider, _ = socket_road.asked()
    provider.sends(f"HTTP/1.1 401 Unauthorized\r\n{CLOSED}\r\nContent-Length: 0\r\n\r\n".encode())
    provider.ends()
    assert caller.takes_head().start == "HTTP/1.1 401 Unauthorized"
    caller.sends("\r\n".join((f"GET {METERED} HTTP/1.1", "Host: a", *ASKING, "", "")).encode())
    provider, _ = socket_road.asked()
    provider.sends(SWITCHED)
    assert caller.takes_head().start.startswith("HTTP/1.1 101 ")
    caller.ends()
    provider.ends()


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ((), SWITCHED),
        (("Upgrade: websocket",), SWITCHED),  # Connection does not name it: this hop's, and not meant for us
        (ASKING, SWITCHED.replace(b"Upgrade: websocket", b"Upgrade: h2c")),
        (ASKING, SWITCHED.replace(b"Upgrade: websocket\r\n", b"")),
    ],
    ids=["nothing was asked", "it was not named", "another protocol", "no protocol"],
)
def test_a_101_that_nobody_asked_for_is_a_broken_answer(
    socket_road: SocketRoad, fields: tuple[str, ...], answer: bytes
) -> None:
    caller = socket_road.asks(METERED, fields)
    provider, _ = socket_road.asked()
    provider.sends(answer + HELLO_BACK)
    assert caller.takes_rest() == b""  # and it is broken off, as is any answer that can't be one
    caller.ends()
    provider.ends()


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("GET", ("Upgrade: spdy/3", "Connection: Upgrade")),
        ("GET", ("Upgrade: websocket2", "Connection: Upgrade")),
        ("POST", (*ASKING, "Content-Length: 0")),
        ("GET", (*ASKING, "Content-Length: 2")),
    ],
    ids=["another protocol", "nearly the same", "no GET", "a body"],
)
def test_what_is_no_websocket_is_refused(socket_road: SocketRoad, method: str, fields: tuple[str, ...]) -> None:
    caller = socket_road.asks(METERED, fields, method=method)
    assert caller.takes_head().start.startswith("HTTP/1.1 501 ")
    caller.ends()


def test_what_is_only_offered_is_passed_over(socket_road: SocketRoad) -> None:
    caller = socket_road.asks(METERED, ("Upgrade: h2c", "Connection: Upgrade"))
    provider, head = socket_road.asked()
    assert (head.values("Upgrade"), head.values("Connection")) == ([], [])
    caller.ends()
    provider.ends()


@on_both_routes
@pytest.mark.parametrize("first", [HELLO_BACK, HELLO_BACK[:3], LARGE_BACK], ids=["a frame", "a part of one", "much"])
def test_bytes_behind_the_101_in_the_same_segment_are_the_first_of_the_socket(
    socket_road: SocketRoad, target: str, first: bytes
) -> None:
    caller = socket_road.asks(target)
    provider, _ = socket_road.asked()
    provider.sends(SWITCHED + first)
    head = caller.takes_head()
    assert head.behind + caller.takes(len(first) - len(head.behind)) == first
    caller.ends()
    provider.ends()


@on_both_routes
@pytest.mark.parametrize("first", [HELLO, HELLO[:3], LARGE], ids=["a frame", "a part of one", "much"])
def test_bytes_behind_the_request_wait_for_the_101(socket_road: SocketRoad, target: str, first: bytes) -> None:
    caller = socket_road.asks(target, behind=first)
    provider, head = socket_road.asked()
    assert head.behind == b""
    assert provider.has_nothing()
    provider.sends(SWITCHED)
    assert caller.takes_head().start.startswith("HTTP/1.1 101 ")
    assert provider.takes(len(first)) == first
    caller.sends(HELLO)
    assert provider.takes(len(HELLO)) == HELLO
    caller.ends()
    provider.ends()


@on_both_routes
def test_a_101_may_come_in_pieces(socket_road: SocketRoad, target: str) -> None:
    caller = socket_road.asks(target)
    provider, _ = socket_road.asked()
    provider.sends_each(bytes([byte]) for byte in SWITCHED + HELLO_BACK)
    head = caller.takes_head()
    assert head.behind + caller.takes(len(HELLO_BACK) - len(head.behind)) == HELLO_BACK
    caller.ends()
    provider.ends()
