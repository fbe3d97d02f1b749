"""What waits on a socket, as the kernel tells it."""

import socket
import struct

from sidecar.proxy.unread import nothing_came


def test_quiet_connection__nothing_came() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert nothing_came(ours.fileno())


def test_byte_end_or_reset__something_came() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"x")
        assert not nothing_came(ours.fileno())
        assert ours.recv(10) == b"x"  # it was only looked at
        theirs.shutdown(socket.SHUT_WR)
        assert not nothing_came(ours.fileno())


def test_reset__something_came() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
        with ours, theirs:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            theirs.close()
            assert not nothing_came(ours.fileno())


def test_closed_socket__not_to_be_used() -> None:
    ours, theirs = socket.socketpair()
    fd = ours.fileno()
    ours.close()
    theirs.close()
    assert not nothing_came(fd)
