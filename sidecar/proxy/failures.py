"""Why no connection to a provider was made, or one was lost: a word for the metric, and a sentence that says where to look."""

import errno
import os
import re
import socket
import ssl
from enum import StrEnum
from http import HTTPStatus
from typing import NamedTuple

from sidecar.config.addresses import Address
from sidecar.errors import SidecarError


class UpstreamError(StrEnum):
    """What breaks an exchange on the provider's side: the values of the label `error`, a closed set."""

    RESOLVE = "resolve"
    """The host's name has no address."""
    CONNECT = "connect"
    """No address of it took a connection."""
    CONNECT_TIMEOUT = "connect_timeout"
    """`limits.connect_seconds` were over before the connection was ready."""
    EGRESS = "egress"
    """The egress proxy could not be reached, or opened no tunnel."""
    CERTIFICATE = "certificate"
    """The provider's certificate could not be verified."""
    CLIENT_CERTIFICATE = "client_certificate"
    """The provider refused our certificate, or misses one."""
    TLS = "tls"
    """TLS failed in another way; mostly the other side speaks none."""
    CLOSED = "closed"
    """The connection ended before the reply had."""
    RESET = "reset"
    """The connection broke before the reply had ended."""
    PROTOCOL = "protocol"
    """The reply broke HTTP/1.1."""


class Unreachable(SidecarError):
    """No connection was made. `error` is for the metric, the text for the caller."""

    def __init__(self, error: UpstreamError, sentence: str) -> None:
        super().__init__(error, sentence)
        self.error, self.sentence = error, sentence

    def __str__(self) -> str:
        return self.sentence


class Hop(NamedTuple):
    """Where a connection goes to first: the provider itself, or the egress proxy on the way to it."""

    host: str
    port: int
    is_egress: bool = False

    def __str__(self) -> str:
        address = str(Address(self.host, self.port))
        return f"the egress proxy {address}" if self.is_egress else address

    def failed(self, error: UpstreamError, problem: str) -> Unreachable:
        """The failure of this hop; what goes wrong at the egress proxy is one kind."""
        if self.is_egress:
            return Unreachable(UpstreamError.EGRESS, f"{self} {problem} (egress.https_proxy)")
        return Unreachable(error, f"{self} {problem}")

    def not_resolved(self, error: OSError) -> Unreachable:
        """The lookup of its name failed."""
        asked_again = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        advice = (
            "the DNS of this machine gave no answer" if asked_again else "look at the name, and at this machine's DNS"
        )
        return self.failed(UpstreamError.RESOLVE, f"could not be resolved: {_reason(error)}; {advice}")

    def not_reached(self, error: OSError) -> Unreachable:
        """None of its addresses took a connection."""
        if error.errno == errno.EMFILE:
            return self.failed(
                UpstreamError.CONNECT, "could not be reached: this sidecar has no file descriptor left (ulimit -n)"
            )
        return self.failed(UpstreamError.CONNECT, f"could not be reached: {_reason(error)}")

    def no_tls(self, error: OSError, *, shows_certificate: bool = False) -> Unreachable:
        """The TLS handshake with it failed. `shows_certificate` says that we have one of our own to show."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return self.failed(UpstreamError.CERTIFICATE, _certificate_problem(error))
        problem = client_certificate_problem(error, shows_certificate=shows_certificate)
        if problem:
            return self.failed(UpstreamError.CLIENT_CERTIFICATE, problem)
        return self.failed(UpstreamError.TLS, _tls_problem(error))

    def spoke_first(self) -> Unreachable:
        """It said something before we did."""
        return self.failed(UpstreamError.TLS, "spoke before it was asked" if self.is_egress else NO_TLS)

    def no_tunnel(self, status: int, where: str) -> Unreachable:
        """The egress proxy answered CONNECT with another status than 2xx."""
        phrase = HTTPStatus(status).phrase if status in _KNOWN_STATUSES else "no known status"
        because = (
            "it wants other credentials than those in its URL" if status == 407 else "egress.no_proxy excepts hosts"
        )
        return self.failed(UpstreamError.EGRESS, f"refused a tunnel to {where} with {status} {phrase}; {because}")


NO_TLS = "speaks no TLS: an https URL may be meant to be http"
_KNOWN_STATUSES = frozenset(map(int, HTTPStatus))

EXPIRED, NOT_YET_VALID, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 27})
"""X509_V_ERR_* of OpenSSL (x509_vfy.h): no issuer, self-signed, a chain that ends nowhere, not trusted."""

_SPEAKS_NO_TLS = frozenset({
    "WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE",
})  # fmt: skip
_NO_COMMON_VERSION = frozenset({"TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL"})

_ABOUT_OUR_CERTIFICATE = re.compile(
    r"ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)"
)
"""Alerts by which a server speaks of the certificate that it was shown, or not shown (RFC 8446 section 6.2)."""


def alert_about_certificate(error: BaseException | None) -> str:
    """What the other side says of a certificate of ours in an alert, as `unknown ca`; empty where it says nothing of it."""
    found = _ABOUT_OUR_CERTIFICATE.search(getattr(error, "reason", None) or "")
    return "" if found is None else found[1].lower().replace("_", " ")


def client_certificate_problem(error: BaseException | None, *, shows_certificate: bool) -> str:
    """What the other side says of our certificate, if that is what an error is about; else nothing.

    In TLS 1.3 a client may send before the server has looked at its certificate, so this comes only with the first read.
    """
    said = alert_about_certificate(error)
    if not said:
        return ""
    if shows_certificate:
        return f"refused our client certificate ({said}): client_certificate_file is not one that it takes"
    return f"wants a client certificate ({said}): set client_certificate_file and client_key_file of this upstream"


def _certificate_problem(error: ssl.SSLCertVerificationError) -> str:
    code, message = error.verify_code, error.verify_message
    if code in (OTHER_NAME, OTHER_ADDRESS):
        return f"showed a certificate for another name: {message.lower().rstrip('.')}"
    if code in (EXPIRED, NOT_YET_VALID):
        return f"showed a certificate that {'has expired' if code == EXPIRED else 'is not valid yet'}: {message}"
    if code in UNKNOWN_AUTHORITY:
        return f"showed a certificate of an authority that is not trusted here: {message}; ca_file adds one"
    return f"showed a certificate that can't be verified: {message}"


def _tls_problem(error: OSError) -> str:
    reason = getattr(error, "reason", None) or ""
    if reason in _SPEAKS_NO_TLS:
        return NO_TLS
    if reason in _NO_COMMON_VERSION:
        return "speaks no TLS that we do: 1.2 is the oldest"
    if isinstance(error, ConnectionError):
        return "closed the connection during the TLS handshake"
    return f"did not agree on TLS: {reason.lower().replace('_', ' ') or _reason(error)}"


def _reason(error: OSError) -> str:
    """What the system calls it; uvloop's own text for a refused connection repeats the address."""
    is_of_system = error.errno is not None and error.errno > 0 and not isinstance(error, ssl.SSLError)
    return os.strerror(error.errno or 0) if is_of_system else error.strerror or str(error) or type(error).__name__
