"""The variables by which one program trusts an authority."""

from sidecar.authority.variables import VARIABLES, Takes, variables_of


def test_who_takes_a_list_instead_of_its_own_is_given_the_whole_list() -> None:
    named = variables_of("ca.pem", "bundle.pem")
    assert set(named) == set(VARIABLES)
    assert named["SSL_CERT_FILE"] == named["REQUESTS_CA_BUNDLE"] == named["CURL_CA_BUNDLE"] == "bundle.pem"
    assert named["NODE_EXTRA_CA_CERTS"] == named["DENO_CERT"] == "ca.pem"


def test_each_says_who_reads_it() -> None:
    assert all(one.read_by and one.takes in Takes for one in VARIABLES.values())
