import socket

import pytest

from sidecar.proxy.resetting import reset_on_close


def test_close_sends_a_reset() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as caller:
        accepted, _ = server.accept()
        reset_on_close(accepted)
        accepted.close()
        with pytest.raises(ConnectionResetError):
            caller.recv(1)


def test_socket_is_closed_already__nothing_to_do() -> None:
    sock = socket.socket()
    sock.close()
    reset_on_close(sock)
