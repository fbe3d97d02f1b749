"""The list of authorities for programs that take one instead of the system's: the system's own, and ours behind them."""

import re
import ssl
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from sidecar.authority.signer import ISSUER

PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----\s([^-]*)-----END CERTIFICATE-----")
SEQUENCE: Final = b"\x30"
"""What every certificate begins with (X.690 section 8.9)."""
LISTS: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Gentoo
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",  # older RHEL, Amazon Linux
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS, BSD
)
"""Where systems keep theirs, as Go's crypto/x509 looks for it (root_linux.go, root_bsd.go); Pythons that are not the system's
look in the places of the machine on which they were built."""


def bundle_of(ours: bytes, lists: Iterable[bytes]) -> bytes:
    """One list (PEM) of what these lists hold, each authority once, and of `ours` at the end.

    Older ones of ours are left out: a list that was made with one may be the system's by now (SSL_CERT_FILE).
    """
    found = dict.fromkeys(each for text in lists for each in _certificates(text) if not _is_ours(each))
    return b"".join(each + b"\n" for each in found) + ours


def count_of(text: bytes) -> int:
    """How many authorities a list holds."""
    return sum(1 for _ in _certificates(text))


def system_authorities(variables: Mapping[str, str]) -> list[bytes]:
    """The list of this system, or the one that `variables` name instead, as one text or in pieces; empty where there is none."""
    usual = ssl.get_default_verify_paths()
    for file in map(Path, (variables.get("SSL_CERT_FILE", ""), usual.openssl_cafile, *LISTS)):
        text = _read(file)
        if count_of(text):
            return [text]
    directory = Path(variables.get("SSL_CERT_DIR") or usual.openssl_capath)
    return _of_directory(directory) or _of_certifi()


def _of_directory(directory: Path) -> list[bytes]:
    """The files of a directory that OpenSSL looks into: one authority each, by a hash of its name (c_rehash(1))."""
    try:
        return [_read(file) for file in sorted(directory.iterdir()) if re.fullmatch(r"[0-9a-f]{8}\.[0-9]+", file.name)]
    except OSError:
        return []


def _of_certifi() -> list[bytes]:
    """Mozilla's, as Python programs carry it; google-auth brings it by way of requests."""
    try:
        import certifi
    except ImportError:
        return []
    return [_read(Path(certifi.where()))]


def _certificates(text: bytes) -> Iterator[bytes]:
    """Each as it stands there; what only looks like one would spoil the list for its readers, and is left out."""
    for found in PEM.finditer(text):
        if _der(found[1]).startswith(SEQUENCE):
            yield found[0].replace(b"\r\n", b"\n")


def _der(base64_text: bytes) -> bytes:
    try:
        return b64decode(b"".join(base64_text.split()), validate=True)
    except ValueError:
        return b""


def _is_ours(certificate: bytes) -> bool:
    """Told by the name alone, which stands in it as it is: system lists hold certificates that strict parsers refuse."""
    found = PEM.fullmatch(certificate)
    return found is not None and ISSUER.encode() in _der(found[1])


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
