"""What a retry may do with the answer of a call whose caller left. A table; `proxy/abandoned.py` performs.

An answer is on offer from the moment its caller left until it was handed over, or can't be any more. One retry at a time has
it; when that one leaves as well, it is on offer again. However often it changes hands, it is handed over once.
"""

from enum import Enum, auto

from sidecar.errors import IllegalEvent


class Offer(Enum):
    """Where an abandoned answer stands."""

    __hash__ = object.__hash__

    OPEN = auto()
    """A retry may take it: it still comes, or it is whole and kept."""
    TAKEN = auto()
    """A retry is being given it."""
    TAKEN_LAST = auto()
    """The same, and it can't be given to another: its beginning is no longer kept."""
    HANDED_OVER = auto()
    """A retry has got all of it."""
    WITHDRAWN = auto()
    """Nobody gets it: it failed, grew too large, or nobody came in time."""


class Turn(Enum):
    """What happens to an offer."""

    __hash__ = object.__hash__

    RETRY_CAME = auto()
    """An equal request, of the same credential."""
    RETRY_LEFT = auto()
    """The retry that had it left before it was handed over."""
    ARRIVED = auto()
    """The retry that had it has got all of it."""
    OUTGREW = auto()
    """It is larger than may be kept."""
    ENDED = auto()
    """It will not come, or not whole: the provider failed or declined, or we cut. Or nobody comes for it: the window closed, a
    drain began, or its own caller, which had only half-closed, has taken it."""


O, T = Offer, Turn  # noqa: E741  the table is read by its columns

MOVES: dict[tuple[Offer, Turn], Offer] = {
    (O.OPEN, T.RETRY_CAME): O.TAKEN,
    (O.OPEN, T.OUTGREW): O.WITHDRAWN,
    (O.OPEN, T.ENDED): O.WITHDRAWN,
    (O.TAKEN, T.RETRY_LEFT): O.OPEN,
    (O.TAKEN, T.ARRIVED): O.HANDED_OVER,
    (O.TAKEN, T.OUTGREW): O.TAKEN_LAST,
    (O.TAKEN, T.ENDED): O.WITHDRAWN,
    (O.TAKEN_LAST, T.RETRY_LEFT): O.WITHDRAWN,
    (O.TAKEN_LAST, T.ARRIVED): O.HANDED_OVER,
    (O.TAKEN_LAST, T.OUTGREW): O.TAKEN_LAST,
    (O.TAKEN_LAST, T.ENDED): O.WITHDRAWN,
}
"""Nothing follows upon HANDED_OVER and WITHDRAWN."""


def after(offer: Offer, turn: Turn) -> Offer:
    """What an offer becomes.

    Raises:
        IllegalEvent: that can't happen to it; nothing has changed.
    """
    becomes = MOVES.get((offer, turn))
    if becomes is None:
        raise IllegalEvent(turn.name, f"<Offer {offer.name}>")
    return becomes
