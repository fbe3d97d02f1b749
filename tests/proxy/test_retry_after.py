"""How long a provider wants us to wait."""

import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, from_rfc3339
from sidecar.proxy.retry_after import retry_after_seconds

NOW = from_rfc3339("2026-11-20T10:00:00Z")
IN_A_MINUTE = b"Fri, 20 Nov 2026 10:01:00 GMT"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        (b"\r\nRetry-After: 120", 120.0),
        (b"\r\nretry-after:0", 0.0),
        (b"\r\nRetry-After: 1.5", 1.5),
        (b"\r\nRetry-After: 2\r\nretry-after-ms: 1250", 1.25),
        (b"\r\nRetry-After: " + IN_A_MINUTE, 60.0),
        (b"\r\nRetry-After: Friday, 20-Nov-26 10:01:00 GMT", 60.0),
        (b"\r\nRetry-After: Fri, 20 Nov 2026 10:01:00 -0000", 60.0),
        (b"\r\nRetry-After: Fri, 20 Nov 2026 09:00:00 GMT", 0.0),
    ],
)
def test_number_of_seconds_or_a_date__is_a_wait(fields, seconds):
    assert retry_after_seconds(fields, NOW) == seconds


def test_date_is_measured_by_the_clock_of_who_wrote_it():
    fields = b"\r\nDate: Fri, 20 Nov 2026 10:00:50 GMT\r\nRetry-After: " + IN_A_MINUTE
    assert retry_after_seconds(fields, NOW + 3600 * SECOND) == 10.0


@pytest.mark.parametrize(
    "value", [b"", b"soon", b"-1", b"1e9", b"nan", b"inf", b"9" * 20, b"Fri, 99 Nov 2026", b"\xff"]
)
def test_anything_else__says_nothing(value):
    assert retry_after_seconds(b"\r\nRetry-After: " + value, NOW) is None


@given(st.binary(max_size=60).filter(lambda value: b"\r" not in value))
def test_it_never_raises_and_never_goes_back(value):
    seconds = retry_after_seconds(b"\r\nRetry-After: " + value, NOW)
    assert seconds is None or seconds >= 0
