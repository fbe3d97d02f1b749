"""The bounds: what they are when nobody says anything, and how they stand to each other."""

import pytest
from pydantic import ValidationError

from sidecar.config.groups import Calls
from sidecar.config.limits import Limits

DEFAULTS = Limits()


def test_request_line_fits_into_a_head_and_is_what_the_rfc_asks_for_at_least():
    assert 8_000 <= DEFAULTS.request_line_bytes <= DEFAULTS.head_bytes


def test_calls_are_bounded_by_their_connections_unless_asked():
    assert DEFAULTS.max_calls == DEFAULTS.max_connections + Calls().follow.max_calls


def test_bodies_are_not_bounded_unless_asked():
    assert DEFAULTS.body_bytes is None
    assert Limits.model_validate({"body_bytes": "20MiB"}).body_bytes == 20 << 20


def test_patience_with_a_stalled_body_is_the_same_on_both_sides():
    assert DEFAULTS.request_progress_seconds == DEFAULTS.upstream_stall_seconds == Calls().write_stall_seconds


def test_upstream_connections_bind_only_when_they_are_set():
    assert DEFAULTS.max_upstream_connections >= DEFAULTS.max_calls


@pytest.mark.parametrize("key", ["head_fields", "max_calls", "max_connections", "request_head_seconds"])
def test_nothing_at_all_is_no_bound(key):
    with pytest.raises(ValidationError):
        Limits.model_validate({key: 0})
