"""What TLS is spoken with: whom we trust, and the certificate we show. Read again when its files have changed.

cert-manager and Kubernetes replace mounted certificates while programs run; no restart may be needed for that.
"""

import os
import ssl
from collections.abc import Callable

import msgspec

from sidecar.proxy.destination import Endpoint

Stamp = tuple[tuple[int, int, int], ...]
"""What changes whenever a file does: inode, size and time of change, for each file; of one that is not there, zeros."""

NOT_THERE = (0, 0, 0)


class TlsFiles(msgspec.Struct, frozen=True):
    """The PEM files that TLS with some endpoint takes; None where it takes none."""

    ca_file: str | None = None
    client_certificate_file: str | None = None
    client_key_file: str | None = None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "TlsFiles":
        """Those of an endpoint."""
        return cls(endpoint.ca_file, endpoint.client_certificate_file, endpoint.client_key_file)

    def stamp(self) -> Stamp:
        """What they are like now, the system's list of authorities included."""
        system = ssl.get_default_verify_paths().cafile
        return tuple(_stamp(path) for path in (system, *msgspec.structs.astuple(self)) if path is not None)

    def load(self) -> ssl.SSLContext:
        """A context made of them.

        Certificates are always checked, and the name in them. A CA file adds to the system's; it never takes the check away.

        Raises:
            OSError: a file is not there, or holds something else.
        """
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        if self.client_certificate_file is not None:
            context.load_cert_chain(self.client_certificate_file, self.client_key_file, password="none")  # noqa: S106
        return context


def _stamp(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116  asked for every new connection
    except OSError:
        return NOT_THERE
    return found.st_ino, found.st_size, found.st_ctime_ns


class Certificates:
    """A context for each set of files, as fresh as the files are."""

    def __init__(self, reloaded: Callable[[bool], None]) -> None:
        """`reloaded` is told when files had changed, and whether they could be used."""
        self._reloaded = reloaded
        self._known: dict[TlsFiles, tuple[Stamp, ssl.SSLContext]] = {}

    def context(self, files: TlsFiles) -> ssl.SSLContext:
        """The context to make a new connection with.

        Files that changed and can't be used, as while only one half of a pair has been replaced, leave the context before
        them in use; they are tried again when they change again.

        Raises:
            OSError: they can't be used, and never could.
        """
        stamp = files.stamp()
        known = self._known.get(files)
        if known is None:
            context = files.load()
        elif known[0] == stamp:
            return known[1]
        else:
            context = self._load_again(files, known[1])
        self._known[files] = stamp, context
        return context

    def _load_again(self, files: TlsFiles, before: ssl.SSLContext) -> ssl.SSLContext:
        try:
            context = files.load()
        except OSError:
            self._reloaded(False)
            return before
        self._reloaded(True)
        return context
