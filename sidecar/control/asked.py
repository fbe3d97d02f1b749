"""What several routes are asked by: moments in queries, and what becomes of a ledger that can't be read."""

import contextlib
from collections.abc import Iterator
from typing import Annotated

from fastapi import Header, HTTPException, Query
from pydantic import AfterValidator, WithJsonSchema

from sidecar.clock import SECOND, Moment, from_rfc3339
from sidecar.control.guard import CONTROL_HEADER
from sidecar.errors import LedgerError

UNAVAILABLE = 503
MOST = 1_000
"""Rows in one answer: a page of some hundred kilobytes."""
LATEST: Moment = 253_402_300_799 * SECOND
"""The last second of the year 9999, beyond which RFC 3339 has no words."""


def _moment(text: str) -> str:
    moment_in(text)
    return text


def moment_in(text: str) -> Moment:
    """The moment that RFC 3339 text names; the first of 1970 for an earlier one, the last of 9999 for a later.

    Raises:
        ValueError: it names none.
    """
    try:
        moment = from_rfc3339(text.upper().replace(" ", "+"))  # a + that was not percent-encoded
    except (ValueError, OverflowError):
        raise ValueError("is no moment: write it as RFC 3339, 2026-11-20T10:00:00Z") from None
    return min(max(0, moment), LATEST)


When = Annotated[
    str, AfterValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"}), Query(max_length=40)
]
"""A moment as it stands in a query."""
Word = Annotated[str | None, Query(max_length=300)]
"""A name to look for; absent for any."""
Wish = Annotated[
    str, Header(alias=CONTROL_HEADER, pattern="^(?i:true)$", description="`true`: no foreign page can say so.")
]
"""Said with whatever changes something (`guard.py` refuses it otherwise)."""


@contextlib.contextmanager
def reading_ledger() -> Iterator[None]:
    """What asks the ledger is answered 503 when that can't be."""
    try:
        yield
    except LedgerError as failed:
        raise HTTPException(UNAVAILABLE, str(failed)) from failed
