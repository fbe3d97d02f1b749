"""CONNECT and its answer, at every split."""

import base64
import contextlib

import pytest
from hypothesis import given, strategies as st

from sidecar.config.proxy_url import parse_proxy_url
from sidecar.errors import ReplyBroken
from sidecar.proxy.tunnel import MOST_HEAD_BYTES, TunnelRefused, TunnelReply, connect_request

ANSWERS = [
    b"HTTP/1.1 200 Connection established\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nProxy-Agent: x\r\nContent-Length: 5\r\n\r\n",  # of no meaning there (RFC 9110 section 9.3.6)
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 Fine\r\n\r\n",
]


@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 80), max_size=6))
def test_tunnel_is_open_with_the_last_byte_and_not_before(answer: bytes, cuts: list[int]) -> None:
    reply = TunnelReply()
    ends = sorted({*(cut for cut in cuts if cut < len(answer)), 0})
    pieces = [answer[begin:end] for begin, end in zip(ends, [*ends[1:], len(answer)], strict=True)]
    assert [reply.feed(piece) for piece in pieces] == [False] * (len(pieces) - 1) + [True]


@pytest.mark.parametrize("status", [300, 403, 407, 502])
def test_any_other_status_refuses(status: int) -> None:
    with pytest.raises(TunnelRefused) as refused:
        TunnelReply().feed(b"HTTP/1.1 %d No\r\nContent-Length: 2\r\n\r\nno" % status)
    assert refused.value.status == status
    assert str(refused.value) == f"status {status}"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nx", "before TLS had begun"),
        (b"220 smtp.example ESMTP\r\n\r\n", "not one of HTTP/1.1"),
        (b"HTTP/1.1 200 OK\nX: y\r\n\r\n", "does not end in CR LF"),
        (b"x" * (MOST_HEAD_BYTES + 1), "too large"),
    ],
)
def test_what_is_no_answer_is_refused(answer: bytes, why: str) -> None:
    with pytest.raises(ReplyBroken, match=why):
        TunnelReply().feed(answer)


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ReplyBroken, TunnelRefused):
        TunnelReply().feed(data)


def test_request_names_the_host_twice_and_has_no_credentials_of_its_own() -> None:
    asked = connect_request("api.example:443", parse_proxy_url("proxy.example:3128"))
    assert asked == b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters=":")), st.text(st.characters(codec="utf-8")))
def test_credentials_are_decoded_and_can_add_no_line(user: str, password: str) -> None:
    def escaped(text: str) -> str:
        return "".join(f"%{byte:02X}" for byte in text.encode())

    asked = connect_request("a:443", parse_proxy_url(f"http://{escaped(user)}:{escaped(password)}@proxy.example:1"))
    line = asked.split(b"\r\n")[2]
    assert asked.count(b"\r\n") == 4
    assert base64.b64decode(line.removeprefix(b"Proxy-Authorization: Basic ")) == f"{user}:{password}".encode()
