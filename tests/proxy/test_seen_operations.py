"""Rows are remembered while operations are open, some of the settled, and never more than so many."""

import pytest
from msgspec.structs import replace

from sidecar.proxy import seen_operations
from sidecar.proxy.seen_operations import SeenOperations, name_of
from tests.lifecycle.rows import NOW, row

NAMES = [("openai", f"resp_{number}") for number in range(3)]
ROWS = [row(id=f"o{number}") for number in range(3)]


def kept(*, is_settled: bool = False) -> list[bool]:
    """Which of three are known when all were kept, one after the other."""
    seen = SeenOperations()
    for name, record in zip(NAMES, ROWS, strict=True):
        seen.keep(name, replace(record, settled_at=NOW if is_settled else None))
    assert len(seen._names) == len(seen._open)
    return [seen.get(name) is not None for name in NAMES]


@pytest.mark.parametrize(("most", "is_settled"), [("MOST_OPEN", False), ("MOST_SETTLED", True)])
def test_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch, most: str, is_settled: bool) -> None:
    monkeypatch.setattr(seen_operations, most, 2)
    assert kept(is_settled=is_settled) == [False, True, True]


def test_it_settles__it_counts_among_the_open_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_operations, "MOST_OPEN", 1)
    seen = SeenOperations()
    seen.keep(NAMES[0], ROWS[0])
    seen.keep(NAMES[0], replace(ROWS[0], settled_at=NOW))
    seen.keep(NAMES[1], ROWS[1])
    assert [getattr(seen.get(name), "settled_at", "unknown") for name in NAMES] == [NOW, None, "unknown"]


def test_let_go__its_name_once() -> None:
    seen = SeenOperations()
    seen.keep(NAMES[0], ROWS[0])
    assert [seen.let_go("o0"), seen.let_go("o0"), seen.get(NAMES[0])] == [NAMES[0], None, None]


def test_operation_is_named_by_the_end_of_its_id() -> None:
    assert name_of("vertex", "projects/p/locations/l/batchPredictionJobs/12") == ("vertex", "12")
