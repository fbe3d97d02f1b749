"""The groups of our own sockets."""

import pytest
from pydantic import ValidationError

from sidecar.config.sockets import Connect, Others, Proxy, Tls


def test_tls_is_off_until_it_has_a_certificate_or_a_maker_of_one() -> None:
    assert not Tls().is_on
    assert not Tls(names=("a.example",)).is_on
    assert Tls(local=True).is_on
    assert Tls.model_validate({"cert": __file__}).is_on


def test_nothing_is_read_that_was_not_asked_for() -> None:
    assert Connect() == Connect(intercept=False, others=Others.TUNNEL, ports=(443,))
    assert Proxy().listen.is_loopback


@pytest.mark.parametrize("names", [["*.example"], ["a b"], ["bücher.example"], [""], "localhost"])
def test_names_are_hosts(names: object) -> None:
    with pytest.raises(ValidationError):
        Tls.model_validate({"names": names})


@pytest.mark.parametrize("ports", [[0], [65_536], [True], "443"])
def test_ports_are_ports(ports: object) -> None:
    with pytest.raises(ValidationError):
        Connect.model_validate({"ports": ports})
