"""What certificates of authorities and of leaves have in common."""

import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, strategies as st

from sidecar.authority.certificate import datetime_of, general_name, key_usage, moment_of, named, pem_of_key
from sidecar.authority.names import NotAName
from sidecar.clock import SECOND


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("API.example.", x509.DNSName("api.example")),
        ("xn--bcher-kva.example", x509.DNSName("xn--bcher-kva.example")),
        ("[::1]", x509.IPAddress(ipaddress.IPv6Address("::1"))),
        ("10.0.0.7", x509.IPAddress(ipaddress.IPv4Address("10.0.0.7"))),
    ],
)
def test_address_stands_as_address_and_name_as_name(host: str, name: x509.GeneralName) -> None:
    assert general_name(host) == name


def test_what_stands_for_many__refused() -> None:
    with pytest.raises(NotAName):
        general_name("*.example")


@given(st.integers(0, 4_000_000_000))
def test_moment_survives_in_whole_seconds(seconds: int) -> None:
    assert moment_of(datetime_of(seconds * SECOND + 999_999)) == seconds * SECOND


def test_key_is_for_certificates_or_for_handshakes() -> None:
    authority, leaf = key_usage(signs_certificates=True), key_usage(signs_certificates=False)
    assert (authority.key_cert_sign, authority.digital_signature) == (True, False)
    assert (leaf.key_cert_sign, leaf.digital_signature) == (False, True)


def test_subject_is_the_name_alone() -> None:
    assert named("somebody").rfc4514_string() == "CN=somebody"


def test_key_is_in_the_clear_only_where_no_password_is() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert pem_of_key(key).startswith(b"-----BEGIN PRIVATE KEY-----")
    hidden = pem_of_key(key, b"hunter2")
    assert hidden.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    read = serialization.load_pem_private_key(hidden, b"hunter2")
    assert read.public_key() == key.public_key()
