"""A file that may not grow: the oldest settled rows go, open ones never, and what is left can be read."""

from pathlib import Path

from msgspec.structs import astuple

from sidecar.clock import SECOND
from sidecar.config.quantities import MIB
from sidecar.ledger.file import LedgerFile
from sidecar.ledger.room import LOOK_ROWS, MOST_CHUNKS, Room, used_bytes
from sidecar.ledger.rows import Snapshot
from tests.ledger.given import START, HandClock, open_call, settled_call

CLOCK = HandClock(START + 10**9 * SECOND)


def settled(first: int, count: int) -> list[Snapshot]:
    return [
        astuple(settled_call(f"c{number:06}", started_at=START + number * SECOND, settled_at=START + number * SECOND))
        for number in range(first, first + count)
    ]


def filled(path: Path, batches: int, most_bytes: int | None) -> LedgerFile:
    file = LedgerFile.open(path / "ledger.db", "me", CLOCK, most_bytes=most_bytes)
    for batch in range(batches):
        file.upsert(settled(batch * LOOK_ROWS, LOOK_ROWS))
    return file


def ids(file: LedgerFile) -> list[str]:
    with file.reading() as connection:
        return [id for (id,) in connection.execute("SELECT id FROM calls ORDER BY id")]


def test_without_a_bound_it_grows(tmp_path: Path) -> None:
    file = filled(tmp_path, 12, None)
    assert len(ids(file)) == 12 * LOOK_ROWS
    file.close()


def test_at_the_bound_the_oldest_make_room(tmp_path: Path) -> None:
    file = filled(tmp_path, 12, MIB)
    kept = ids(file)
    assert 0 < len(kept) < 12 * LOOK_ROWS
    assert kept[-1] == f"c{12 * LOOK_ROWS - 1:06}"
    assert kept == [f"c{number:06}" for number in range(12 * LOOK_ROWS - len(kept), 12 * LOOK_ROWS)]
    with file.reading() as connection:
        assert used_bytes(connection) <= MIB
    file.close()


def test_an_open_call_stays_however_old_it_is(tmp_path: Path) -> None:
    file = LedgerFile.open(tmp_path / "ledger.db", "me", CLOCK, most_bytes=MIB)
    file.upsert([astuple(open_call("a-first"))])
    for batch in range(12):
        file.upsert(settled(batch * LOOK_ROWS, LOOK_ROWS))
    assert "a-first" in ids(file)
    file.close()


def test_a_bound_that_was_lowered_is_reached_step_by_step(tmp_path: Path) -> None:
    file = filled(tmp_path, MOST_CHUNKS + 10, None)
    file.close()
    lowered = LedgerFile.open(tmp_path / "ledger.db", "me", CLOCK, most_bytes=MIB)
    rows = len(ids(lowered))
    lowered.upsert(settled(10**5, LOOK_ROWS))
    assert len(ids(lowered)) == rows + LOOK_ROWS - MOST_CHUNKS * LOOK_ROWS
    lowered.close()


def test_it_is_not_looked_at_for_every_row() -> None:
    room = Room(MIB)
    assert [room.is_to_be_looked_at(LOOK_ROWS // 2) for _ in range(2)] == [False, True]
    assert not Room(None).is_to_be_looked_at(10**9)
