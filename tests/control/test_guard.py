import pytest
from hypothesis import given, strategies as st
from starlette.datastructures import Headers

from sidecar.control.guard import refusal

BOUND = "10.1.2.3"


def refused(method: str = "GET", **headers: str) -> str | None:
    named = {"host": "127.0.0.1:8782"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return refusal(method, Headers(named), BOUND)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8782", "127.0.0.1", "localhost", "LOCALHOST:8782", "[::1]:8782", "127.8.8.8:1", "10.1.2.3:8782"]
)
def test_loopback_and_the_bound_address_are_served(host: str):
    assert refused(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8782",
        "10.1.2.4:8782",
        "",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "[::1",
        "a:b:c",
    ],
)
def test_any_other_name_is_not(host: str):
    assert refused(host=host) is not None


def test_two_host_headers_are_refused():
    headers = Headers(raw=[(b"host", b"localhost"), (b"host", b"evil.example")])
    assert refusal("GET", headers, BOUND) is not None


def test_no_host_header_is_refused():
    assert refusal("GET", Headers({}), BOUND) is not None


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8782"])
def test_a_page_of_another_origin_is_refused_even_with_the_header(origin: str):
    assert refused(origin=origin) is not None
    assert refused("POST", origin=origin, x_sidecar_control="true") is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Same-Origin", "", "same-origin, none"])
@pytest.mark.parametrize(("mode", "dest"), [("no-cors", "image"), ("navigate", "iframe"), ("cors", "empty"), ("", "")])
def test_part_of_a_page_of_another_origin_is_refused(site: str, mode: str, dest: str):
    assert refused(sec_fetch_site=site, sec_fetch_mode=mode, sec_fetch_dest=dest) is not None


def test_link_to_us_that_somebody_follows_is_served_and_a_form_is_not():
    followed = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert refused(**followed) is None
    assert refused("POST", **followed) is not None


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_what_our_own_page_and_its_reader_fetch_is_served(site: str):
    assert refused(sec_fetch_site=site, sec_fetch_mode="no-cors", sec_fetch_dest="script") is None


def test_our_own_page_may_read_and_change():
    assert refused("POST", origin="http://127.0.0.1:8782", x_sidecar_control="true") is None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_change_needs_our_header(method: str):
    assert "X-Sidecar-Control" in (refused(method) or "")
    assert refused(method, x_sidecar_control="false") is not None
    assert refused(method, x_sidecar_control="true") is None


@given(st.text(max_size=40))
def test_no_host_header_breaks_the_guard(host: str):
    refusal("GET", Headers(raw=[(b"host", host.encode("utf-8", "replace"))]), BOUND)


@pytest.mark.parametrize("bound", ["0.0.0.0", "::"])
def test_bound_to_every_address__any_name_is_served__for_there_a_token_is_asked(bound: str):
    assert refusal("GET", Headers({"host": "sidecar.shop.svc:8782"}), bound) is None
    assert refusal("GET", Headers({"host": ""}), bound) is not None
    foreign = Headers({"host": "sidecar.shop.svc:8782", "origin": "http://evil.example"})
    assert refusal("GET", foreign, bound) is not None
    assert refusal("POST", Headers({"host": "sidecar.shop.svc:8782"}), bound) is not None


def test_bound_to_a_path__as_loopback():
    assert refusal("GET", Headers({"host": "localhost"}), "unix:/run/x.sock") is None
    assert refusal("GET", Headers({"host": "evil.example"}), "unix:/run/x.sock") is not None
