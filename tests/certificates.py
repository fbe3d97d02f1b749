"""Certificates for loopback, of an authority that was made for a test."""

import ssl
from pathlib import Path
from typing import NamedTuple

import trustme


class Certificate(NamedTuple):
    """The files of a certificate for loopback, and of the authority that signed it."""

    certificate_file: str
    key_file: str
    authority_file: str

    def trusted(self) -> ssl.SSLContext:
        """What a caller has that trusts the authority, and nobody else."""
        return ssl.create_default_context(cafile=self.authority_file)


def certificate_in(folder: Path) -> Certificate:
    """A new authority's certificate for loopback, in files of this folder."""
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    files = Certificate(*(str(folder / name) for name in ("certificate.pem", "key.pem", "authority.pem")))
    for number, blob in enumerate(leaf.cert_chain_pems):
        blob.write_to_path(files.certificate_file, append=number > 0)
    leaf.private_key_pem.write_to_path(files.key_file)
    authority.cert_pem.write_to_path(files.authority_file)
    return files
