import pytest
from hypothesis import given, strategies as st
from websockets.headers import build_extension, parse_extension

from sidecar.websocket.upgrade import asks_for_websocket, without_deflate

USUAL = b"permessage-deflate; client_max_window_bits"


def fields(*values: bytes, name: bytes = b"Sec-WebSocket-Extensions") -> bytes:
    """A request's fields with these lines among others."""
    lines = [b"Host: a", *(b"%b: %b" % (name, value) for value in values), b"User-Agent: permessage-deflate"]
    return b"".join(b"\r\n" + line for line in lines)


@pytest.mark.parametrize(
    ("offered", "left"),
    [
        ([USUAL], []),
        ([b"permessage-deflate"], []),
        ([b"PerMessage-Deflate ;client_no_context_takeover"], []),
        ([b"permessage-deflate; server_max_window_bits=10, permessage-deflate"], []),
        ([b"permessage-deflate,"], []),
        ([b"foo, permessage-deflate; a=b, bar;x=1"], [b"foo, bar;x=1"]),
        ([b"permessage-deflate, x-webkit-deflate-frame"], [b"x-webkit-deflate-frame"]),
        ([USUAL, b"foo"], [b"foo"]),
        ([b"foo", USUAL, b"bar"], [b"foo", b"bar"]),
        ([USUAL, USUAL], []),
        ([b'foo; a="x, permessage-deflate; y"'], [b'foo; a="x, permessage-deflate; y"']),
        ([b'foo; a="x, \\", permessage-deflate", permessage-deflate'], [b'foo; a="x, \\", permessage-deflate"']),
        ([b'permessage-deflate; a="x, foo", bar'], [b"bar"]),
        ([b'permessage-deflate; a="never ends, foo'], []),
        ([b'foo; a="never ends, permessage-deflate'], [b'foo; a="never ends, permessage-deflate']),
    ],
)
def test_the_offer_is_taken_out_and_others_stay(offered, left):
    assert without_deflate(fields(*offered)) == fields(*left)


@pytest.mark.parametrize(
    "untouched",
    [
        fields(),
        fields(b"foo ,bar;  x"),
        fields(b"permessage-deflate-frame"),
        fields(b"x-permessage-deflate"),
        fields(b"foo; permessage-deflate"),
        fields(b"permessage-deflate", name=b"X-Sec-WebSocket-Extensions"),
        fields(b"permessage-deflate", name=b"Sec-WebSocket-Protocol"),
        b"",
    ],
)
def test_what_offers_something_else_stays_byte_for_byte(untouched):
    assert without_deflate(untouched) == untouched


@pytest.mark.parametrize(
    "name", [b"sec-websocket-extensions", b"SEC-WEBSOCKET-EXTENSIONS", b"Sec-Websocket-Extensions"]
)
def test_the_name_of_the_field_may_be_in_any_case_and_stays_in_it(name):
    assert without_deflate(fields(b"permessage-deflate", b"foo, permessage-deflate", name=name)) == fields(
        b"foo", name=name
    )


def test_the_field_may_have_no_space_behind_its_colon():
    assert without_deflate(b"\r\nSec-WebSocket-Extensions:permessage-deflate\r\nA: b") == b"\r\nA: b"


names = st.sampled_from(["permessage-deflate", "foo", "x-webkit-deflate-frame", "mux"])
parameters = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.none() | st.sampled_from(["1", "x"])), max_size=2)


@given(st.lists(st.lists(st.tuples(names, parameters), min_size=1, max_size=4), max_size=3))
def test_what_is_left_are_the_other_offers_in_their_order_as_websockets_reads_them(lines):
    values = [build_extension(line).encode() for line in lines]
    left = without_deflate(fields(*values)).split(b"\r\n")[2:-1]
    found = [offer for line in left for offer in parse_extension(line.partition(b":")[2].strip().decode())]
    assert found == [offer for line in lines for offer in line if offer[0] != "permessage-deflate"]


@given(st.binary(max_size=60).map(lambda noise: noise.replace(b"\r", b"").replace(b"\n", b"")))
def test_no_value_raises_and_no_other_field_is_lost(noise):
    left = without_deflate(fields(b"permessage-deflate, " + noise)).split(b"\r\n")
    assert (left[1], left[-1]) == (b"Host: a", b"User-Agent: permessage-deflate")
    assert len(left) in (3, 4)


def test_a_head_full_of_quotes_is_passed_over_once():
    value = b"permessage-deflate; " + b'"\\' * 32_000
    assert without_deflate(fields(value)) == fields()


@pytest.mark.parametrize(
    ("method", "is_http10", "upgrade", "connection"),
    [
        (b"GET", False, b"websocket", b"upgrade"),
        (b"GET", False, b"WebSocket", b"Upgrade"),
        (b"GET", False, b"h2c, websocket", b"keep-alive, Upgrade"),
    ],
)
def test_a_request_that_asks_for_a_socket(method, is_http10, upgrade, connection):
    assert asks_for_websocket(method, is_http10, upgrade, connection)


@pytest.mark.parametrize(
    ("method", "is_http10", "upgrade", "connection"),
    [
        (b"POST", False, b"websocket", b"upgrade"),
        (b"GET", True, b"websocket", b"upgrade"),
        (b"GET", False, b"websocket2", b"upgrade"),
        (b"GET", False, b"h2c", b"upgrade"),
        (b"GET", False, b"websocket", b"keep-alive"),
        (b"GET", False, b"", b""),
    ],
)
def test_a_request_that_does_not(method, is_http10, upgrade, connection):
    assert not asks_for_websocket(method, is_http10, upgrade, connection)
