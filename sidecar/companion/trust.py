"""How a command comes to trust an authority that only this run knows: PEM files in a directory that ends with the run.

Most programs take a file in place of the authorities that they know, some besides them. What the user has set is added to,
so that nothing is trusted less than before. No private key comes to the directory.
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.authority.bundle import bundle_of, count_of, system_authorities
from sidecar.authority.variables import VARIABLES, Takes

NEEDLESS: Final = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"
"""gRPC insists on HTTP/2 and is never intercepted, and gRPC's own authorities are not the system's."""
FALLBACKS: Final = {
    "CURL_CA_BUNDLE": "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE": "CURL_CA_BUNDLE",
    "AWS_CA_BUNDLE": "REQUESTS_CA_BUNDLE",
}
"""What curl, requests and botocore read where the first is not set: setting that must not take this away."""
DIRECTORY: Final = "SSL_CERT_DIR"
"""OpenSSL reads it besides SSL_CERT_FILE; some curls, and httpx, read one of the two alone."""
ALONE: Final = "ca.pem"
ALL: Final = "bundle.pem"


class Trusting(NamedTuple):
    """What a command is to be told."""

    files: dict[str, bytes]
    """Name -> PEM text."""
    variables: dict[str, str]
    """Variable -> the name of the file that it is to name."""
    unreadable: tuple[str, ...]
    """Variables whose own value names no certificates: they stay as they are."""


def trusting(variables: Mapping[str, str], authority: bytes) -> Trusting:
    """The files and variables by which a command's programs trust an authority (PEM) besides those that they trust already.

    Reads the files that variables name, and the system's list.
    """
    directory = certificates_at(variables.get(DIRECTORY, ""))
    files = {ALONE: authority, ALL: bundle_of(authority, system_authorities({}) + directory)}
    told, unreadable = dict[str, str](), list[str]()
    for name, one in VARIABLES.items():
        own = variables.get(name, "")
        certificates = certificates_at(own or variables.get(FALLBACKS.get(name, ""), ""))
        if name == NEEDLESS:
            continue
        if own and not certificates:
            unreadable.append(name)
        elif certificates:
            told[name] = f"{name.lower()}.pem"
            files[told[name]] = bundle_of(authority, certificates if own else certificates + directory)
        else:
            told[name] = ALL if one.takes is Takes.INSTEAD else ALONE
    return Trusting(files, told, tuple(unreadable))


def certificates_at(place: str) -> list[bytes]:
    """The PEM texts of a file, or of the files of a directory, as requests takes one too; empty where there are none."""
    path = Path(place)
    try:
        paths = sorted(path.iterdir()) if place and path.is_dir() else [path]
        texts = [each.read_bytes() for each in paths if each.is_file()]
    except OSError:
        return []
    return [text for text in texts if count_of(text)]


class TrustFiles:
    """The directory with the files of one run. Nobody but its user reads it.

    Raises:
        OSError: it can't be made.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="inference-sidecar-"))  # mode 0700
        for name, text in files.items():
            (self.directory / name).write_bytes(text)

    def remove(self) -> None:
        """Away with all of it."""
        shutil.rmtree(self.directory, ignore_errors=True)
