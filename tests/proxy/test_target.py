"""The four forms of a request target; a host never says where a request goes."""

import pytest

from sidecar.errors import RequestRefused
from sidecar.proxy.target import Address, kept_query, opening, origin_form, parameter_in, path_at, tunnel_place

LOOPBACK, LOOPBACK_6, POD, PORT_80 = ("127.0.0.1", 8780), ("::1", 8780), ("10.1.2.3", 8780), ("127.0.0.1", 80)


@pytest.mark.parametrize("target", [b"/", b"/gemini/a%2Fb/%2D:x?y=%00&z=http://other/", b"//other.example/gemini"])
def test_target_that_begins_with_a_slash__byte_for_byte(target: bytes) -> None:
    assert origin_form(target, LOOPBACK) == target


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (LOOPBACK, b"127.0.0.1:8780"),
        (LOOPBACK, b"localhost:8780"),
        (LOOPBACK, b"LocalHost:8780"),
        (LOOPBACK_6, b"[::1]:8780"),
        (LOOPBACK_6, b"localhost:8780"),
        (POD, b"10.1.2.3:8780"),
        (PORT_80, b"127.0.0.1"),
        (PORT_80, b"127.0.0.1:80"),
        (("::1", 80), b"[::1]"),
    ],
)
def test_authority_that_is_ours__what_stands_behind_it(address: Address, authority: bytes) -> None:
    assert origin_form(b"http://" + authority + b"/gemini/%2f?x", address) == b"/gemini/%2f?x"
    assert origin_form(b"HTTP://" + authority + b"?x", address) == b"/?x"
    assert origin_form(b"http://" + authority, address) == b"/"


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (LOOPBACK, b""),
        (LOOPBACK, b"127.0.0.1"),
        (LOOPBACK, b"127.0.0.1:8781"),
        (LOOPBACK, b"127.0.0.1:08780"),
        (LOOPBACK, b"generativelanguage.googleapis.com"),
        (LOOPBACK, b"other.example:8780"),
        (LOOPBACK, b"localhost.other.example:8780"),
        (LOOPBACK, b"me@127.0.0.1:8780"),
        (LOOPBACK, b"127.0.0.1:8780:8780"),
        (POD, b"localhost:8780"),
        (POD, b"10.1.2.4:8780"),
    ],
)
def test_authority_of_somebody_else__400(address: Address, authority: bytes) -> None:
    with pytest.raises(RequestRefused, match="no upstream has") as refused:
        origin_form(b"http://" + authority + b"/gemini/v1", address)
    assert refused.value.status == 400


@pytest.mark.parametrize("target", [b"https://127.0.0.1:8780/gemini", b"ws://127.0.0.1:8780/gemini"])
def test_scheme_that_is_not_spoken_here__400(target: bytes) -> None:
    with pytest.raises(RequestRefused, match="no upstream has"):
        origin_form(target, LOOPBACK)


@pytest.mark.parametrize(
    ("target", "sentence"), [(b"*", "name a route"), (b"a.example:443", "start with /"), (b"gemini/v1", "start with /")]
)
def test_target_of_another_form__400_that_says_what_to_do(target: bytes, sentence: str) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        origin_form(target, LOOPBACK)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"HEAD /gemini/x HTTP/1.1\r\nHost: a b\r\n\r\n", (b"HEAD", b"/gemini/x")),
        (b"POST /gemini/xxxxx", (b"POST", b"/gemini/xxxxx")),
        (b"\x16\x03\x01", (b"\x16\x03\x01", b"")),
        (b"", (b"", b"")),
    ],
)
def test_request_that_could_not_be_read__method_and_target_as_far_as_they_can_be_told(
    raw: bytes, told: tuple[bytes, bytes]
) -> None:
    assert opening(raw) == told


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        (b"/responses?api-version=2025-04-01", "?api-version=2025-04-01"),
        (b"/v1/messages/batches?beta=true&key=secret", "?beta=true"),
        (b"/v1beta/batches?key=secret", ""),
        (b"/v1beta/batches?key=a&access_token=b?api-version=c", ""),
        (b"/v1beta/batches", ""),
        (b"/v1beta/batches?", ""),
    ],
)
def test_what_may_be_kept_of_a_query__never_a_key(target: bytes, kept: str) -> None:
    assert kept_query(target) == kept


@pytest.mark.parametrize(
    ("target", "value"),
    [(b"/queue/status?model=m&request_id=r%2F1", "r/1"), (b"/queue/status?request_id=", ""), (b"/queue/status", "")],
)
def test_parameter_of_a_query(target: bytes, value: str) -> None:
    assert parameter_in(target, "request_id") == value


@pytest.mark.parametrize(
    ("target", "place"),
    [
        (b"API.Example.:443", ("api.example", 443)),
        (b"10.0.0.7:1", ("10.0.0.7", 1)),
        (b"[0:0::1]:65535", ("::1", 65535)),
        (b"a_b:08000", ("a_b", 8000)),
    ],
)
def test_place_of_a_tunnel__as_names_are_compared(target: bytes, place: Address) -> None:
    assert tunnel_place(target) == place


@pytest.mark.parametrize(
    ("target", "sentence"), [(b"a:0", "no port"), (b"a:65536", "no port"), (b"[1:2]:443", "no IPv6 address")]
)
def test_place_that_there_cannot_be__400(target: bytes, sentence: str) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        tunnel_place(target)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("origin", "target", "path"),
    [
        (("a", 443), b"/x?y", b"/x?y"),
        (("a", 443), b"//b/x", b"//b/x"),
        (("a", 443), b"https://A/x", b"/x"),
        (("a", 443), b"wss://a:443?x", b"/?x"),
        (("a", 80), b"http://a/x", b"/x"),
        (("::1", 8443), b"https://[::1]:8443/x", b"/x"),
    ],
)
def test_target_inside_of_a_tunnel(origin: Address, target: bytes, path: bytes) -> None:
    assert path_at(origin, target) == path
