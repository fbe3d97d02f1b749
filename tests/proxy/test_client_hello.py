"""ClientHellos as real clients send them, at every split, and damaged in every way: read, or called broken, and nothing else."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from sidecar.proxy.client_hello import BROKEN, MOST_BYTES, ClientHello, HelloReader


def hello_of(host: str | None, *protocols: str, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> bytes:
    """What Python's ssl says first."""
    context = ssl.create_default_context()
    context.minimum_version = oldest
    context.check_hostname = host is not None
    if protocols:
        context.set_alpn_protocols(list(protocols))
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def read(raw: bytes, *cuts: int) -> ClientHello | None:
    """What a reader says of bytes that are cut there; it says nothing before the last piece, or its word is final."""
    reader, begin = HelloReader(), 0
    for cut in (*sorted(cuts), len(raw)):
        said = reader.feed(raw[begin:cut])
        begin = cut
        if said is not None:
            assert raw.startswith(reader.raw)
            return said
    return None


def vector(width: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return len(data).to_bytes(width) + data


def a_hello(*extensions: tuple[int, bytes], has_extensions: bool = True, kind: int = 1) -> bytes:
    """A hand-made one, in one record."""
    listed = vector(2, *(each.to_bytes(2) + vector(2, data) for each, data in extensions)) if has_extensions else b""
    body = b"\3\3" + bytes(32) + vector(1, b"id") + vector(2, b"\x13\x01") + vector(1, b"\0") + listed
    return a_record(kind.to_bytes(1) + vector(3, body))


def a_record(data: bytes, kind: int = 0x16, version: bytes = b"\3\1") -> bytes:
    return kind.to_bytes(1) + version + vector(2, data)


def server_name(name: bytes, kind: int = 0) -> tuple[int, bytes]:
    return 0, vector(2, kind.to_bytes(1), vector(2, name))


HELLO = hello_of("Api.Example", "h2", "http/1.1")
SAID = ClientHello("api.example", (b"h2", b"http/1.1"))


@given(st.lists(st.integers(0, len(HELLO)), max_size=20))
def test_hello_at_any_split__the_same(cuts: list[int]) -> None:
    assert read(HELLO, *cuts) == SAID


def test_hello_in_single_bytes__known_with_the_last_and_not_before() -> None:
    reader = HelloReader()
    said = [reader.feed(HELLO[at : at + 1]) for at in range(len(HELLO))]
    assert (said[:-1], said[-1]) == ([None] * (len(HELLO) - 1), SAID)


@given(st.integers(1, 300))
def test_message_cut_into_several_records__the_same(size: int) -> None:
    message = HELLO[5:]
    raw = b"".join(a_record(message[at : at + size]) for at in range(0, len(message), size))
    assert read(raw) == SAID


def test_what_comes_behind_it_is_not_looked_at() -> None:
    assert read(HELLO + b"\x17\3\3\0\5hello") == SAID


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (hello_of("api.example"), ClientHello("api.example")),
        (hello_of(None, "http/1.1"), ClientHello("", (b"http/1.1",))),
        (hello_of("api.example", "h2", oldest=ssl.TLSVersion.TLSv1_3), ClientHello("api.example", (b"h2",))),
        (a_hello(has_extensions=False), ClientHello()),
        (a_hello(), ClientHello()),
        (a_hello((43, b"x"), server_name(b"a.b.")), ClientHello("a.b")),
        (a_hello(server_name(b"x", kind=7)), ClientHello()),
        (a_hello((0, b"\0\0")), ClientHello()),
    ],
    ids=[
        "no protocols",
        "no name",
        "only 1.3",
        "no extensions",
        "none of them",
        "last dot",
        "other kind of name",
        "no names",
    ],
)
def test_hello_that_says_less(raw: bytes, said: ClientHello) -> None:
    assert read(raw) == said


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\4\1\0\5",
        a_record(b""),
        b"\x16\3\1\x40\1",
        a_record(b"x", kind=0x17),
        a_hello(kind=2),
        a_record(b"\2"),
        HELLO[:20] + b"\xff" * 600,
        a_hello((0, b"\0\5\0\0\1a")),
        a_hello((16, b"\0\3\5h2")),
        a_record(b"\1" + vector(3, b"\3\3")),
        a_record(HELLO[5:60]) + a_record(b"\2\x28", kind=0x15),
    ],
    ids=[
        "HTTP", "no TLS version", "empty record", "too long a record", "application data", "server's hello", "other message",
        "lengths that lie", "name cut", "protocols cut", "body cut", "alert in its midst",
    ],
)  # fmt: skip
def test_what_is_no_hello__broken(raw: bytes) -> None:
    assert read(raw) == BROKEN


def test_hello_that_never_ends__broken_at_the_bound() -> None:
    reader, message = HelloReader(), b"\1\xff\xff\xff" + bytes(1000)
    said = [reader.feed(a_record(message if at == 0 else bytes(1000))) for at in range(MOST_BYTES // 1000 + 1)]
    assert said[-1] == BROKEN
    assert set(said[:-1]) == {None}


@given(st.integers(0, len(HELLO) - 1), st.integers(0, 255), st.integers(0, len(HELLO)))
def test_any_byte_changed__read_or_broken_or_awaited(at: int, byte: int, cut: int) -> None:
    changed = HELLO[:at] + bytes([byte]) + HELLO[at + 1 :]
    assert read(changed, cut) == read(changed)


@given(st.binary(max_size=200), st.booleans(), st.integers(0, 200))
def test_whatever_comes__no_error_and_the_same_at_every_split(data: bytes, is_record: bool, cut: int) -> None:
    raw = a_record(data) if is_record and data else data
    assert read(raw, min(cut, len(raw))) == read(raw)


PYTHON = "import http.client as h; h.HTTPSConnection('localhost', {port}, timeout=5).request('GET', '/')"
NODE = "fetch('https://localhost:{port}/').catch(() => 0)"
CURL = "curl -s --max-time 5 https://localhost:{port}/"


def first_bytes(*command: str) -> Iterator[bytes]:
    """What a program sends first to a port that says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.settimeout(10)
        port = listening.getsockname()[1]
        program = subprocess.Popen([part.replace("{port}", str(port)) for part in command], stderr=subprocess.DEVNULL)
        try:
            caller, _ = listening.accept()
            with caller:
                caller.settimeout(10)
                while data := caller.recv(7):
                    yield data
        finally:
            program.kill()
            program.wait()


@pytest.mark.parametrize(
    ("command", "protocols"),
    [
        ((sys.executable, "-c", PYTHON), (b"http/1.1",)),
        pytest.param(tuple(CURL.split()), (b"h2", b"http/1.1"), marks=pytest.mark.part("curl")),
        pytest.param(("node", "-e", NODE), (b"http/1.1",), marks=pytest.mark.part("node")),
    ],
    ids=["python", "curl", "node"],
)
def test_hello_of_a_real_client(command: tuple[str, ...], protocols: tuple[bytes, ...]) -> None:
    reader = HelloReader()
    said = next(said for data in first_bytes(*command) if (said := reader.feed(data)) is not None)
    assert said == ClientHello("localhost", protocols)
