from collections.abc import Mapping

import pytest

from sidecar.companion.leading import Led, led_to, means

BASE = "http://127.0.0.1:40000"
DOMAINS = ("api.openai.com", "googleapis.com", "10.0.0.7", "localhost", "127.0.0.0/8")


def led(variables: Mapping[str, str]) -> Led:
    return led_to(variables, BASE, DOMAINS)


def test_https_leads_to_us_in_every_spelling__and_http_stays() -> None:
    variables = led({"HTTPS_PROXY": "http://corporation:3128", "HTTP_PROXY": "http://corporation:3128"}).variables
    assert variables["https_proxy"] == variables["HTTPS_PROXY"] == BASE
    assert variables["NODE_USE_ENV_PROXY"] == "1"
    assert "HTTP_PROXY" not in variables


def test_nothing_was_excepted__then_loopback_alone_is() -> None:
    found = led({})
    assert found.variables["no_proxy"] == found.variables["NO_PROXY"] == "127.0.0.1,localhost"
    assert (found.included, found.excepted) == ((), ())


def test_what_was_excepted_of_upstreams_is_no_more__and_the_rest_is() -> None:
    found = led({"NO_PROXY": "api.openai.com, .internal localhost", "no_proxy": ".internal,us-east5.googleapis.com"})
    assert found.variables["no_proxy"] == found.variables["NO_PROXY"] == ".internal,localhost,127.0.0.1"
    assert set(found.included) == {"api.openai.com", "us-east5.googleapis.com"}
    assert found.excepted == (".internal",)


def test_everything_was_excepted__then_nothing_is() -> None:
    found = led({"no_proxy": "*"})
    assert found.included == ("*",)
    assert found.variables["no_proxy"] == "127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("entry", "domain", "is_meant"),
    [
        ("api.openai.com", "api.openai.com", True),
        ("API.openai.com", "api.openai.com", True),
        (".openai.com", "api.openai.com", True),
        ("*.openai.com", "api.openai.com", True),
        ("com", "api.openai.com", True),
        ("storage.googleapis.com", "googleapis.com", True),
        ("api.openai.com:443", "api.openai.com", True),
        ("api.openai.com:8443", "api.openai.com", False),
        ("penai.com", "api.openai.com", False),
        ("10.0.0.0/8", "10.0.0.7", True),
        ("10.0.0.0/8", "api.openai.com", False),
        ("10.0.0.0/x", "10.0.0.7", False),
        ("localhost", "localhost", False),
        ("127.0.0.1", "127.0.0.0/8", False),
        ("127.0.0.1", "api.openai.com", False),
    ],
)
def test_entry_means_a_domain_what_is_below_it_and_what_is_above_it(entry: str, domain: str, is_meant: bool) -> None:
    assert means(entry, domain) is is_meant
