"""Which upstreams are reached through the proxy."""

import pytest

from sidecar.config.egress import Egress

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("keys", "host", "proxy"),
    [
        ({}, "api.example", None),
        ({"https_proxy": PROXY}, "api.example", PROXY),
        ({"https_proxy": PROXY, "no_proxy": ".example"}, "api.example", None),
        ({"https_proxy": PROXY}, "localhost", None),
        ({"https_proxy": "off"}, "api.example", None),
    ],
)
def test_proxy_for_a_host(keys, host, proxy):
    found = Egress.model_validate(keys).proxy_for(host, 443)
    assert (found and str(found)) == proxy


def test_credentials_are_in_no_text_of_the_group():
    egress = Egress.model_validate({"https_proxy": "http://me:hunter2@proxy.example:3128"})
    for text in (repr(egress), str(egress), egress.model_dump_json(), str(egress.model_dump())):
        assert "hunter2" not in text
