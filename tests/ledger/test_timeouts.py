"""Who left because of a limit of its own is told by the moment at which it left."""

from typing import Any

import pytest

from sidecar.clock import SECOND, Moment
from sidecar.ledger.contract import TimeoutLine
from sidecar.ledger.timeouts import Departure, is_mismatch, left_at_limit
from tests.ledger.given import START

LIMIT = 30.0


def departure(**fields: Any) -> Departure:
    """A call that was committed a fifth of a second after it began, and whose caller left when its limit ran out."""
    usual: dict[str, Any] = {
        "upstream": "openai", "model": "gpt", "kind": "unary", "caller_timeout_seconds": LIMIT, "started_at": START,
        "committed_at": START + SECOND // 5, "answered_at": None, "left_at": START + round(LIMIT * SECOND),
        "left_reason": "fin", "handed_over": "nothing", "orphaned_usd": "0.1", "basis": "exact",
    }  # fmt: skip
    return Departure(**(usual | fields))


def after(seconds: float) -> Moment:
    return START + round(seconds * SECOND)


@pytest.mark.parametrize(
    ("limit", "left_after", "by_limit"),
    [
        (30.0, 30.0, True),
        (30.0, 29.0, True),  # Google's SDKs round up
        (30.0, 28.9, False),
        (30.0, 32.2, True),  # those for JavaScript cut the fraction off
        (30.0, 32.3, False),
        (30.0, 2.0, False),
        (30.0, 60.0, False),
        (1.0, 0.9, True),
        (1.0, 0.3, False),
        (1.0, 2.1, True),
        (1.0, 3.3, False),
        (600.0, 599.0, True),
        (600.0, 590.0, False),
    ],
)
def test_it_left_when_its_limit_ran_out(limit: float, left_after: float, by_limit: bool):
    assert left_at_limit(departure(caller_timeout_seconds=limit, left_at=after(left_after))) is by_limit


@pytest.mark.parametrize(
    ("left_after", "by_limit"), [(30.0, True), (45.0, True), (50.0, True), (52.1, False), (28.0, False)]
)
def test_the_wait_may_have_begun_at_any_moment_of_sending(left_after: float, by_limit: bool):
    """An upload of 20 s: when the caller wrote its last byte is not known."""
    assert left_at_limit(departure(committed_at=after(20), left_at=after(left_after))) is by_limit


@pytest.mark.parametrize(
    ("left_after", "by_limit"), [(42.0, True), (43.9, True), (44.1, False), (37.0, False), (50.0, False)]
)
def test_the_wait_may_have_begun_with_the_head(left_after: float, by_limit: bool):
    assert left_at_limit(departure(kind="stream", answered_at=after(12), left_at=after(left_after))) is by_limit


def test_a_head_that_came_after_it_had_left_began_no_wait():
    assert not left_at_limit(departure(answered_at=after(40), left_at=after(20), caller_timeout_seconds=-20.0))


def test_between_the_pieces_of_a_stream_nothing_is_known_of_silence():
    assert not left_at_limit(departure(kind="stream", answered_at=after(1), handed_over="part"))


@pytest.mark.parametrize(
    ("reason", "by_limit"),
    [("fin", True), ("rst", True), ("write_stalled", False), ("sidecar_lost", False), (None, False)],
)
def test_only_a_caller_that_closed_its_connection_did_so_by_its_limit(reason: str | None, by_limit: bool):
    assert left_at_limit(departure(left_reason=reason)) is by_limit


@pytest.mark.parametrize(("left_at_limit", "mismatch"), [(0, False), (1, True)])
def test_a_limit_that_never_ran_out_is_no_mismatch(left_at_limit: int, mismatch: bool):
    names = TimeoutLine.__struct_fields__
    line = TimeoutLine(**(dict.fromkeys(names, 0) | {"left_at_limit": left_at_limit}))  # type: ignore[arg-type]
    assert is_mismatch(line) is mismatch
