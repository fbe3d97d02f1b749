"""Authorities, clients who trust them, and handshakes: in memory where OpenSSL alone is asked, on loopback for other programs."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from cryptography import x509

from sidecar.authority.contexts import context_of
from sidecar.authority.leaf import new_leaf
from sidecar.authority.names import Scope
from sidecar.authority.signer import Signer, new_signer
from sidecar.clock import SECOND, Moment, SystemClock

DAY: Final[Moment] = 86_400 * SECOND
NOW: Final[Moment] = SystemClock().now()
"""Clients look at the machine's clock, whatever ours says."""
HOST: Final = "api.example"
REPLY: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class MovedClock:
    """A clock that stands still until moved."""

    def __init__(self, at: Moment = NOW) -> None:
        self.at = at

    def now(self) -> Moment:
        return self.at

    def monotonic_ns(self) -> int:
        return self.at * 1000


def signer_for(*hosts: str, days: int = 825) -> Signer:
    """An authority in memory that may speak for these."""
    return new_signer(Scope.of(hosts), NOW, days)


def shown(signer: Signer, *names: str) -> ssl.SSLContext:
    """A leaf for these names, whether or not the authority may speak for them: as one who has stolen its key would show it."""
    leaf = new_leaf(signer, names, NOW)
    return context_of(leaf.pem, leaf.key)


def trusting(pem: bytes) -> ssl.SSLContext:
    """A client that trusts these authorities alone, as strict as Python 3.13's default."""
    context = ssl.create_default_context(cadata=pem.decode("ascii"))
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    return context


def shaken(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """The client's side of a handshake, in memory.

    Raises:
        ssl.SSLError: the client does not take what it is shown, or they do not agree.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(3):
        for side in (ours, theirs):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
    assert ours.version() is not None
    return ours


def is_taken(server: ssl.SSLContext, client: ssl.SSLContext, host: str) -> bool:
    """The client takes what it is shown for this host."""
    try:
        shaken(server, client, host)
    except ssl.SSLCertVerificationError:
        return False
    return True


def certificate_of(shaken_with: ssl.SSLObject) -> x509.Certificate:
    """What the server has shown."""
    shown_der = shaken_with.getpeercert(binary_form=True)
    assert shown_der is not None
    return x509.load_der_x509_certificate(shown_der)


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server on loopback that answers every request with 200 and `ok`, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            raw, _ = listener.accept()
        except OSError:
            return
        with raw, suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
            connection.recv(65_536)
            connection.sendall(REPLY)
            connection.unwrap()
