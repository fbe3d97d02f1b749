"""One request and its answer, whatever it is that answers."""

import json
import re
import socket
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from sidecar.cli.asking import MOST_BYTES, NotDone, answer_in, ask
from sidecar.config.addresses import Address
from tests.cli.answering import answering, answering_at, nobody, reply

QUICKLY = 0.2


def test_status_and_object_are_the_answer():
    with answering(reply(503, {"state": "starting"})) as listening:
        assert ask(listening.address, "GET", "/readyz", 10) == (503, {"state": "starting"})
    (asked,) = listening.asked
    assert asked.startswith(f"GET /readyz HTTP/1.0\r\nHost: {listening.address}\r\n")


def test_header_fields_are_sent():
    with answering(reply(200, {})) as listening:
        ask(listening.address, "POST", "/", 10, {"X-A": "b"})
    assert "\r\nX-A: b\r\n" in listening.asked[0]


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(reply(200, {})) as listening:
        assert ask(listening.address, "GET", "/", 10).status == 200


@pytest.mark.parametrize(
    "replied", [reply(200, b"hello"), reply(200, []), reply(500, b"\xff"), b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 200 OK"]
)  # fmt: skip
def test_who_does_not_speak_as_a_sidecar_does_is_none(replied: bytes):
    with (
        answering(replied) as listening,
        pytest.raises(NotDone, match=r"^what answers at http://127\S+ is no sidecar$"),
    ):
        ask(listening.address, "GET", "/", 10)


def test_an_answer_without_end_is_not_read_to_it():
    body = b'{"a": "' + b"b" * 2 * MOST_BYTES
    with answering(reply(200, body)) as listening, pytest.raises(NotDone, match="is no sidecar"):
        ask(listening.address, "GET", "/", 10)


def test_nobody_there__said_with_the_address_and_the_reason():
    sentence = "no sidecar answers at http://{} (Connection refused); is `sidecar serve` running?"
    with nobody() as address, pytest.raises(NotDone, match=re.escape(sentence.format(address))):
        ask(address, "GET", "/", 10)


def test_somebody_who_says_nothing__patience_ends():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotDone, match="timed out"):
        ask(Address(*silent.getsockname()), "GET", "/", QUICKLY)


@pytest.mark.parametrize("host", ["no.such.name.invalid", "a" * 64, "é..é"])
def test_a_name_that_leads_nowhere__said(host: str):
    with pytest.raises(NotDone, match=f"^no sidecar answers at http://{host}:1 "):
        ask(Address(host, 1), "GET", "/", QUICKLY)


@given(st.binary() | st.binary().map(lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body))
def test_bytes_of_any_kind_are_an_answer_or_none(replied: bytes):
    assert answer_in(replied) is None or replied.startswith(b"HTTP/1.")


@given(st.integers(100, 999), st.dictionaries(st.text(), st.text()))
def test_every_status_and_object_is_read(status: int, told: dict[str, str]):
    assert answer_in(f"HTTP/1.1 {status}\r\nA: b\r\n\r\n{json.dumps(told)}".encode()) == (status, told)


def test_an_object_that_is_nested_without_end_is_none():
    assert answer_in(reply(200, b'{"a":' * 100_000)) is None


def test_a_unix_socket_is_asked_as_any(tmp_path: Path):
    with answering_at(f"{tmp_path}/x.sock", reply(200, {"a": 1})) as listening:
        assert ask(listening.address, "GET", "/", 10) == (200, {"a": 1})
    assert listening.asked[0].startswith("GET / HTTP/1.0\r\nHost: localhost\r\n")


@pytest.mark.parametrize("makes_file", [True, False])
def test_nobody_at_a_unix_socket__said_with_its_path(tmp_path: Path, makes_file: bool):
    if makes_file:
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(f"{tmp_path}/x.sock")
    with pytest.raises(NotDone, match=f"no sidecar answers at unix:{tmp_path}/x.sock "):
        ask(Address(f"unix:{tmp_path}/x.sock", 0), "GET", "/", 10)
