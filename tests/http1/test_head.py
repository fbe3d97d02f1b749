"""Heads that are read: what is passed on, what is noted, what ends here."""

import pytest

from sidecar.http1 import head as head_module
from sidecar.http1.framing import CHUNKED, NO_BODY, UNTIL_CLOSE, Framing
from sidecar.http1.head import ReplyHead, RequestHead, field, read_reply_head, read_request_head


def a_request(*fields: bytes) -> RequestHead:
    """A POST with these fields behind its Host."""
    return read_request_head(
        b"POST /gemini/v1 HTTP/1.1\r\nHost: localhost\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n"
    )


def a_reply(*fields: bytes, to: bytes = b"POST", status: bytes = b"200 OK") -> ReplyHead:
    """A reply of this status with these fields."""
    return read_reply_head(
        b"HTTP/1.1 " + status + b"\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\n", to
    )


def lines(head: RequestHead | ReplyHead) -> list[bytes]:
    """The fields that go on."""
    return head.fields.split(b"\r\n")[1:]


@pytest.mark.parametrize(
    "host", [b"", b"a", b"a.b:80", b"a_b", b"[::1]:8780", b"[fe80::1%25eth0]", b"127.0.0.1:8780", b"a:"]
)
def test_a_host__accepted(host: bytes) -> None:
    assert read_request_head(b"GET / HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").noted.get(b"host") == host


def test_http_1_0_needs_no_host() -> None:
    head = read_request_head(b"GET / HTTP/1.0\r\n\r\n")
    assert (head.is_http10, head.keeps_alive) == (True, False)


@pytest.mark.parametrize(
    "target", [b"/", b"*", b"http://localhost/gemini/v1", b"/a?b=c&d=%00", b"/a/../b", b"//a", b'/{"|^`}']
)
def test_a_target_is_kept_byte_for_byte(target: bytes) -> None:
    assert read_request_head(b"OPTIONS " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n").target == target


def test_lines_keep_case_order_and_duplicates() -> None:
    fields = (b"x-GOOG-api-key: a", b"Accept: 1", b"ACCEPT: 2", b"accept: 1", b"Empty: ", "Obs: ä".encode("latin-1"))
    assert lines(a_request(*fields)) == list(fields)


def test_a_length_and_the_types_are_noted_and_passed_on() -> None:
    head = a_request(b"Content-Length: 5", b"Content-Type: a/b", b"Content-Encoding: gzip")
    assert lines(head) == [b"Content-Length: 5", b"Content-Type: a/b", b"Content-Encoding: gzip"]
    assert head.noted.get(b"content-type") == b"a/b"
    assert head.noted.get(b"content-encoding") == b"gzip"


def test_space_around_a_noted_value_is_not_part_of_it() -> None:
    head = a_request(b"Content-Length: \t5 \t", b"X-Sidecar-Caller:  me ")
    assert head.framing == Framing(length=5)
    assert head.noted.get(b"x-sidecar-caller") == b"me"


@pytest.mark.parametrize(
    "name",
    ["Connection", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "Expect", "cOnnection", "UPGRADE"],
)
def test_hop_by_hop_fields_end_here(name: str) -> None:
    head = a_request(name.encode() + b": x", b"Kept: y")
    assert lines(head) == [b"Kept: y"]
    assert head.noted.get(name.lower().encode()) == b"x"


def test_transfer_encoding_is_ours_to_write() -> None:
    head = a_request(b"Transfer-Encoding: Chunked")
    assert (lines(head), head.framing) == ([], CHUNKED)


def test_host_is_ours_to_write() -> None:
    assert lines(a_request()) == []


def test_fields_that_speak_to_the_sidecar_end_here() -> None:
    head = a_request(b"X-Sidecar-Caller: me", b"x-sidecar-anything: 1", b"X-Side: kept")
    assert lines(head) == [b"X-Side: kept"]
    assert head.noted.get(b"x-sidecar-caller") == b"me"


def test_fields_that_connection_names_end_here() -> None:
    head = a_request(b"X-One: 1", b"Connection: x-ONE , close", b"X-Two: 2", b"connection: ,X-Three", b"x-three: 3")
    assert lines(head) == [b"X-Two: 2"]


def test_a_length_can_not_be_named_away() -> None:
    head = a_request(b"Connection: Content-Length", b"Content-Length: 5")
    assert (lines(head), head.framing) == ([b"Content-Length: 5"], Framing(length=5))


def test_what_is_not_noted_is_empty() -> None:
    assert a_request().noted == {b"host": b"localhost"}


def test_a_field_noted_twice_is_a_list() -> None:
    assert a_request(b"Content-Type: a/b", b"Content-Type: c/d ").noted[b"content-type"] == b"a/b, c/d"


def test_what_is_noted_has_no_case_but_what_speaks_to_us() -> None:
    noted = a_request(b"Expect: 100-Continue", b"X-Sidecar-Caller: Me").noted
    assert (noted[b"expect"], noted[b"x-sidecar-caller"]) == (b"100-continue", b"Me")


@pytest.mark.parametrize("method", [b"GET", b"POST", b"QUERY", b"get", b"X-1"])
def test_any_method_but_connect_is_the_servers_to_judge(method: bytes) -> None:
    assert read_request_head(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n").method == method


@pytest.mark.parametrize("target", [b"api.example:443", b"10.0.0.7:1", b"[::1]:65535", b"a_b.svc:08000"])
def test_connect_names_a_host_and_a_port(target: bytes) -> None:
    head = read_request_head(b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    assert (head.method, head.target, head.framing.length) == (b"CONNECT", target, 0)


def test_credentials_for_a_proxy_go_no_further() -> None:
    assert a_request(b"PROXY-Authorization: Basic QUJD", b"Authorization: b").fields == b"\r\nAuthorization: b"


@pytest.mark.parametrize(
    ("version", "connection", "keeps_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"close", False),
        (b"1.1", b"Keep-Alive, CLOSE", False),
        (b"1.1", b"upgrade", True),
        (b"1.0", b"", False),
        (b"1.0", b"keep-alive", True),
        (b"1.0", b"Keep-Alive, close", False),
    ],
)
def test_a_connection_lives_on(version: bytes, connection: bytes, keeps_alive: bool) -> None:
    fields = b"Host: a\r\nConnection: " + connection + b"\r\n\r\n"
    assert read_request_head(b"GET / HTTP/" + version + b"\r\n" + fields).keeps_alive is keeps_alive
    reply = read_reply_head(
        b"HTTP/" + version + b" 200 OK\r\nContent-Length: 0\r\nConnection: " + connection + b"\r\n\r\n", b"GET"
    )
    assert reply.keeps_alive is keeps_alive


# === replies ===


def test_a_reply_is_read() -> None:
    head = a_reply(b"Content-Type: a/b", b"Set-Cookie: a", b"Set-Cookie: b", b"Content-Length: 3")
    assert (head.status, head.reason, head.framing) == (200, b"OK", Framing(length=3))
    assert lines(head) == [
        b"Content-Type: a/b",
        b"Set-Cookie: a",
        b"Set-Cookie: b",
        b"Content-Length: 3",
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [(b"200", b""), (b"200 ", b""), (b"429 Too Many Requests", b"Too Many Requests"), (b"200 \xe9", b"\xe9")],
)
def test_a_reason_may_be_absent_or_odd(status: bytes, reason: bytes) -> None:
    assert a_reply(status=status).reason == reason


def test_a_reply_that_ends_with_its_connection_does_not_keep_it() -> None:
    head = a_reply()
    assert (head.framing, head.keeps_alive) == (UNTIL_CLOSE, False)


@pytest.mark.parametrize(("status", "to"), [(b"200 OK", b"HEAD"), (b"304 Not Modified", b"GET")])
def test_a_bodiless_reply_may_tell_a_length(status: bytes, to: bytes) -> None:
    head = a_reply(b"Content-Length: 5", status=status, to=to)
    assert (head.framing, lines(head), head.keeps_alive) == (NO_BODY, [b"Content-Length: 5"], True)


def test_a_field_that_goes_on_is_found_by_its_name_whatever_its_case() -> None:
    fields = b"\r\nContent-Type: text/plain\r\nX-Tier:\tflex \r\nx-tier: second"
    assert field(fields, b"x-tier") == b"flex"
    assert field(fields, b"x-tie") == b""
    assert field(fields, b"x-other") == b""


def test_a_field_that_is_only_our_beginning_ends_here_too() -> None:
    assert lines(a_request(b"X-Sidecar-: a", b"X-A: b")) == [b"X-A: b"]


def test_thousands_of_fields_for_this_hop__taken_out_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 KiB have room for so many that looking through the head for each would take a tenth of a second."""
    monkeypatch.delattr(head_module, "without")  # which looks through all of them
    ours = [b"X-Sidecar-Label-%d: As Typed " % number for number in range(1000)]
    head = a_request(*ours, b"X-A: b", *[b"TE: trailers"] * 1000, b"x-sidecar-label-7: second", b"X-C: d")
    assert lines(head) == [b"X-A: b", b"X-C: d"]
    assert head.noted[b"x-sidecar-label-7"] == b"As Typed"


def test_thousands_of_fields_that_connection_names__taken_out_in_one_go() -> None:
    named = [b"x-%d" % number for number in range(1000)]
    head = a_request(b"Connection: " + b",".join(named), b"X-A: b", *(name.upper() + b": c" for name in named))
    assert lines(head) == [b"X-A: b"]


@pytest.mark.parametrize("more", [0, 20])
def test_credentials_for_a_proxy_are_noted_as_typed_and_go_no_further(more: int) -> None:
    fields = b"".join(b"X-Sidecar-%d: a\r\n" % number for number in range(more))
    head = read_request_head(b"GET / HTTP/1.1\r\nHost: a\r\n%bProxy-AUTHORIZATION: Basic YQ==\r\n\r\n" % fields)
    assert (head.noted[b"proxy-authorization"], head.fields) == (b"Basic YQ==", b"")
