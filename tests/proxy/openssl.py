"""A provider on the standard library's blocking TLS sockets, in a thread: it sends the alerts that uvloop's servers keep back."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Play = Callable[[ssl.SSLSocket], None]


@contextlib.contextmanager
def a_provider(context: ssl.SSLContext, play: Play = lambda _: None) -> Iterator[int]:
    """Listens; after each handshake it plays, then closes without a TLS goodbye. Yields its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=_serve, args=(listening, context, play))
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)  # ends accept()
        thread.join()


def _serve(listening: socket.socket, context: ssl.SSLContext, play: Play) -> None:
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        plain.settimeout(3)
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
            play(secure)
        plain.close()


def read_request(secure: ssl.SSLSocket) -> None:
    """Take a head and what came with it."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += secure.recv(65536)
