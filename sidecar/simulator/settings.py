"""How a simulator is set up."""

import ssl
from collections.abc import Mapping

import msgspec

from sidecar.simulator.catalog import CATALOG, Model
from sidecar.simulator.script import Script


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One simulator's setup; the defaults suit a test."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    script: Script = Script()
    """What a call does where its header says nothing."""
    tokens_per_second: float = 250.0
    """Pace of thinking and writing where no script gives `seconds`; about that of a fast model."""
    seconds_per_image: float = 0.5
    keys: frozenset[str] | None = None
    """The keys and tokens that are let in; None lets in everybody."""
    catalog: Mapping[str, Model] = msgspec.field(default_factory=lambda: CATALOG)
    """Models by name; a request for any other is answered 404."""
    certificate_file: str | None = None
    """PEM file of a certificate and those behind it: TLS is spoken, and nothing else. None: plain HTTP."""
    key_file: str | None = None
    """PEM file of its private key, without a password; None where `certificate_file` has it too."""

    @property
    def scheme(self) -> str:
        """Of its URLs."""
        return "https" if self.certificate_file else "http"

    def tls(self) -> ssl.SSLContext | None:
        """What its socket speaks besides TCP; None for plain HTTP.

        Raises:
            OSError: a file can't be read, or is no certificate (`ssl.SSLError`).
        """
        if self.certificate_file is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2  # Debian's Python leaves it to the system's OpenSSL
        context.load_cert_chain(self.certificate_file, self.key_file)
        context.set_alpn_protocols(["http/1.1"])
        return context
