"""An answer as it is kept: the pieces themselves, counted alone and with all others."""

from typing import Any, cast

from sidecar.http1.framing import Framing
from sidecar.http1.head import ReplyHead
from sidecar.proxy.kept import MAX_ALL, MAX_ANSWER, Kept, Store

HEAD = ReplyHead(200, b"OK", b"", {}, Framing(), keeps_alive=True)


EXCHANGE = cast(Any, None)


def store() -> Store:
    return Store(100, 60, lambda _exchange, _kept: None)


def test_pieces_are_kept_as_they_are_and_not_copied() -> None:
    kept, piece = Kept(store(), HEAD), b"x" * 50
    kept.take(piece, EXCHANGE)
    assert kept.pieces[0] is piece
    assert (kept.size, kept.outgrew) == (50, "")


def test_up_to_its_bound_an_answer_has_room() -> None:
    kept = Kept(store(), HEAD)
    kept.take(b"x" * 60, EXCHANGE)
    assert not kept.outgrew
    kept.take(b"x", EXCHANGE)
    assert kept.outgrew == MAX_ANSWER


def test_all_answers_together_have_a_bound() -> None:
    shared = store()
    first, second = Kept(shared, HEAD), Kept(shared, HEAD)
    first.take(b"x" * 60, EXCHANGE)
    second.take(b"x" * 40, EXCHANGE)
    assert not second.outgrew
    second.take(b"x", EXCHANGE)
    assert (second.outgrew, first.outgrew) == (MAX_ALL, "")


def test_what_is_released_counts_no_more() -> None:
    shared = store()
    first, second = Kept(shared, HEAD), Kept(shared, HEAD)
    first.take(b"x" * 60, EXCHANGE)
    second.take(b"x" * 10, EXCHANGE)
    first.release()
    assert (shared.bytes, shared.answers) == (10, 1)


def test_the_first_pieces_can_be_let_go() -> None:
    shared = store()
    kept = Kept(shared, HEAD)
    for piece in (b"one", b"two", b"three"):
        kept.take(piece, EXCHANGE)
    kept.drop(2)
    assert (kept.pieces, kept.size, shared.bytes) == ([b"three"], 5, 5)
    kept.release()
    assert (shared.bytes, shared.answers) == (0, 0)
