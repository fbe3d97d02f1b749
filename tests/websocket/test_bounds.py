"""What reading in passing holds and costs, counted and not timed: bytes and function calls are the same on every machine.

Timed on one core of a shared machine: 1.5 to 2 microseconds for a message that a provider sends, 2 to 5 for a small one that is
masked, and 700 MB a second of masked payload; audio is 50 to 100 messages a second.
"""

import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import sidecar.websocket
from sidecar.bodies.skeleton import Skeleton
from sidecar.websocket.messages import Messages
from tests.websocket.wire import BINARY, CLOSE, CONTINUATION, MASK, PING, TEXT, Frame

HERE = str(Path(sidecar.websocket.__file__).parent)
SOURCES = str(Path(HERE).parent)
KIB, MIB = 1024, 1024 * 1024
READ = 64 * KIB
MOST_KEPT = 256 * KIB
MOST_HELD = 8 * KIB
"""Bytes between feeds, besides what is kept."""
MOST_AT_WORK = 4 * MOST_KEPT
"""Bytes at any moment: what is kept, being joined, and a piece being unmasked."""

MOST_FUNCTIONS_A_MESSAGE = 15


def a_message_of_many_mib(payload: Callable[[int], bytes], mask: bytes, *, opcode: int = BINARY) -> Iterator[bytes]:
    """8 MiB in one frame."""
    yield Frame(opcode, mask=mask).head(8 * MIB)
    yield from (payload(READ) for _ in range(8 * MIB // READ))


def many_frames(frame: Frame, count: int) -> Iterator[bytes]:
    """As they might be read: many in a piece, and the last of it in two."""
    wire = frame.wire() * 500
    yield wire[:1]
    for _ in range(count // 500 - 1):
        yield wire[1:] + wire[:1]


def fragments(fragment: Frame) -> Iterator[bytes]:
    """Many of one message that never ends."""
    yield fragment._replace(opcode=TEXT).wire()
    yield from many_frames(fragment, 30_000)


@pytest.fixture(params=[b"", MASK], ids=["from a provider", "from a caller"])
def mask(request: pytest.FixtureRequest) -> bytes:
    found: bytes = request.param
    return found


def held_and_peak(reader: Messages, pieces: Iterable[bytes]) -> tuple[int, int]:
    """Bytes of our own objects that are held after all were fed; and of all Python's, other threads' too, that were at most."""
    tracemalloc.start()
    try:
        largest = max(len(piece) for piece in pieces if reader.feed(piece) is not None)
        _, peak = tracemalloc.get_traced_memory()
        ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, f"{SOURCES}/*")])
        return sum(trace.size for trace in ours.traces), peak - 4 * largest
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shortening", [None, Skeleton])
@pytest.mark.parametrize("payload", [bytes, lambda size: b'{"a":"b"},' * (size // 10) + b" " * (size % 10)])
def test_a_message_of_any_length_is_held_as_far_as_is_kept(mask, payload, shortening):
    reader = Messages(bool(mask), MOST_KEPT, shortening)
    held, peak = held_and_peak(reader, a_message_of_many_mib(payload, mask, opcode=TEXT))
    assert reader.messages == 1
    assert held < MOST_HELD + MOST_KEPT
    assert peak < MOST_AT_WORK


@pytest.mark.parametrize(
    "frames",
    [
        lambda mask: fragments(Frame(CONTINUATION, is_final=False, mask=mask)),
        lambda mask: fragments(Frame(CONTINUATION, b"x" * 10, is_final=False, mask=mask)),
        lambda mask: many_frames(Frame(PING, b"x" * 125, mask=mask), 10_000),
        lambda mask: many_frames(Frame(TEXT, b"x" * 125, mask=mask), 10_000),
        lambda mask: iter([Frame(3, mask=mask).wire(), *[b"x" * READ] * 100]),
        lambda mask: iter([Frame(CLOSE, mask=mask).wire(), *[b"x" * READ] * 100]),
    ],
    ids=["empty fragments", "small fragments", "pings", "messages", "after giving up", "after the close"],
)
def test_many_frames_are_held_as_far_as_is_kept(mask, frames):
    held, peak = held_and_peak(Messages(bool(mask), 16 * KIB), frames(mask))
    assert held < MOST_HELD + 16 * KIB
    assert peak < MOST_AT_WORK


def functions_entered(work: Callable[[], object]) -> int:
    count = 0

    def note(frame: FrameType, what: str, _argument: Any) -> None:
        nonlocal count
        count += what == "call" and frame.f_code.co_filename.startswith(HERE)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("size", [20, 1000, 100 * KIB])
def test_a_message_costs_the_same_few_steps_whatever_its_size(mask, size):
    reader, wire = Messages(bool(mask), MOST_KEPT), Frame(TEXT, b"x" * size, mask=mask).wire() * 100
    assert functions_entered(lambda: reader.feed(wire)) <= 100 * MOST_FUNCTIONS_A_MESSAGE + 1


def test_behind_the_close_and_after_giving_up_a_piece_costs_one_step():
    for last in (Frame(CLOSE), Frame(3)):
        reader = Messages(False, MOST_KEPT)
        reader.feed(last.wire())
        assert functions_entered(lambda: [reader.feed(b"x" * READ) for _ in range(10)]) == 10  # noqa: B023
