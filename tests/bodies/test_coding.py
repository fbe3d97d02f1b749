import gzip
import zlib

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies import coding
from sidecar.bodies.coding import CORRUPT, INFLATED, MOST_AT_ONCE, UNKNOWN, Decoder, decoder_of
from tests.bodies.cutting import bytewise, cut

TEXT = b'{"usageMetadata": {"promptTokenCount": 12}} ' * 50


def deflated(body: bytes, wbits: int) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(body) + packer.flush()


CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "deflate": deflated(TEXT, 15),
    "GZIP": gzip.compress(TEXT),
}


def decoder(name: str) -> Decoder:
    found = decoder_of(name)
    assert found is not None
    return found


def through(name: str, pieces: list[bytes]) -> bytes:
    one = decoder(name)
    return b"".join(one.decode(piece) for piece in pieces)


@pytest.mark.parametrize("name", ["", "identity", " Identity ", "identity, identity", ","])
def test_plain_bytes_need_no_decoder(name):
    assert decoder_of(name) is None


@pytest.mark.parametrize("name", CODED)
def test_each_coding_is_undone_whole_and_byte_by_byte(name):
    assert through(name, [CODED[name]]) == TEXT
    assert through(name, bytewise(CODED[name])) == TEXT


def test_identity_beside_a_coding_says_nothing():
    assert through("identity, gzip", [CODED["gzip"]]) == TEXT


def test_deflate_without_its_wrapping_is_known_by_its_first_two_bytes():
    raw = deflated(TEXT, -15)
    assert through("deflate", [raw]) == TEXT
    assert through("deflate", bytewise(raw)) == TEXT


def test_what_follows_a_deflated_body_is_ignored():
    assert through("deflate", [CODED["deflate"], b"more"]) == TEXT


@given(
    st.lists(st.integers(0, 400), max_size=8), st.lists(st.sampled_from([b"", b"one", TEXT]), min_size=1, max_size=4)
)
def test_gzip_members_follow_one_another_wherever_they_are_cut(places, bodies):
    body = b"".join(gzip.compress(one) for one in bodies)
    assert through("gzip", cut(body, places)) == b"".join(bodies)


def test_every_flush_of_a_stream_is_seen_at_once():
    packer = zlib.compressobj(wbits=31)
    one = decoder("gzip")
    for event in (b"data: 1\n\n", b"data: 2\n\n"):
        assert one.decode(packer.compress(event) + packer.flush(zlib.Z_SYNC_FLUSH)) == event


@pytest.mark.parametrize("tail", [b"\0" * 7, b"garbage", b"\0\0garbage", b"\x1f\x8b garbage"])
def test_padding_and_garbage_behind_the_last_member_are_ignored(tail):
    one = decoder("gzip")
    assert one.decode(CODED["gzip"] + tail) + one.decode(b"more of it") == TEXT
    assert not one.gave_up


def test_padding_between_members_may_be_cut():
    assert through("gzip", [CODED["gzip"], b"\0\0", b"\0" + CODED["gzip"]]) == TEXT * 2


def test_a_broken_second_member_gives_up():
    second = bytearray(gzip.compress(bytes(range(256)) * 40))
    second[60:90] = b"\xff" * 30
    one = decoder("gzip")
    one.decode(CODED["gzip"])
    for piece in bytewise(bytes(second)):
        one.decode(piece)
    assert one.gave_up == CORRUPT


def test_thousands_of_members_are_not_read():
    one = decoder("gzip")
    assert len(one.decode(gzip.compress(b"x") * 5_000)) == coding.MOST_MEMBERS


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_bytes_that_are_not_coded_so_give_up_and_nothing_more(name):
    one = decoder(name)
    assert one.decode(b'{"not": "coded"}' * 9) == b""
    assert one.gave_up == CORRUPT
    assert one.decode(CODED[name]) == b""


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_a_truncated_body_gives_what_came(name):
    got = through(name, [CODED[name][:-6]])
    assert TEXT.startswith(got)
    assert got


@pytest.mark.parametrize("name", ["compress", "gzip, gzip", "gzip, br", "aes128gcm", "\x00"])
def test_codings_that_we_do_not_undo_say_so(name):
    one = decoder(name)
    assert one.decode(b"anything") == b""
    assert one.gave_up == UNKNOWN


def test_a_coding_whose_package_is_missing_is_unknown(monkeypatch):
    monkeypatch.setattr(coding, "optional", lambda name: None)
    assert decoder("br").gave_up == UNKNOWN
    assert decoder("zstd").gave_up == UNKNOWN


def test_a_package_that_does_not_exist_is_none():
    assert coding.optional("sidecar.no_such_module") is None


@pytest.mark.parametrize("name", ["gzip", "deflate"])
def test_a_bomb_costs_no_more_than_the_bound(name):
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 9) if name == "gzip" else deflated(bytes(64 * 1024 * 1024), 15)
    one = decoder(name)
    assert len(one.decode(bomb)) == MOST_AT_ONCE
    assert one.gave_up == INFLATED
    assert one.decode(bomb) == b""


def test_a_bomb_that_comes_drop_by_drop_is_given_up_too():
    bomb = gzip.compress(bytes(64 * 1024 * 1024), 9)
    one = decoder("gzip")
    got = sum(len(one.decode(piece)) for piece in cut(bomb, range(0, len(bomb), 1024)))
    assert one.gave_up == INFLATED
    assert got <= MOST_AT_ONCE + coding.MOST_TIMES * len(bomb)


def test_a_bomb_that_comes_byte_by_byte_is_given_up_too(monkeypatch):
    monkeypatch.setattr(coding, "MOST_AT_ONCE", 4_096)
    one = decoder("gzip")
    got = sum(len(one.decode(piece)) for piece in bytewise(gzip.compress(bytes(4 * 1024 * 1024), 9)))
    assert one.gave_up == INFLATED
    assert got < 1024 * 1024


@settings(max_examples=60)
@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.lists(st.binary(max_size=60), max_size=6))
def test_no_bytes_raise(name, pieces):
    through(name, pieces)


@settings(max_examples=60)
@given(st.sampled_from(sorted(CODED)), st.integers(0, 200), st.integers(0, 255))
def test_one_wrong_byte_does_not_raise(name, place, byte):
    body = bytearray(CODED[name])
    body[place % len(body)] = byte
    through(name, [bytes(body)])


def packages() -> dict[str, bytes]:
    coded = {}
    if (brotli := coding.optional("brotli")) is not None:
        coded["br"] = brotli.compress
    if (zstd := coding.optional("compression.zstd") or coding.optional("backports.zstd")) is not None:
        coded["zstd"] = zstd.compress
    return coded


@pytest.mark.skipif(not packages(), reason="neither brotli nor zstd is installed")
@pytest.mark.parametrize("name", packages())
def test_optional_codings_are_undone_and_bounded(name):
    compress = packages()[name]
    body = compress(TEXT)  # type: ignore[operator]
    assert through(name, [body]) == TEXT
    assert through(name, bytewise(body)) == TEXT
    one = decoder(name)
    assert len(one.decode(compress(bytes(64 * 1024 * 1024)))) <= MOST_AT_ONCE  # type: ignore[operator]
    assert one.gave_up == INFLATED
    broken = decoder(name)
    broken.decode(b"\xff" * 100)
    assert broken.gave_up == CORRUPT
