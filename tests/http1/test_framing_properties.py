"""Chunked bodies cut anywhere, and garbage: the payload is the payload, and nothing but ProtocolError comes out."""

from hypothesis import given, settings, strategies as st

from sidecar.errors import ProtocolError
from sidecar.http1.framing import ChunkedBody, LengthBody, chunk, last_chunk

payloads = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
trailers = st.lists(st.sampled_from([b"X-Sum: 1", b"a:", b"ETag: \xe4\t "]), max_size=3)
pieces_of_size = st.lists(st.integers(1, 12), max_size=60)
garbage = st.lists(
    st.sampled_from([b"0", b"5", b"a", b"\r\n", b"\r", b"\n", b";", b" ", b"hello", b"X: a", b"\x00"])
    | st.binary(max_size=3),
    max_size=25,
).map(b"".join)


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    """The same bytes in pieces of these sizes, and the rest."""
    pieces, position = [], 0
    for size in sizes:
        pieces.append(raw[position : position + size])
        position += size
    return [*pieces, raw[position:]]


def read(pieces: list[bytes]) -> tuple[bytes, int, bool, list[bytes]]:
    """What a body makes of pieces: payload, bytes taken, whether it is complete, trailers."""
    body, payload, taken = ChunkedBody(), b"", 0
    for piece in pieces:
        found, size = body.feed(piece)
        payload += found
        taken += size
    return payload, taken, body.is_complete, body.trailers


@settings(max_examples=200)
@given(payloads, trailers, st.binary(max_size=20), pieces_of_size)
def test_a_body_cut_anywhere_is_the_same_body(
    parts: list[bytes], trailer: list[bytes], behind: bytes, sizes: list[int]
) -> None:
    raw = b"".join(map(chunk, parts)) + last_chunk(trailer)
    assert read(cut(raw + behind, sizes)) == (b"".join(parts), len(raw), True, trailer)


@settings(max_examples=200)
@given(payloads, st.data())
def test_a_body_cut_off_is_never_complete(parts: list[bytes], data: st.DataObject) -> None:
    raw = b"".join(map(chunk, parts)) + last_chunk([])
    end = data.draw(st.integers(0, len(raw) - 1))
    payload, taken, is_complete, _ = read([raw[:end]])
    assert (is_complete, taken) == (False, end)
    assert b"".join(parts).startswith(payload)


@settings(max_examples=200)
@given(garbage, pieces_of_size)
def test_garbage__a_body_or_a_protocol_error_however_it_is_cut(raw: bytes, sizes: list[int]) -> None:
    def verdict(pieces: list[bytes]) -> object:
        try:
            return read(pieces)
        except ProtocolError:
            return ProtocolError

    assert verdict([raw]) == verdict(cut(raw, sizes))


@settings(max_examples=100)
@given(st.binary(max_size=60), st.integers(0, 80), pieces_of_size)
def test_a_length_takes_exactly_its_bytes(raw: bytes, length: int, sizes: list[int]) -> None:
    body = LengthBody(length)
    taken = sum(body.feed(piece) for piece in cut(raw, sizes))
    assert taken == min(length, len(raw))
    assert body.is_complete == (length <= len(raw))
