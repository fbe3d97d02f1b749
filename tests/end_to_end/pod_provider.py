"""The simulator behind a path on which a cancel gets lost: no answer comes, and the connection stays open."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sidecar.simulator.server import RunningSimulator

CANCEL = re.compile(rb"^POST [^ ]+[:/]cancel[ ?]", re.MULTILINE)
CHUNK = 2**16


class Path:
    """Passes on what comes, connection by connection, in threads."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._far = (simulator.host, simulator.port)
        self._is_deaf = True
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def hears_again(self) -> None:
        """From now on cancels get through."""
        self._is_deaf = False

    def close(self) -> None:
        """Break all connections."""
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._far)
                self._open |= {near, far}
                threading.Thread(target=self._pass_on, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(far, near, False), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with suppress(OSError):
            while passed := source.recv(CHUNK):
                if is_request and self._is_deaf and CANCEL.search(passed):
                    continue  # a request is one write of ours, and so nearly always one read here
                target.sendall(passed)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def provider_that_hears_no_cancel(simulator: RunningSimulator) -> Iterator[Path]:
    """The simulator, as if cancels were lost on the way."""
    path = Path(simulator)
    try:
        yield path
    finally:
        path.close()
