"""What a host is spoken for with, as OpenSSL judges it: taken for the names in it, if its authority may speak for them."""

import ssl

import pytest
from cryptography import x509
from hypothesis import assume, given, settings, strategies as st

from sidecar.authority.certificate import datetime_of, pem_of
from sidecar.authority.leaf import LEAF_DAYS, new_leaf
from sidecar.authority.names import LONGEST_NAME, Scope
from tests.authority.made import DAY, HOST, NOW, certificate_of, is_taken, shaken, shown, signer_for, trusting
from tests.authority.test_names import ADDRESSES, DOMAINS, HOSTS

SOME = settings(max_examples=40, deadline=None)
"""Each is a handshake or two, of 3 ms."""


@given(HOSTS)
@SOME
def test_leaf_is_taken_for_its_host(host: str) -> None:
    signer = signer_for(host)
    assert is_taken(shown(signer, host), trusting(pem_of(signer.certificate)), host)


@given(st.lists(HOSTS, max_size=3), HOSTS)
@SOME
def test_openssl_permits_what_the_scope_permits(hosts: list[str], other: str) -> None:
    signer = signer_for(*hosts)
    taken = is_taken(shown(signer, other), trusting(pem_of(signer.certificate)), other)
    assert taken == Scope.of(hosts).permits(other)


@given(DOMAINS, ADDRESSES)
@SOME
def test_one_name_beyond_the_scope_spoils_the_leaf(domain: str, address: str) -> None:
    signer = signer_for(HOST)
    assume(not Scope.of([HOST]).permits(domain))
    assume(not Scope.of([HOST]).permits(address))
    client = trusting(pem_of(signer.certificate))
    assert not is_taken(shown(signer, HOST, domain), client, HOST)
    assert not is_taken(shown(signer, HOST, address), client, HOST)


@pytest.mark.parametrize(
    "host",
    ["xn--bcher-kva.example", "x." * 125 + "com", "my_vllm.default", "vllm", "a" * 63 + ".example", "2001:db8::7"],
)
def test_leaf_is_taken_for_unusual_hosts(host: str) -> None:
    assert len(host) <= LONGEST_NAME
    signer = signer_for(host)
    assert is_taken(shown(signer, host), trusting(pem_of(signer.certificate)), host)


def test_leaf_for_another_host_is_not_taken() -> None:
    signer = signer_for(HOST, "other.example")
    assert not is_taken(shown(signer, "other.example"), trusting(pem_of(signer.certificate)), HOST)


@given(st.lists(HOSTS, min_size=65, max_size=200, unique=True))
@settings(max_examples=5, deadline=None)
def test_leaf_for_many_hosts_is_taken_for_each(hosts: list[str]) -> None:
    signer = signer_for(*hosts)
    server, client = shown(signer, *hosts), trusting(pem_of(signer.certificate))
    assert all(is_taken(server, client, host) for host in hosts[::20])
    names = certificate_of(shaken(server, client, hosts[0])).extensions
    assert len(list(names.get_extension_for_class(x509.SubjectAlternativeName).value)) == len(hosts)


def test_leaf_is_not_taken_by_who_does_not_trust_its_authority() -> None:
    stranger = trusting(pem_of(signer_for(HOST).certificate))
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer certificate"):
        shaken(shown(signer_for(HOST), HOST), stranger, HOST)


# === its time ===


def test_leaf_holds_for_a_while_and_is_renewed_well_before() -> None:
    leaf = new_leaf(signer_for(HOST), (HOST,), NOW)
    assert 7 <= LEAF_DAYS <= 90
    assert leaf.ends_at // 1_000_000 == (NOW + LEAF_DAYS * DAY) // 1_000_000
    assert leaf.renew_at - NOW == pytest.approx(LEAF_DAYS * DAY * 2 / 3, abs=1_000_000)


def test_leaf_ends_no_later_than_its_authority_and_begins_no_sooner() -> None:
    signer = signer_for(HOST, days=3)
    leaf = new_leaf(signer, (HOST,), NOW)
    certificate = x509.load_pem_x509_certificate(leaf.pem)
    assert certificate.not_valid_after_utc == signer.certificate.not_valid_after_utc
    assert certificate.not_valid_before_utc == signer.certificate.not_valid_before_utc
    assert NOW < leaf.renew_at < leaf.ends_at
    assert datetime_of(leaf.ends_at) == certificate.not_valid_after_utc


def test_key_is_in_no_text_of_it() -> None:
    assert repr(new_leaf(signer_for(HOST), (HOST,), NOW)).startswith("Leaf(ends_at=")


def test_each_has_a_key_and_a_number_of_its_own() -> None:
    signer = signer_for(HOST)
    one, other = (x509.load_pem_x509_certificate(new_leaf(signer, (HOST,), NOW).pem) for _ in range(2))
    assert one.public_key() != other.public_key()
    assert one.serial_number != other.serial_number
