"""Callers of the live test that do not come by plain HTTP: with a socket, with TLS, and through a tunnel."""

import json
import socket
import ssl
import time
from typing import Final

from websockets.sync.client import ClientConnection, connect

from tests.end_to_end.live_callers import PATIENCE_SECONDS, Caller
from tests.end_to_end.prometheus import free_port

BETWEEN_SECONDS: Final = 0.8
"""Longer than a scrape's interval: what happens between two of them is no increase."""
TIMES: Final = 3
FAR_PORT: Final = free_port()
"""Where the tunnel leads: of no upstream, and free."""


def socket_of(caller: Caller) -> ClientConnection:
    """A socket at the caller's target."""
    url = f"ws://{caller.place}{caller.target}"
    return connect(url, additional_headers=caller.headers, proxy=None, open_timeout=PATIENCE_SECONDS)


def talks(caller: Caller) -> None:
    """Opens a socket and asks for some answers in it, one after the other."""
    with socket_of(caller) as talk:
        for _ in range(TIMES):
            talk.send(json.dumps({"type": "response.create"}))
            while json.loads(talk.recv(PATIENCE_SECONDS))["type"] != "response.done":
                pass
            time.sleep(BETWEEN_SECONDS)


def hangs_up(caller: Caller) -> None:
    """Opens a socket, and closes it amid an answer."""
    with socket_of(caller) as talk:
        talk.send(json.dumps({"type": "response.create"}))
        while json.loads(talk.recv(PATIENCE_SECONDS))["type"] != "response.created":
            pass


def speaks_tls(caller: Caller) -> None:
    """Greets with TLS, trusting whoever is there."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for _ in range(TIMES):
        with socket.create_connection(caller.address) as plain, trusting.wrap_socket(plain):
            time.sleep(BETWEEN_SECONDS)


def tunnels(caller: Caller) -> None:
    """Asks for a tunnel to somebody who is no provider, and talks with them."""
    with (
        socket.create_server(("127.0.0.1", FAR_PORT)) as far,
        socket.create_connection(caller.address, PATIENCE_SECONDS) as tunnel,
    ):
        tunnel.sendall(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % FAR_PORT)
        there, _ = far.accept()
        with there:
            tunnel.recv(1024)
            for _ in range(TIMES):
                for near, other in ((tunnel, there), (there, tunnel)):
                    near.sendall(b"hello")
                    other.recv(1024)
                time.sleep(BETWEEN_SECONDS)
