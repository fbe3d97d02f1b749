"""A sidecar is found by its settings or by name, and what it says reaches people."""

import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from sidecar.cli.control_client import HEADERS, ControlClient, NotDone, control_of
from sidecar.config.addresses import Address
from sidecar.control.guard import CONTROL_HEADER
from sidecar.errors import SettingsError

Answering = Callable[[int, bytes], Address]


@pytest.fixture
def answering() -> Iterator[Answering]:
    """Starts something that answers every POST alike; it is no sidecar."""
    servers: list[HTTPServer] = []

    def started(status: int, body: bytes) -> Address:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *words: object) -> None:
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, args=(0.01,)).start()
        return Address("127.0.0.1", servers[-1].server_port)

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_header_is_the_one_that_the_guard_wants():
    assert HEADERS[CONTROL_HEADER] == "true"


def test_what_is_answered_is_returned(answering: Answering):
    assert ControlClient(answering(202, b'{"id": "o1"}')).post("api") == {"id": "o1"}


def test_a_proxy_of_the_environment_is_not_asked(answering: Answering, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ControlClient(answering(200, b"{}")).post("api") == {}


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (409, b'{"detail": "operation o1 has ended"}', "^operation o1 has ended$"),
        (404, b"{}", "^the sidecar at http://127.0.0.1:[0-9]+ answers with HTTP 404$"),
        (200, b"hello", "^what answers at http://127.0.0.1:[0-9]+ is no sidecar$"),
        (200, b"[]", "is no sidecar$"),
        (500, b"\xff", "is no sidecar$"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(answering: Answering, status: int, body: bytes, words: str):
    with pytest.raises(NotDone, match=words):
        ControlClient(answering(status, body)).post("api")


def test_nobody_there__said_with_the_address():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", unused.getsockname()[1])
    with pytest.raises(NotDone, match=f"no sidecar answers at http://{address} .Connection refused."):
        ControlClient(address).post("api")


@pytest.mark.parametrize(
    ("control", "url"),
    [
        (None, "http://127.0.0.1:8782"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("http://[::1]:9/", "http://[::1]:9"),
    ],
)
def test_the_address_is_the_settings_unless_one_is_named(empty_folder, control: str | None, url: str):
    assert control_of(None, control).url == url


def test_the_settings_may_name_another(empty_folder):
    (empty_folder / "sidecar.yaml").write_text('control: {listen: "127.0.0.1:9999"}')
    assert control_of(None, None).url == "http://127.0.0.1:9999"


def test_port_0_in_the_settings_names_no_sidecar(empty_folder):
    (empty_folder / "sidecar.yaml").write_text('control: {listen: "127.0.0.1:0"}')
    with pytest.raises(SettingsError, match="name the address by --control"):
        control_of(None, None)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:9", "https://127.0.0.1:9", "http://127.0.0.1", "http://h:x", "http://h:9/x", ""]
)
def test_what_is_no_address_is_refused(url: str):
    with pytest.raises(SettingsError, match=r"write http://127\.0\.0\.1:8782"):
        control_of(None, url)
