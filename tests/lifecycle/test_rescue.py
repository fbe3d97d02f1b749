"""Where an abandoned answer stands, row by row."""

import pytest

from sidecar.errors import IllegalEvent
from sidecar.lifecycle.rescue import MOVES, Offer, Turn, after
from tests.lifecycle.rescuing import TAKEN

O, T = Offer, Turn  # noqa: E741  read as in rescue.py

ENDED = {O.HANDED_OVER, O.WITHDRAWN}

PATHS = [
    ([T.RETRY_CAME], O.TAKEN),
    ([T.RETRY_CAME, T.ARRIVED], O.HANDED_OVER),
    ([T.RETRY_CAME, T.RETRY_LEFT], O.OPEN),
    ([T.RETRY_CAME, T.RETRY_LEFT, T.RETRY_CAME, T.ARRIVED], O.HANDED_OVER),
    ([T.OUTGREW], O.WITHDRAWN),
    ([T.RETRY_CAME, T.OUTGREW, T.OUTGREW, T.ARRIVED], O.HANDED_OVER),
    ([T.RETRY_CAME, T.OUTGREW, T.RETRY_LEFT], O.WITHDRAWN),
    ([T.RETRY_CAME, T.ENDED], O.WITHDRAWN),
    ([T.RETRY_CAME, T.OUTGREW, T.ENDED], O.WITHDRAWN),
    ([T.ENDED], O.WITHDRAWN),
]


@pytest.mark.parametrize(("turns", "offer"), PATHS)
def test_turns_lead_to_an_offer(turns: list[Turn], offer: Offer) -> None:
    assert _after_all(turns) is offer


def _after_all(turns: list[Turn]) -> Offer:
    offer = Offer.OPEN
    for turn in turns:
        offer = after(offer, turn)
    return offer


@pytest.mark.parametrize("offer", Offer)
@pytest.mark.parametrize("turn", Turn)
def test_what_is_not_in_the_table_raises__and_names_both(offer: Offer, turn: Turn) -> None:
    if (offer, turn) in MOVES:
        assert after(offer, turn) is MOVES[offer, turn]
    else:
        with pytest.raises(IllegalEvent, match=rf"^{turn.name} in <Offer {offer.name}>$"):
            after(offer, turn)


@pytest.mark.parametrize("offer", Offer)
def test_every_offer_can_end__and_what_has_ended_stays(offer: Offer) -> None:
    becomes = {end for (own, _), end in MOVES.items() if own is offer}
    assert becomes == set() if offer in ENDED else becomes & ENDED


def test_only_an_open_offer_is_taken__and_only_one_that_a_retry_has_arrives() -> None:
    assert {offer for offer, turn in MOVES if turn is T.RETRY_CAME} == {O.OPEN}
    assert {offer for offer, turn in MOVES if turn is T.ARRIVED} == set(TAKEN)
    assert {offer for offer, turn in MOVES if turn is T.RETRY_LEFT} == set(TAKEN)


def test_what_is_no_longer_kept_from_its_beginning_never_is_on_offer_again() -> None:
    assert O.OPEN not in {end for (own, _), end in MOVES.items() if own is O.TAKEN_LAST}
