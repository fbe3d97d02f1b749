"""What the log's index remembers: how much of the log was committed, so that a log that has lost its end is noticed.

SQLite takes a log for what it finds of it: behind the first frame whose checksum is wrong there is nothing, be it that a commit
was cut short or that the disk has lost what was durable. But the index is written after each commit, stays when a process is
killed, and says how far the log went (https://www.sqlite.org/walformat.html, sections 2.1 and 4).
"""

import struct
from pathlib import Path
from typing import Final, NamedTuple

INDEX_HEAD: Final = struct.Struct("=IIIBBHIIII8s")
"""Native, as the index is of one machine: version, unused, changes, is set up, order of checksums, size of a page, frames, pages
of the file, checksum of the last frame in two halves, salts. A checksum of all this follows."""
INDEX_VERSION: Final = 3007000
BACKFILLED: Final = struct.Struct("=I")
BACKFILLED_AT: Final = 96
"""How many frames have been brought into the file: behind the head, which is there twice."""
LOG_HEAD_BYTES: Final = 32
LITTLE, BIG = 0x377F0682, 0x377F0683
"""The first word of a log says in which order its checksums read bytes."""


class Promise(NamedTuple):
    """What a log should hold."""

    frames: int
    """So many pages were committed to it."""
    backfilled: int = 0
    """And so many of these are in the file already."""

    def missing(self, found: int) -> int:
        """Pages that are nowhere, where so many were found."""
        return max(0, self.frames - max(found, self.backfilled))


NOTHING: Final = Promise(0)


def promise_of(path: Path) -> Promise:
    """What the index of a file's log says of it; nothing where there is none, or where it is of another log.

    To be asked while this process has no connection to the file: closing the index would drop their locks (fcntl(2)).
    """
    index, log = (
        _beginning(Path(f"{path}-shm"), BACKFILLED_AT + BACKFILLED.size),
        _beginning(Path(f"{path}-wal"), LOG_HEAD_BYTES),
    )
    if len(index) < BACKFILLED_AT + BACKFILLED.size:
        return NOTHING
    version, _, _, is_set_up, _, _, frames, _, _, _, salts = INDEX_HEAD.unpack_from(index)
    if version != INDEX_VERSION or not is_set_up:
        return NOTHING
    if (
        is_head_of_a_log(log) and log[16:24] != salts
    ):  # that log was begun anew, and the index is older (a machine lost power)
        return NOTHING
    (backfilled,) = BACKFILLED.unpack_from(index, BACKFILLED_AT)
    return Promise(frames, backfilled)


def is_head_of_a_log(head: bytes) -> bool:
    """Whether these bytes are the beginning of a log, unharmed."""
    if len(head) < LOG_HEAD_BYTES:
        return False
    (magic,) = struct.unpack_from(">I", head)
    if magic not in (LITTLE, BIG):
        return False
    words = struct.unpack_from(f"{'<' if magic == LITTLE else '>'}6I", head)
    first = second = 0
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return struct.unpack_from(">II", head, 24) == (first, second)


def _beginning(path: Path, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(length)
    except OSError:
        return b""
