"""The certificate that a host is spoken for with. Pure; it and its key live in memory, and never longer than `LEAF_DAYS`."""

from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from sidecar.authority.certificate import (
    BACKDATED,
    DAY,
    SERVERS,
    datetime_of,
    general_name,
    key_usage,
    moment_of,
    named,
    pem_of,
    unsigned,
)
from sidecar.authority.signer import Signer
from sidecar.clock import Moment

LEAF_DAYS: Final = 30
"""Less than any client's bound (Apple's is 825 days, public authorities' 200 and falling), and many times the life of a pod."""
RENEWED_AFTER: Final = 2 / 3
"""Of what was left to a leaf when it was made; then a new one is made. A connection lives on with the one it was shown."""
SUBJECT: Final = "leaf of inference-sidecar"
"""No host: names may be longer than the 64 characters that stand here, and clients read the list of names alone (RFC 9525)."""


class Leaf(NamedTuple):
    """A certificate for hosts, and its key."""

    pem: bytes
    key: ec.EllipticCurvePrivateKey
    renew_at: Moment
    """From here on a new one is to be made."""
    ends_at: Moment

    def __repr__(self) -> str:
        return f"Leaf(ends_at={self.ends_at})"


def new_leaf(signer: Signer, names: tuple[str, ...], now: Moment) -> Leaf:
    """A leaf for these hosts; it ends no later than its authority.

    Raises:
        NotAName: one of them can't stand in a certificate, or there is none.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    until = min(datetime_of(now) + LEAF_DAYS * DAY, signer.certificate.not_valid_after_utc)
    since = max(datetime_of(now) - BACKDATED, signer.certificate.not_valid_before_utc)
    certificate = (
        unsigned(named(SUBJECT), key.public_key(), since, until)
        .issuer_name(signer.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(signs_certificates=False), critical=True)
        .add_extension(SERVERS, critical=False)
        .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issuer(signer.certificate), critical=False)
        .sign(signer.key, hashes.SHA256())
    )
    ends_at = moment_of(until)
    return Leaf(pem_of(certificate), key, now + int((ends_at - now) * RENEWED_AFTER), ends_at)


def _issuer(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The authority's own identifier where it has one, as strict clients want it (Python 3.13's default context)."""
    try:
        own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(certificate.public_key())  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)
