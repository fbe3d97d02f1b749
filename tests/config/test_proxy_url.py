"""The URL of a proxy, whose credentials stay hidden, and the hosts that need none."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sidecar.config.addresses import Unusable
from sidecar.config.proxy_url import ProxyUrl, parse_exemptions, parse_proxy_url

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "credentials"),
    [
        ("http://proxy.example:3128", "http", "proxy.example", 3128, None),
        ("http://Proxy.Example:3128/", "http", "proxy.example", 3128, None),
        ("proxy.example:3128", "http", "proxy.example", 3128, None),
        ("http://proxy.example", "http", "proxy.example", 80, None),
        ("HTTPS://proxy.example", "https", "proxy.example", 443, None),
        ("http://[::1]:3128", "http", "::1", 3128, None),
        ("http://[::1]", "http", "::1", 80, None),
        ("http://me:hunter2@proxy.example:1", "http", "proxy.example", 1, b"me:hunter2"),
        ("http://me:a%40b%2Fc%3A@proxy.example:1", "http", "proxy.example", 1, b"me:a@b/c:"),
        ("http://me@proxy.example:1", "http", "proxy.example", 1, b"me:"),
        ("http://me:a:b@proxy.example:1", "http", "proxy.example", 1, b"me:a:b"),
    ],
)
def test_url_is_read(text: str, scheme: str, host: str, port: int, credentials: bytes | None) -> None:
    assert parse_proxy_url(text) == ProxyUrl(scheme, host, port, credentials)


@pytest.mark.parametrize(
    "text",
    [
        f"socks5://me:{SECRET}@proxy.example:1",
        f"http://me:{SECRET}@proxy.example:99999",
        f"http://me:{SECRET}@:1",
        f"http://me:{SECRET}@proxy.example:0",
        f"http://me:{SECRET}/x@proxy.example:1",
        f"http://me:{SECRET}@x@proxy.example:1",
        f"http://me:{SECRET}#@proxy.example:1",
        f"http://me:{SECRET}%zz@proxy.example:1",
        f"http://me:{SECRET} @proxy.example:1",
        f"http://me:{SECRET}\r\nX: y@proxy.example:1",
        f"http://me:{SECRET}@proxy.example:1/path",
        f"http://me:{SECRET}@pröxy.example:1",
        "",
    ],
)
def test_url_that_is_none_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(Unusable) as refused:
        parse_proxy_url(text)
    assert SECRET not in refused.value.problem + refused.value.advice


@given(st.text())
def test_any_other_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unusable):
        parse_proxy_url(text)


def test_credentials_are_in_no_text_of_it() -> None:
    url = parse_proxy_url(f"http://me:{SECRET}@proxy.example:1")
    for text in (str(url), repr(url), f"{url!a}"):
        assert SECRET not in text
        assert "me" not in text.removeprefix("ProxyUrl(scheme")
    assert str(url) == "http://***@proxy.example:1"
    assert not url.is_secure


@pytest.mark.parametrize(
    ("text", "host", "port", "is_exempt"),
    [
        ("", "api.example", 443, False),
        ("*", "api.example", 443, True),
        ("api.example", "api.example", 443, True),
        ("api.example", "API.example.", 443, True),
        ("api.example", "v1.api.example", 443, True),
        ("api.example", "notapi.example", 443, False),
        (".example", "api.example", 443, True),
        (".example", "example", 443, True),
        ("*.example", "api.example", 443, True),
        ("api.example:8443", "api.example", 443, False),
        ("api.example:8443", "api.example", 8443, True),
        ("a.example, b.example c.example", "c.example", 443, True),
        ("10.0.0.0/8", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "11.1.2.3", 443, False),
        ("10.0.0.0/8", "ten.example", 443, False),
        ("10.0.0.1", "10.0.0.1", 443, True),
        ("0.0.1", "10.0.0.1", 443, False),
        ("10.0.0.1:443", "10.0.0.1", 443, True),
        ("fd00::/8", "fd00::1", 443, True),
        ("fd00::/8", "10.0.0.1", 443, False),
        ("fd00::1", "fd00:0::1", 443, True),
        ("[fd00::1]:8443", "fd00::1", 8443, True),
        ("[fd00::1]:8443", "fd00::1", 443, False),
        ("", "localhost", 443, True),
        ("", "127.0.0.7", 443, True),
        ("", "::1", 443, True),
    ],
)
def test_hosts_that_need_no_proxy(text: str, host: str, port: int, is_exempt: bool) -> None:
    assert parse_exemptions(text).cover(host, port) is is_exempt


def test_block_that_is_none__refused() -> None:
    with pytest.raises(Unusable, match=r"10\.0\.0\.0/99"):
        parse_exemptions("a.example,10.0.0.0/99")


@given(st.text(), st.text(min_size=1))
def test_any_list_can_be_asked_or_is_refused(text: str, host: Any) -> None:
    with contextlib.suppress(Unusable):
        parse_exemptions(text).cover(host, 443)


def test_list_is_shown_as_it_was_understood() -> None:
    assert str(parse_exemptions(" A.example,, .b.example ")) == "a.example,.b.example"
