"""An authority's certificate and key: whose they are, until when, for whom they may speak. Pure; `files.py` reads and writes.

The scope stands in the certificate itself, as critical name constraints: whoever steals the key can speak for the hosts of
upstreams and for this machine, and for nobody's bank. Clients check that, and not only we.
"""

import ipaddress
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sidecar.authority.certificate import (
    BACKDATED,
    DAY,
    SERVERS,
    PrivateKey,
    datetime_of,
    key_usage,
    moment_of,
    named,
    unsigned,
)
from sidecar.authority.names import EVERYBODY, Scope
from sidecar.clock import Moment

ISSUER: Final = "inference-sidecar local authority"
"""What the names of all authorities of ours begin with; a number of their own follows."""


class Unfit(ValueError):
    """Two PEM texts make no authority. The text completes `the authority in <directory> ...`."""


class Signer(NamedTuple):
    """A certificate that may sign others, and its key."""

    certificate: x509.Certificate
    key: PrivateKey

    def __repr__(self) -> str:
        return f"Signer({self.certificate.subject.rfc4514_string()})"  # the key's own repr is mute, and is to stay so


def new_signer(scope: Scope, now: Moment, days: int) -> Signer:
    """A new authority with this scope, which ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    name = named(f"{ISSUER} {identifier.digest.hex()[:8]}")
    certificate = (
        unsigned(name, key.public_key(), datetime_of(now) - BACKDATED, datetime_of(now) + days * DAY)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(SERVERS, critical=False)
        .add_extension(x509.NameConstraints(permitted_subtrees=_subtrees(scope), excluded_subtrees=None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return Signer(certificate, key)


def read_signer(certificate: bytes, key: bytes, now: Moment) -> Signer:
    """The authority that two PEM texts make.

    Raises:
        Unfit: they make none, or its time is over.
    """
    try:
        shown = x509.load_pem_x509_certificate(certificate)
    except ValueError:
        raise Unfit("has no certificate in PEM form in ca.pem") from None
    private = _private_key(key)
    if private.public_key() != shown.public_key():
        raise Unfit("has a key in ca-key.pem that is not that of ca.pem")
    if not _may_sign(shown):
        raise Unfit("has a certificate in ca.pem that may not sign others")
    if moment_of(shown.not_valid_after_utc) <= now:
        raise Unfit(f"ended on {shown.not_valid_after_utc:%Y-%m-%d}")
    if moment_of(shown.not_valid_before_utc) > now:
        raise Unfit(f"does not begin before {shown.not_valid_before_utc:%Y-%m-%d}: is the clock right?")
    return Signer(shown, private)


def scope_of(certificate: x509.Certificate) -> Scope:
    """For whom the owner of a certificate may speak; a kind of name that it does not constrain, without bounds.

    What it excludes is not looked at: ours exclude nothing, and of others' the clients see to it.
    """
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return EVERYBODY
    permitted = constraints.permitted_subtrees or ()
    domains = tuple(each.value.removeprefix(".") for each in permitted if isinstance(each, x509.DNSName))
    networks = tuple(
        each.value
        for each in permitted
        if isinstance(each, x509.IPAddress) and isinstance(each.value, ipaddress.IPv4Network | ipaddress.IPv6Network)
    )
    return Scope(domains or EVERYBODY.domains, networks or EVERYBODY.networks)


def _subtrees(scope: Scope) -> list[x509.GeneralName]:
    return [*map(x509.DNSName, scope.domains), *map(x509.IPAddress, scope.networks)]


def _private_key(text: bytes) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(text, None)
    except TypeError:
        raise Unfit("has a password on ca-key.pem, which nobody is there to type") from None
    except ValueError:
        raise Unfit("has no private key in PEM form in ca-key.pem") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise Unfit("has a key in ca-key.pem that is neither of an elliptic curve nor RSA")
    return key


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False
