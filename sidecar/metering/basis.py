"""How far a figure of money or usage can be trusted, and what two such claims make together."""

from enum import StrEnum


class Basis(StrEnum):
    """How far a figure can be trusted."""

    EXACT = "exact"
    """Reported by the provider, priced by a known rule."""
    AT_LEAST = "at_least"
    """True as far as it goes, but something is missing: the real figure is this or more."""
    ESTIMATED = "estimated"
    """Worked out by us; the real figure may be more or less."""


_DOUBT = {Basis.EXACT: 0, Basis.AT_LEAST: 1, Basis.ESTIMATED: 2}


def worst(one: Basis, other: Basis) -> Basis:
    """The basis of a figure made of two: exact, then at least, then estimated.

    A lower bound made with an estimate is no bound any more, so an estimate is the worst.
    """
    return one if _DOUBT[one] >= _DOUBT[other] else other


def basis_in(word: str | None) -> Basis:
    """What a row says of a figure. Nothing is exact; a word of a later version, or nobody's, is trusted least of all."""
    try:
        return Basis(word or Basis.EXACT)
    except ValueError:
        return Basis.ESTIMATED
