"""Cases of RFC 6455 that an intermediary passes unchanged, sound or not, under the numbers of the Autobahn test suite.

Autobahn's suite itself is written in Python 2, and no package of it is for anything newer (25.10.1 of 2025 declares Python 2.7),
so that it can't be a part of this one. Its sections 1 to 7 and 9 say what an endpoint must make of frames. Of an intermediary
each of them asks the same: that the frames get there, in their order, byte for byte, whether or not they may be sent.

Run by hand under Python 2.7 (25.10.1, 2026-11-22), against websockets as server and as client, the 301 cases of its sections 1
to 7, 9 and 10 ended alike with a sidecar between and without, on both kinds of routes, but for five of sections 3 and 4: strict
or not hangs there on whether the echo of a sound message is seen before the failure behind it, probably a matter of time.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

from tests.websocket.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, SIXTEEN, SIXTY_FOUR, TEXT, Frame, wire_of

KIB, MIB = 1024, 1024 * 1024

SIZES = (0, 125, 126, 127, 128, 65535, 65536)
RESERVED_DATA, RESERVED_CONTROL = range(3, 8), range(11, 16)
VALID_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
INVALID_CODES = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535)


class Case(NamedTuple):
    """Some frames, and in what pieces they are written."""

    number: str
    frames: tuple[Frame, ...]
    chop: int = 0
    """Bytes of each write; 0 writes all at once."""

    def wire(self, *, is_masked: bool) -> bytes:
        """The frames as a caller (masked, each with a key of its own) or a provider sends them."""
        keys = random.Random(self.number)
        return wire_of(frame._replace(mask=keys.randbytes(4)) if is_masked else frame for frame in self.frames)

    def pieces(self, wire: bytes) -> list[bytes]:
        """The same bytes, a piece a write."""
        step = self.chop or len(wire)
        return [wire[at : at + step] for at in range(0, len(wire), step)]


def text_of(size: int) -> bytes:
    """So many bytes of UTF-8, some of them in characters of two to four."""
    return ("a\u00b5\u0a98\U0001f30a" * (size // 10 + 1)).encode()[:size].decode("utf-8", "ignore").encode().ljust(size)


def bytes_of(size: int) -> bytes:
    """So many bytes, the same each time, in no pattern."""
    return random.Random(size).randbytes(min(size, MIB)) * max(1, size // MIB)


def fragments(opcode: int, *pieces: bytes) -> tuple[Frame, ...]:
    """One message, a piece a frame."""
    last = len(pieces) - 1
    return tuple(Frame(CONTINUATION if at else opcode, piece, at == last) for at, piece in enumerate(pieces))


def cut(opcode: int, payload: bytes, size: int) -> tuple[Frame, ...]:
    """One message in frames of this size."""
    return fragments(opcode, *(payload[at : at + size] for at in range(0, len(payload), size)))


def framing() -> Iterator[Case]:
    """Section 1: both kinds of messages, of lengths at the ends of the three forms."""
    for section, opcode, payload in ((1, TEXT, text_of), (2, BINARY, bytes_of)):
        for at, size in enumerate(SIZES, 1):
            yield Case(f"1.{section}.{at}", (Frame(opcode, payload(size)),))
        yield Case(f"1.{section}.8", (Frame(opcode, payload(65536)),), chop=997)
    for form in (SIXTEEN, SIXTY_FOUR):  # Autobahn never writes lengths in a longer form than they need
        yield Case(f"1.3.{form}", (Frame(TEXT, b"short", form=form),))


def pings_and_pongs() -> Iterator[Case]:
    """Section 2."""
    payloads = (b"", b"Hello, world!", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125, b"\xfe" * 126)
    for at, payload in enumerate(payloads, 1):
        yield Case(f"2.{at}", (Frame(PING, payload),))
    yield Case("2.6", (Frame(PING, b"\xfe" * 125),), chop=1)
    yield Case("2.7", (Frame(PONG),))
    yield Case("2.8", (Frame(PONG, b"unsolicited pong payload"),))
    yield Case("2.9", (Frame(PONG, b"unsolicited pong payload"), Frame(PING, b"ping payload")))
    for number, chop in (("2.10", 0), ("2.11", 1)):
        yield Case(number, tuple(Frame(PING, b"payload-%d" % at) for at in range(10)), chop)


def reserved_bits() -> Iterator[Case]:
    """Section 3: with no extension agreed on, and with a sound message before and behind."""
    hello = Frame(TEXT, b"Hello, world!")
    for bits in range(1, 8):
        yield Case(f"3.{bits}", (hello, hello._replace(reserved=bits), Frame(PING)), chop=bits % 3)
        yield Case(f"3.{bits} ping", (hello, Frame(PING, b"Hello", reserved=bits), hello))


def reserved_opcodes() -> Iterator[Case]:
    """Section 4."""
    hello = Frame(TEXT, b"Hello, world!")
    for section, opcodes in ((1, RESERVED_DATA), (2, RESERVED_CONTROL)):
        for at, opcode in enumerate(opcodes, 1):
            odd = Frame(opcode, b"reserved opcode payload" if at > 1 else b"")
            yield Case(f"4.{section}.{at}", (hello, odd, Frame(PING), hello), chop=at % 3)


def fragmentation() -> Iterator[Case]:
    """Section 5: messages in frames, with other frames between, where they may stand and where they may not."""
    two = fragments(TEXT, b"fragment1", b"fragment2")
    yield Case("5.1", (Frame(PING, b"fragment1", is_final=False), Frame(CONTINUATION, b"fragment2")))
    yield Case("5.2", (Frame(PONG, b"fragment1", is_final=False), Frame(CONTINUATION, b"fragment2")))
    for at, chop in enumerate((0, 9, 1), 3):
        yield Case(f"5.{at}", two, chop)
        yield Case(f"5.{at + 3}", (two[0], Frame(PING, b"ping payload"), two[1]), chop)
        yield Case(f"5.{at + 6}", (Frame(CONTINUATION, b"non-continuation payload"), Frame(TEXT, b"Hello")), chop)
        yield Case(f"5.{at + 9}", (Frame(CONTINUATION, b"never ends", is_final=False), Frame(TEXT, b"Hello")), chop)
    yield Case("5.15", (*two, Frame(CONTINUATION, b"fragment3", is_final=False), Frame(TEXT, b"fragment4")))
    yield Case("5.16", tuple(Frame(CONTINUATION, b"f", at % 2 == 1) for at in range(4)))
    yield Case("5.18", (two[0], Frame(TEXT, b"fragment2")))
    five = fragments(TEXT, *(b"fragment%d" % at for at in range(1, 6)))
    for number, chop in (("5.19", 0), ("5.20", 1)):
        yield Case(number, (*five[:2], Frame(PING, b"ping 1"), *five[2:4], Frame(PING, b"ping 2"), five[4]), chop)
    yield Case("5.21", fragments(BINARY, b"", b"", b""))


def utf8() -> Iterator[Case]:
    """Section 6: text that is UTF-8 whole, cut amid a character, or not at all."""
    greek = "κόσμε-edited".encode()
    wrong = (
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited",
        b"\xf4\x90\x80\x80",
        b"\xc0\xaf",
        b"\xff",
    )
    yield Case("6.1", fragments(TEXT, b"", b"", b""))
    yield Case("6.2.1", (Frame(TEXT, greek),))
    yield Case("6.2.3", cut(TEXT, greek, 1))
    yield Case("6.2.4", cut(TEXT, greek, 1), chop=1)
    for at, text in enumerate(wrong, 1):
        yield Case(f"6.3.{at}", (Frame(TEXT, text), Frame(TEXT, b"more")))
        yield Case(f"6.4.{at}", (*cut(TEXT, greek + text, 3), Frame(PING)), chop=2)


def closing() -> Iterator[Case]:
    """Section 7: closes of all kinds, and what is sent behind them."""
    hello, close = Frame(TEXT, b"Hello World!"), Frame(CLOSE, b"\x03\xe8")
    yield Case("7.1.1", (hello, close))
    yield Case("7.1.2", (close, close))
    yield Case("7.1.3", (close, Frame(PING)))
    yield Case("7.1.4", (close, hello))
    yield Case("7.1.5", (hello._replace(is_final=False), close, Frame(CONTINUATION, b"fragment2")), chop=5)
    yield Case("7.1.6", (Frame(TEXT, text_of(256 * KIB)), hello, close, Frame(PING)))
    payloads = (b"", b"\x03", b"\x03\xe8", b"\x03\xe8Hello World!", b"\x03\xe8" + b"*" * 123, b"\x03\xe8" + b"*" * 124)
    for at, payload in enumerate(payloads, 1):
        yield Case(f"7.3.{at}", (Frame(CLOSE, payload),), chop=at % 3)
    yield Case("7.5.1", (Frame(CLOSE, b"\x03\xe8\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited"),))
    for section, codes in ((7, VALID_CODES), (9, INVALID_CODES)):
        for at, code in enumerate(codes, 1):
            yield Case(f"7.{section}.{at}", (Frame(CLOSE, code.to_bytes(2, "big") + b"Reason"),))


def limits() -> Iterator[Case]:
    """Section 9: large messages, in few frames and in many, in few writes and in many; and many messages."""
    for at, size in enumerate((64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB), 1):
        yield Case(f"9.1.{at}", (Frame(TEXT, b'{"text":"' + text_of(size) + b'"}'),))
    yield Case("9.2.6", (Frame(BINARY, bytes_of(16 * MIB)),))
    for at, size in enumerate((64, 4 * KIB, 256 * KIB), 1):
        yield Case(f"9.4.{at}", cut(BINARY, bytes_of(MIB), size))
    for at, chop in enumerate((512, 2048), 1):
        yield Case(f"9.6.{at}", (Frame(BINARY, bytes_of(MIB)),), chop)
    for at, size in enumerate((0, 16, 1024), 1):
        yield Case(f"9.7.{at}", (Frame(TEXT, text_of(size)),) * 1000)


CASES = tuple(
    case
    for section in (
        framing, pings_and_pongs, reserved_bits, reserved_opcodes, fragmentation, utf8, closing, limits,
    )
    for case in section()
)  # fmt: skip
