"""Moments in queries."""

import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, rfc3339
from sidecar.control.asked import LATEST, moment_in


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T02:00:01+02:00", SECOND),
        ("1970-01-01T02:00:01 02:00", SECOND),
        ("1970-01-01T00:00:00.5Z", SECOND // 2),
        ("1970-01-02", 86_400 * SECOND),
        ("1970-01-01t00:00:01z", SECOND),
        ("1969-12-31T23:59:59Z", 0),
        ("0001-01-01T00:00:00+23:59", 0),
        ("9999-12-31T23:59:59-23:59", LATEST),
    ],
)
def test_moment_is_read(text: str, moment: int):
    assert moment_in(text) == moment


@pytest.mark.parametrize("text", ["", "now", "12", "2026-13-01T00:00:00Z", "2026-11-20T10:00:00+25:00"])
def test_what_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match="is no moment"):
        moment_in(text)


@given(st.integers(0, LATEST))
def test_what_we_write_we_read(moment: int):
    assert moment_in(rfc3339(moment)) == moment
