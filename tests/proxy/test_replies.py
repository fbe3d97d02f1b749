"""What we write ourselves, read by another implementation of HTTP."""

import json

import h11
import pytest

from sidecar.http1.head import read_reply_head, read_request_head
from sidecar.proxy.replies import own_reply, plain_error_body, reply_head_for_downstream, request_head_for_upstream

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
