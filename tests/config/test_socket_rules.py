"""What our own sockets can't be, and what of them is worth a word."""

import pytest

from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from sidecar.config.socket_rules import circle, socket_conflicts, socket_notes
from tests.proxy.certificates import Authority


def settings_of(**keys) -> Settings:
    return Settings.model_validate(keys)


def problems_of(**keys) -> list[tuple[str, str]]:
    return [(dotted(path), problem) for path, problem, _ in socket_conflicts(settings_of(**keys))]


def noted(**keys) -> list[str]:
    return list(socket_notes(settings_of(**keys)))


def test_defaults__nothing_to_say():
    assert problems_of() == []
    assert noted() == []
    assert list(circle(Settings())) == []


# === addresses ===


def test_port_that_is_given_twice__blamed_on_the_second():
    assert problems_of(observe={"listen": "0.0.0.0:8780"}) == [
        ("observe.listen", "'0.0.0.0:8780' is taken by proxy.listen")
    ]


@pytest.mark.parametrize("listen", ["0.0.0.0:8782", "10.0.0.7:8782", "[::]:8782"])
def test_control_socket_beyond_this_machine_needs_a_token(listen):
    assert problems_of(control={"listen": listen}) == [
        ("control.listen", f"'{listen}' is not a loopback address, and there is no control.token")
    ]


def test_control_socket_beyond_this_machine_with_a_token_is_noted():
    control = {"listen": "0.0.0.0:8782", "token": {"env": "TOKEN"}}
    assert problems_of(control=control) == []
    (note,) = noted(control=control)
    assert "the control socket listens on 0.0.0.0:8782, beyond this machine" in note


@pytest.mark.parametrize("listen", ["127.0.0.1:8782", "unix:/run/sidecar.sock"])
def test_control_socket_of_this_machine_needs_no_token(listen):
    control = {"listen": listen}
    assert problems_of(control=control) == []
    assert noted(control=control) == []


def test_proxy_that_others_can_reach_is_noted():
    (note,) = noted(proxy={"listen": "0.0.0.0:8780"})
    assert note.startswith("the proxy listens on 0.0.0.0:8780, beyond this machine")


def test_proxy_that_others_can_reach_by_tls__not_said_to_be_in_the_clear():
    listen = {"listen": "0.0.0.0:8780"}
    assert noted(proxy=listen)[0].endswith("in the clear unless proxy.tls is set")
    assert not noted(proxy=listen | {"tls": {"local": True}})[0].endswith("in the clear unless proxy.tls is set")


# === TLS ===


def test_half_of_a_pair_is_blamed_on_the_half_that_is_there(tmp_path):
    pair = Authority(tmp_path).pair()
    certificate, key = {"cert": str(pair.certificate)}, {"key": str(pair.key)}
    assert problems_of(proxy={"tls": certificate}) == [("proxy.tls.cert", "has no key")]
    assert problems_of(proxy={"tls": key}) == [("proxy.tls.key", "has no certificate")]
    assert problems_of(proxy={"tls": certificate | key}) == []


def test_key_of_another_certificate_is_blamed_on_the_key(tmp_path):
    one, other = Authority(tmp_path).pair(name="one"), Authority(tmp_path).pair(name="other")
    files = {"cert": str(one.certificate), "key": str(other.key)}
    assert problems_of(proxy={"tls": files}) == [("proxy.tls.key", f"'{other.key}' is not the key of proxy.tls.cert")]


def test_certificate_of_ones_own_and_of_the_local_authority__one_of_them(tmp_path):
    pair = Authority(tmp_path).pair()
    tls = {"cert": str(pair.certificate), "key": str(pair.key), "local": True}
    assert problems_of(proxy={"tls": tls}) == [("proxy.tls.local", "there is a certificate of your own too")]


def test_local_certificate_for_nobody__refused():
    ((key, problem),) = problems_of(proxy={"tls": {"local": True, "names": []}})
    assert (key, problem) == ("proxy.tls.names", "names no host that a certificate could be for")


# === CONNECT ===


@pytest.mark.parametrize(
    ("listen", "connect", "is_open"),
    [
        ("0.0.0.0:8780", {"intercept": True}, True),
        ("10.0.0.7:8780", {"intercept": True, "others": "tunnel"}, True),
        ("0.0.0.0:8780", {"intercept": True, "others": "refuse"}, False),
        ("0.0.0.0:8780", {"intercept": False}, False),
        ("127.0.0.1:8780", {"intercept": True}, False),
        ("[::1]:8780", {"intercept": True}, False),
    ],
)
def test_tunnels_to_anywhere_for_whoever_is_out_there__an_open_proxy(listen, connect, is_open):
    found = problems_of(proxy={"listen": listen, "connect": connect})
    problem = f"everybody who reaches {listen} could have tunnels to any host: an open proxy"
    assert found == ([("proxy.connect.others", problem)] if is_open else [])


@pytest.mark.parametrize(
    ("connect", "end"),
    [
        ({}, "tunnels to other hosts are made unread, to port 443"),
        ({"ports": [443, 8443]}, "made unread, to port 443 and 8443"),
        ({"others": "refuse"}, "refused, so that a program whose HTTPS_PROXY leads here reaches no other"),
        ({"ports": []}, "refused, so that a program whose HTTPS_PROXY leads here reaches no other"),
    ],
)
def test_interception_says_who_reads_what_and_what_becomes_of_others(connect, end):
    (note,) = noted(proxy={"connect": {"intercept": True, **connect}})
    assert note.startswith("proxy.connect.intercept is on: programs that trust the local authority (`sidecar ca show`)")
    assert note.endswith(end)


# === the way out ===


@pytest.mark.parametrize(
    ("listen", "way_out", "is_circle"),
    [
        ("127.0.0.1:8780", "http://127.0.0.1:8780", True),
        ("127.0.0.1:8780", "http://localhost:8780", True),
        ("0.0.0.0:8780", "http://[::1]:8780", True),
        ("10.0.0.7:8780", "https://10.0.0.7:8780", True),
        ("127.0.0.1:8780", "http://127.0.0.1:3128", False),
        ("127.0.0.1:8780", "http://proxy.example:8780", False),
        ("127.0.0.1:0", "http://127.0.0.1:8780", False),
    ],
)
def test_way_out_that_leads_in_again(listen, way_out, is_circle):
    found = list(circle(settings_of(proxy={"listen": listen}, egress={"https_proxy": way_out})))
    assert [dotted(path) for path, _, _ in found] == (["egress.https_proxy"] if is_circle else [])
