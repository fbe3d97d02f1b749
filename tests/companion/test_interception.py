import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sidecar.companion.interception import Interception, general_proxy, with_egress
from sidecar.companion.sidecar_of_run import settings_of_run
from sidecar.config.load import Loaded, load
from sidecar.errors import SettingsError

BASE = "http://127.0.0.1:40000"
SOCKS = "socks5://proxy:1080"


def loaded(variables: Mapping[str, str] = {}) -> Loaded:
    mine = {
        "SIDECAR_UPSTREAMS__MINE__URL": "https://mine.example:8443/base",
        "SIDECAR_UPSTREAMS__MINE__DIALECT": "openai",
    }
    return load({}, mine | dict(variables))


def interception(variables: Mapping[str, str]) -> Interception:
    return Interception(settings_of_run(loaded().settings, intercepts=True), variables)


@pytest.fixture
def plain() -> Iterator[Interception]:
    made = interception({})
    yield made
    made.close()


def test_command_is_led_to_us_and_trusts_us(plain: Interception) -> None:
    variables = plain.led_to(BASE).variables
    assert variables["HTTPS_PROXY"] == BASE
    bundle = Path(variables["SSL_CERT_FILE"])
    assert plain.authority.certificate_pem in bundle.read_bytes()
    assert stat.S_IMODE(bundle.parent.stat().st_mode) == 0o700
    plain.close()
    assert not bundle.parent.exists()


def test_authority_speaks_for_hosts_of_upstreams_alone(plain: Interception) -> None:
    permitted = ["api.openai.com", "us-east5-aiplatform.googleapis.com", "mine.example"]
    assert all(map(plain.authority.permits, permitted))
    assert not plain.authority.permits("bank.example")


@pytest.mark.parametrize(
    ("url", "is_seen"),
    [
        ("https://api.openai.com/v1", True),
        ("https://europe-west1-aiplatform.googleapis.com", True),
        ("https://mine.example:8443/v1", True),
        ("https://mine.example:9443/v1", False),
        ("https://elsewhere.example/v1", False),
        ("http://api.openai.com/v1", False),
        ("https://api.openai.com:port/v1", False),
        ("anything", False),
    ],
)
def test_calls_are_seen_that_lead_to_an_upstream_by_https(plain: Interception, url: str, is_seen: bool) -> None:
    assert plain.sees(url) is is_seen


def test_what_is_not_as_the_user_had_it_is_told() -> None:
    made = interception({"NO_PROXY": "api.openai.com,inside", "SSL_CERT_FILE": "missing.pem", "ALL_PROXY": SOCKS})
    remarks = list(made.remarks(made.led_to(BASE)))
    made.close()
    assert remarks == [
        "NO_PROXY excepts hosts of upstreams, and not in this run: api.openai.com",
        "calls to hosts that NO_PROXY excepts were not seen: inside",
        "SSL_CERT_FILE names no certificates, and was left as it is",
        "ALL_PROXY names a proxy that is not spoken to by HTTP: we call without it",
    ]


def test_nothing_is_otherwise__then_nothing_is_told(plain: Interception) -> None:
    assert not list(plain.remarks(plain.led_to(BASE)))


def test_no_place_for_the_files__then_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match=r"--intercept: no directory can be made .*; set TMPDIR"):
        interception({})


def egress(variables: Mapping[str, str]) -> str:
    found = loaded(variables)
    return str(with_egress(found.settings, found.origins, variables).egress.https_proxy)


def test_proxy_that_the_command_would_have_taken_is_our_way_out() -> None:
    assert egress({"HTTPS_PROXY": "http://corporation:3128"}) == "http://corporation:3128"
    assert egress({"ALL_PROXY": "http://corporation:3128"}) == "http://corporation:3128"
    assert egress({"HTTPS_PROXY": "http://one:1", "all_proxy": "http://two:2"}) == "http://one:1"


def test_way_out_that_is_set_stays() -> None:
    both = {"ALL_PROXY": "http://two:2", "SIDECAR_EGRESS__HTTPS_PROXY": "off"}
    assert egress(both) == "None"


def test_proxy_that_speaks_something_else_is_no_way_out() -> None:
    assert egress({"ALL_PROXY": SOCKS}) == "None"
    assert general_proxy({"all_proxy": SOCKS}) is None
    assert general_proxy({}) is None
