"""How long a provider wants us to wait before the next request (RFC 9110 section 10.2.3)."""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from sidecar.clock import SECOND, Moment
from sidecar.http1.head import field

NUMBER: Final = re.compile(rb"[0-9]{1,12}(?:\.[0-9]{1,9})?").fullmatch
"""Whole seconds by the RFC; some providers add a fraction, and their SDKs read it."""


def retry_after_seconds(fields: bytes, now: Moment) -> float | None:
    """What the fields of a reply say, from 0 on; None when they say nothing, or nothing that can be read.

    `Retry-After-Ms` is more exact where it stands (OpenAI, Azure; providers-wire 2).
    """
    milliseconds = field(fields, b"retry-after-ms")
    if NUMBER(milliseconds):
        return float(milliseconds) / 1000
    value = field(fields, b"retry-after")
    if NUMBER(value):
        return float(value)
    until = _moment(value)
    if until is None:
        return None
    told_at = _moment(field(fields, b"date"))  # by the provider's clock, whatever ours says
    return max(0, until - (now if told_at is None else told_at)) / SECOND


def _moment(value: bytes) -> Moment | None:
    """The moment that an HTTP date names; None when it names none."""
    try:
        stamp = parsedate_to_datetime(value.decode("latin-1"))
        if stamp.tzinfo is None:  # the library's word for "-0000"
            stamp = stamp.replace(tzinfo=UTC)
        return int(stamp.timestamp()) * SECOND
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
