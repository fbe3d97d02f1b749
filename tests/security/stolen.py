"""Certificates as one makes them who has stolen a local authority's key, for a host beyond its scope."""

import ssl
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.authority.certificate import datetime_of, pem_of
from sidecar.authority.contexts import context_of
from sidecar.authority.signer import Signer
from tests.authority.made import NOW

BANK: Final = "bank.example"
Key = ec.EllipticCurvePrivateKey
Names = list[x509.GeneralName]


def signed(
    signer: Signer, key: Key, subject: str, names: Names | None, *, is_authority: bool = False
) -> x509.Certificate:
    """A certificate with this common name and these other names; None for no list of them at all."""
    common = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, subject)])
    start = datetime_of(NOW) - timedelta(hours=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(common)
        .issuer_name(signer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=20))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer.key, hashes.SHA256())


def leaf(signer: Signer, subject: str, names: Names | None) -> ssl.SSLContext:
    """What a thief's server shows."""
    key = ec.generate_private_key(ec.SECP256R1())
    return context_of(pem_of(signed(signer, key, subject, names)), key)


def by_an_authority_below(signer: Signer) -> ssl.SSLContext:
    """The same by an authority that the stolen one has signed, with no scope of its own."""
    below, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    middle = signed(signer, below, "below", None, is_authority=True)
    last = signed(Signer(middle, below), key, BANK, [x509.DNSName(BANK)])
    return context_of(pem_of(last) + pem_of(middle), key)


def forged(signer: Signer) -> dict[str, ssl.SSLContext]:
    """Every one that we could think of, for the bank."""
    return {
        "its name": leaf(signer, "x", [x509.DNSName(BANK)]),
        "its name in capitals": leaf(signer, "x", [x509.DNSName(BANK.upper())]),
        "a wildcard": leaf(signer, "x", [x509.DNSName("*.example")]),
        "a wildcard for everything": leaf(signer, "x", [x509.DNSName("*")]),
        "its common name alone": leaf(signer, BANK, None),
        "its common name and a name that is permitted": leaf(signer, BANK, [x509.DNSName("api.example")]),
        "its common name and an e-mail address": leaf(signer, BANK, [x509.RFC822Name("a@api.example")]),
        "a permitted name and its own": leaf(signer, "x", [x509.DNSName("api.example"), x509.DNSName(BANK)]),
        "an authority below": by_an_authority_below(signer),
    }


FORGERIES: Final = (
    "its name", "its name in capitals", "a wildcard", "a wildcard for everything", "its common name alone",
    "its common name and a name that is permitted", "its common name and an e-mail address", "a permitted name and its own",
    "an authority below",
)  # fmt: skip
