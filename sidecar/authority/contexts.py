"""What TLS servers of ours speak with: at least TLS 1.2, HTTP/1.1 and nothing else, a certificate from memory or from files."""

import os
import secrets
import ssl
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sidecar.authority.certificate import PrivateKey, pem_of_key

Stamp = tuple[tuple[int, int, int], ...]
"""What changes whenever a file does: inode, size and time of change, for each."""


def server_context() -> ssl.SSLContext:
    """A context that shows nothing yet.

    A client that offers HTTP/2 too is told http/1.1; one that offers nothing else gets no answer to its offer, and may go.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def context_of(certificate: bytes, key: PrivateKey) -> ssl.SSLContext:
    """A context that shows this certificate (PEM); the key never comes to a disk in the clear."""
    context = server_context()
    try:
        with pair_in_memory(certificate, key) as path:
            context.load_cert_chain(path)
    except (OSError, AttributeError):  # memory files are Linux's, and /proc is not in every container
        with pair_behind_password(certificate, key) as (path, password):
            context.load_cert_chain(path, password=password)
    return context


@contextmanager
def pair_in_memory(certificate: bytes, key: PrivateKey) -> Iterator[str]:
    """A path under which OpenSSL, which takes files alone, reads a pair that is in none: memfd_create(2).

    Raises:
        AttributeError: this system has no such files.
    """
    descriptor = os.memfd_create("pair")
    try:
        os.write(descriptor, certificate + pem_of_key(key))
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


@contextmanager
def pair_behind_password(certificate: bytes, key: PrivateKey) -> Iterator[tuple[str, str]]:
    """The same in a file of 0600 that is removed at once, under a password that nobody has but us: (path, password)."""
    password = secrets.token_hex(32)
    with tempfile.NamedTemporaryFile(prefix="inference-sidecar-") as file:
        file.write(certificate + pem_of_key(key, password.encode()))
        file.flush()
        yield file.name, password


class ContextOfFiles:
    """The context of a pair of PEM files, as fresh as they are: called for each connection.

    cert-manager and Kubernetes replace mounted certificates while programs run. Files that changed and can't be used, as while
    only one half has been replaced, leave the context before them in use; they are tried again when they change again.

    Raises:
        OSError: they can't be used at the start.
    """

    def __init__(self, certificate_file: Path, key_file: Path, reloaded: Callable[[bool], None]) -> None:
        """`reloaded` is told when files had changed, and whether they could be used."""
        self._files = certificate_file, key_file
        self._reloaded = reloaded
        self._stamp = self._look()
        self._context = self._load()

    def __call__(self) -> ssl.SSLContext:
        """The context for a new connection."""
        stamp = self._look()
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._context = self._load()
            except OSError:  # ssl.SSLError is one
                self._reloaded(False)
            else:
                self._reloaded(True)
        return self._context

    def _load(self) -> ssl.SSLContext:
        context = server_context()
        # A password is given, and wrong, because OpenSSL would otherwise ask for one at the terminal.
        context.load_cert_chain(*self._files, password="none")  # noqa: S106
        return context

    def _look(self) -> Stamp:
        found: list[tuple[int, int, int]] = []
        for file in self._files:
            with suppress(OSError):
                like = file.stat()
                found.append((like.st_ino, like.st_size, like.st_ctime_ns))
        return tuple(found)
