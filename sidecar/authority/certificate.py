"""What certificates of authorities and of leaves have in common: names, times, uses, and their texts. Pure."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sidecar.authority.names import address_of, name_of
from sidecar.clock import SECOND, Moment

DAY: Final = timedelta(days=1)
BACKDATED: Final = DAY
"""What we sign has held for a day already: clocks of containers and machines differ."""
SERVERS: Final = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
"""For TLS servers alone: not for mail, programs or clients, which name constraints would not keep from it."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def unsigned(
    subject: x509.Name, key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    """The beginnings of a certificate."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


def named(common_name: str) -> x509.Name:
    """A subject with nothing but this name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """What a key is for: certificates, or handshakes."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, crl_sign=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def general_name(host: str) -> x509.GeneralName:
    """A host as the list of a certificate's names has it.

    Raises:
        NotAName: it can't stand there.
    """
    name = name_of(host)
    address = address_of(name)
    return x509.DNSName(name) if address is None else x509.IPAddress(address)


def pem_of(certificate: x509.Certificate) -> bytes:
    """A certificate as text."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def pem_of_key(key: PrivateKey, password: bytes = b"") -> bytes:
    """A private key as text; in the clear where there is no password."""
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)


def datetime_of(moment: Moment) -> datetime:
    """A moment as certificates have it: in whole seconds."""
    return datetime.fromtimestamp(moment // SECOND, UTC)


def moment_of(stamp: datetime) -> Moment:
    """The other way round."""
    return int(stamp.timestamp()) * SECOND
