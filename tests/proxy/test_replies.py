"""What we write ourselves, read by another implementation of HTTP."""

import json
from typing import Any

import h11
import pytest

from sidecar.http1.head import read_reply_head, read_request_head
from sidecar.proxy.replies import (
    own_reply,
    plain_error_body,
    reply_head_for_downstream,
    request_head_for_upstream,
    via_line,
)

SOURCE = (
    b"POST /gemini/x HTTP/1.1\r\nHost: 127.0.0.1:8780\r\nB: 1\r\na:2\r\nB:  3\r\nConnection: close, X-Private\r\n"
    b"X-Private: 4\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Sidecar-Caller: me\r\nAuthorization: Bearer k\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


@pytest.mark.parametrize("keeps_alive", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_own_reply_is_one_whole_message(method: str, keeps_alive: bool) -> None:
    body = plain_error_body(503, "why")
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(own_reply(503, body, keeps_alive=keeps_alive, has_body=method != "HEAD"))
    head = reader.next_event()
    assert isinstance(head, h11.Response)
    assert (b"x-sidecar-error", b"503") in head.headers
    data = reader.next_event()
    if method == "GET":
        assert isinstance(data, h11.Data)
        assert json.loads(bytes(data.data)) == {"error": {"code": 503, "message": "inference-sidecar: why"}}
        data = reader.next_event()
    assert isinstance(data, h11.EndOfMessage)
    assert (reader.their_state is h11.MUST_CLOSE) is not keeps_alive
    assert reader.trailing_data[0] == b""


def test_request_head__own_host_first_end_to_end_lines_as_they_came_and_nothing_of_this_hop() -> None:
    raw = request_head_for_upstream(read_request_head(SOURCE), b"/base/x", b"api.example")
    assert raw == (
        b"POST /base/x HTTP/1.1\r\nHost: api.example\r\nB: 1\r\na:2\r\nB:  3\r\nAuthorization: Bearer k\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )


def test_request_head__lines_of_ours_stand_behind_those_that_came_and_before_the_framing() -> None:
    raw = request_head_for_upstream(
        read_request_head(SOURCE), b"/base/x", b"api.example", "edge-1", b"X-Server-Timeout: 30\r\n"
    )
    assert raw == (
        b"POST /base/x HTTP/1.1\r\nHost: api.example\r\nB: 1\r\na:2\r\nB:  3\r\nAuthorization: Bearer k\r\n"
        b"X-Server-Timeout: 30\r\nVia: 1.1 edge-1\r\nTransfer-Encoding: chunked\r\n\r\n"
    )


def test_reply_head__reason_lines_and_framing_of_the_next_hop() -> None:
    head = read_reply_head(
        b"HTTP/1.1 200 Fine So Far\r\nB: 1\r\na: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", b"GET"
    )
    assert reply_head_for_downstream(head, is_chunked=False, keeps_alive=True) == (
        b"HTTP/1.1 200 Fine So Far\r\nB: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n"
    )
    assert reply_head_for_downstream(head, is_chunked=True, keeps_alive=False).endswith(
        b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize("status", [400, 404, 413, 414, 431, 501])
def test_own_reply_to_what_will_always_fail__no_retry(status: int) -> None:
    raw = own_reply(status, b"{}", keeps_alive=False)
    assert b"\r\nx-should-retry: false\r\n" in raw
    assert b"retry-after" not in raw


@pytest.mark.parametrize(("status", "waits"), [(408, False), (502, False), (503, True), (504, False)])
def test_own_reply_to_what_may_not_fail_again__a_retry_is_right_where_nothing_can_have_been_spent(
    status: int, waits: bool
) -> None:
    unsent = own_reply(status, b"{}", keeps_alive=False)
    assert b"\r\nx-should-retry: true\r\n" in unsent
    assert (b"\r\nretry-after: 1\r\n" in unsent) is waits
    assert b"retry" not in own_reply(status, b"{}", keeps_alive=False, may_have_worked=True)


@pytest.mark.parametrize(("is_http10", "line"), [(False, b"Via: 1.1 edge-1\r\n"), (True, b"Via: 1.0 edge-1\r\n")])
def test_via_is_only_written_under_a_name_and_says_what_was_spoken(is_http10: bool, line: bytes) -> None:
    assert via_line("edge-1", is_http10=is_http10) == line
    assert via_line(None, is_http10=is_http10) == b""


def test_via_stands_behind_that_of_others() -> None:
    source = b"GET /x HTTP/1.0\r\nHost: a\r\nVia: 1.1 first\r\nB: 1\r\n\r\n"
    assert request_head_for_upstream(read_request_head(source), b"/x", b"b", "edge-1") == (
        b"GET /x HTTP/1.1\r\nHost: b\r\nVia: 1.1 first\r\nB: 1\r\nVia: 1.0 edge-1\r\n\r\n"
    )
    head = read_reply_head(b"HTTP/1.1 200 OK\r\nVia: 1.1 first\r\nContent-Length: 0\r\n\r\n", b"GET")
    assert reply_head_for_downstream(head, is_chunked=False, keeps_alive=True, via="edge-1") == (
        b"HTTP/1.1 200 OK\r\nVia: 1.1 first\r\nContent-Length: 0\r\nVia: 1.1 edge-1\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"keeps_alive": True}, None),
        ({"keeps_alive": True, "to_http10": True}, b"keep-alive"),
        ({"keeps_alive": False}, b"close"),
        ({"keeps_alive": False, "to_http10": True}, b"close"),
    ],
)
def test_connection_says_what_the_callers_version_does_not_take_for_granted(
    said: dict[str, Any], kept: bytes | None
) -> None:
    head = read_reply_head(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"GET")
    line = b"Connection: %b\r\n" % kept if kept else b""
    for raw in (reply_head_for_downstream(head, is_chunked=False, **said), own_reply(503, b"", **said)):
        assert raw.partition(b"\r\n\r\n")[0].lower().count(b"connection") == bool(kept)
        assert line in raw
