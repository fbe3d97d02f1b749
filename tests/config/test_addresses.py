"""Listen addresses and upstream URLs."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from sidecar.config.addresses import Address, Unusable, parse_address, parse_host, parse_local_address, parse_url


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8780", "127.0.0.1", 8780),
        ("[::1]:0", "::1", 0),
        ("localhost:1", "localhost", 1),
        ("0.0.0.0:65535", "0.0.0.0", 65535),
    ],
)
def test_address_is_read_and_written_alike(text, host, port):
    address = parse_address(text)
    assert address == (host, port)
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "8780", ":8780", "::1", "[::1]", "[::1:1", "h:", "h:-1", "h:65536", "h:80 ", "a b:1", "h:٨", "h/x:1"]
)
def test_what_is_no_address__refused(text):
    with pytest.raises(Unusable):
        parse_address(text)


@given(st.text(max_size=20))
def test_any_text_is_an_address_or_refused(text):
    with suppress(Unusable):
        assert parse_address(str(parse_address(text))) == parse_address(text)


def test_unix_socket_is_read_and_written_alike__and_is_of_this_machine():
    address = parse_local_address("unix:/run/side car.sock")
    assert (str(address), address.url, address.socket_path) == (*["unix:/run/side car.sock"] * 2, "/run/side car.sock")
    assert address.is_loopback
    assert address.reachable == address
    assert not address.collides(address)  # the kernel says so of a path, and better


def test_other_address_of_this_machine_is_read_as_any():
    address = parse_local_address("[::1]:8782")
    assert (address, address.socket_path, address.url) == (Address("::1", 8782), None, "http://[::1]:8782")


@pytest.mark.parametrize("path", ["", "sidecar.sock", "/", "/run/", "/a\0b", f"/{'a' * 107}", f"/{'ä' * 54}"])
def test_what_is_no_path_of_a_socket__refused(path):
    with pytest.raises(Unusable):
        parse_local_address(f"unix:{path}")


def test_longest_path_of_a_socket():
    assert parse_local_address(f"unix:/{'a' * 106}").socket_path == f"/{'a' * 106}"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback(host):
    assert Address(host, 1).is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org"])
def test_not_loopback(host):
    assert not Address(host, 1).is_loopback


def test_wildcard_is_reached_at_loopback():
    assert str(Address("0.0.0.0", 8780).reachable) == "127.0.0.1:8780"
    assert str(Address("::", 8780).reachable) == "[::1]:8780"
    assert Address("10.0.0.1", 1).reachable == Address("10.0.0.1", 1)


@pytest.mark.parametrize(
    ("one", "other", "collide"),
    [
        ("127.0.0.1:1", "127.0.0.1:1", True),
        ("127.0.0.1:1", "127.0.0.1:2", False),
        ("127.0.0.1:0", "127.0.0.1:0", False),
        ("0.0.0.0:1", "127.0.0.1:1", True),
        ("127.0.0.1:1", "127.0.0.2:1", False),
    ],
)
def test_sockets_that_collide(one, other, collide):
    assert parse_address(one).collides(parse_address(other)) is collide
    assert parse_address(other).collides(parse_address(one)) is collide


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path"),
    [
        ("https://generativelanguage.googleapis.com", "https", "generativelanguage.googleapis.com", 443, ""),
        ("http://VLLM:8000/", "http", "vllm", 8000, ""),
        ("https://[2001:db8::1]/base/", "https", "2001:db8::1", 443, "/base"),
        ("https://gw.example/a%20b/~c:d@e", "https", "gw.example", 443, "/a%20b/~c:d@e"),
    ],
)
def test_url_is_taken_apart(text, scheme, host, port, path):
    assert parse_url(text) == (scheme, host, port, path)


@pytest.mark.parametrize(
    ("text", "authority"),
    [
        ("https://h", "h"),
        ("https://h:443", "h"),
        ("http://h:443", "h:443"),
        ("https://[::1]", "[::1]"),
        ("http://[::1]:8000/x", "[::1]:8000"),
    ],
)
def test_authority_leaves_the_usual_port_out(text, authority):
    assert parse_url(text).authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "", "h", "//h", "https:h", "https:///p", "file:///etc/passwd", "https://u@h", "https://u:p@h", "https://h?", "https://h/#",
        "https://h:0", "https://h:x", "https://h\n", "https://h/\\x", "https://[::1", "https://h/é", "https://-h",
    ],
)  # fmt: skip
def test_what_is_no_upstream__refused(text):
    with pytest.raises(Unusable):
        parse_url(text)


@given(st.text(max_size=20), st.sampled_from(["", "https://", "http://h", "https://h/"]))
def test_any_text_is_an_upstream_or_refused(text, start):
    try:
        url = parse_url(start + text)
    except Unusable:
        return
    assert parse_url(str(url)) == url


@pytest.mark.parametrize(
    ("text", "host"), [("API.example", "api.example"), ("10.0.0.7", "10.0.0.7"), ("::1", "::1"), ("[0::1]", "::1")]
)
def test_host_is_read_without_brackets_and_in_lower_case(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["", "*.example", "a b", "b\u00fccher.example", "::1::", "a:1"])
def test_what_is_no_host__refused(text):
    with pytest.raises(Unusable):
        parse_host(text)
