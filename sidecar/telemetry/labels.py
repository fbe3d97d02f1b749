"""Label values that come from outside, kept few and clean.

A model's name is whatever stands in a path, so that a program with a typing error in a loop could otherwise grow the
page without end, and one undecodable byte could make it unreadable.
"""

OTHER = "other"
UNKNOWN = "unknown"
LONGEST_VALUE = 100


class BoundedLabel:
    """Lets the first `limit` distinct values through; every later one becomes `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._admitted: set[str] = set()

    def fit(self, value: str) -> str:
        """The label value to use: the value itself, `unknown` where it is empty, or `other`."""
        if not value:
            return UNKNOWN
        if value in self._admitted:
            return value
        if len(self._admitted) >= self._limit or not _is_clean(value):
            return OTHER
        self._admitted.add(value)
        return value


def _is_clean(value: str) -> bool:
    """Short, printable, and free of the lone surrogates that stand for bytes that were no UTF-8."""
    return len(value) <= LONGEST_VALUE and value.isprintable()
