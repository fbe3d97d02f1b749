"""An authority's certificate says for whom it may speak, and is read back as it was made."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings, strategies as st

from sidecar.authority.certificate import DAY as A_DAY, datetime_of, named, pem_of, pem_of_key, unsigned
from sidecar.authority.names import EVERYBODY, Scope
from sidecar.authority.signer import ISSUER, Unfit, new_signer, read_signer, scope_of
from tests.authority.made import DAY, HOST, NOW, signer_for
from tests.authority.test_names import HOSTS


@given(st.lists(HOSTS, max_size=100))
@settings(max_examples=50, deadline=None)
def test_scope_is_read_from_the_certificate_as_it_was_written(hosts: list[str]) -> None:
    assert scope_of(signer_for(*hosts).certificate) == Scope.of(hosts)


def test_it_signs_servers_alone_and_no_authorities_below_itself() -> None:
    certificate = signer_for(HOST).certificate
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    assert certificate.extensions.get_extension_for_class(x509.NameConstraints).critical
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).critical
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_it_holds_from_a_day_ago_to_its_last_day() -> None:
    certificate = signer_for(HOST, days=10).certificate
    assert certificate.not_valid_before_utc == datetime_of(NOW) - A_DAY
    assert certificate.not_valid_after_utc == datetime_of(NOW) + 10 * A_DAY


def test_two_are_called_differently() -> None:
    one, other = (signer_for(HOST).certificate.subject.rfc4514_string() for _ in range(2))
    assert one != other
    assert one.startswith(f"CN={ISSUER} ")


def test_key_is_in_no_text_of_it() -> None:
    signer = signer_for(HOST)
    assert repr(signer) == f"Signer({signer.certificate.subject.rfc4514_string()})"


def test_what_was_written_is_read() -> None:
    signer = signer_for(HOST)
    read = read_signer(pem_of(signer.certificate), pem_of_key(signer.key), NOW)
    assert read.certificate == signer.certificate
    assert read.key.public_key() == signer.key.public_key()


def unfit(certificate: bytes, key: bytes, now: int = NOW) -> str:
    with pytest.raises(Unfit) as why:
        read_signer(certificate, key, now)
    return str(why.value)


def test_what_makes_no_authority_is_said() -> None:
    one, other = signer_for(HOST), signer_for(HOST)
    certificate, key = pem_of(one.certificate), pem_of_key(one.key)
    assert unfit(b"nothing", key) == "has no certificate in PEM form in ca.pem"
    assert unfit(certificate, b"nothing") == "has no private key in PEM form in ca-key.pem"
    assert unfit(certificate, pem_of_key(other.key)) == "has a key in ca-key.pem that is not that of ca.pem"
    assert unfit(certificate, pem_of_key(one.key, b"hunter2")).startswith("has a password on ca-key.pem")


def test_time_that_is_over_or_has_not_begun_is_said() -> None:
    signer = signer_for(HOST, days=10)
    texts = pem_of(signer.certificate), pem_of_key(signer.key)
    over, before = NOW + 10 * DAY, NOW - 2 * DAY
    assert unfit(*texts, over) == f"ended on {datetime_of(over):%Y-%m-%d}"
    assert unfit(*texts, before).startswith(f"does not begin before {datetime_of(NOW - DAY):%Y-%m-%d}")


# === authorities that somebody else has made ===


def of_somebody_else(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
    name = named("somebody else")
    builder = unsigned(name, key.public_key(), datetime_of(NOW) - A_DAY, datetime_of(NOW) + A_DAY).issuer_name(name)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return pem_of(builder.sign(key, hashes.SHA256()))


def test_one_that_nothing_constrains_may_speak_for_everybody() -> None:
    key = rsa.generate_private_key(65_537, 2048)
    basic = x509.BasicConstraints(ca=True, path_length=None)
    assert scope_of(read_signer(of_somebody_else(key, basic), pem_of_key(key), NOW).certificate) == EVERYBODY
    names = x509.NameConstraints([x509.DNSName(".corp.example")], None)
    scope = scope_of(read_signer(of_somebody_else(key, basic, names), pem_of_key(key), NOW).certificate)
    assert scope == Scope(("corp.example",), EVERYBODY.networks)


def test_certificate_of_a_server_or_without_any_word_on_it_may_not_sign() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    for extensions in ([], [x509.BasicConstraints(ca=False, path_length=None)]):
        said = unfit(of_somebody_else(key, *extensions), pem_of_key(key))
        assert said == "has a certificate in ca.pem that may not sign others"


def test_key_of_another_kind_is_said() -> None:
    key = pem_of_key(ed25519.Ed25519PrivateKey.generate())  # type: ignore[arg-type]
    assert unfit(pem_of(signer_for(HOST).certificate), key).endswith("neither of an elliptic curve nor RSA")


def test_new_one_has_a_key_of_256_bits() -> None:
    key = new_signer(Scope.of([HOST]), NOW, 1).key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
