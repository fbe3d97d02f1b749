"""Limits for tests: small enough to reach, and timeouts that no test reaches by accident."""

from sidecar.lifecycle.policy import FollowBounds
from sidecar.proxy.limits import Limits, RescueLimits

LIMITS = Limits(
    request_line_bytes=4 * 1024,
    head_bytes=16 * 1024,
    head_fields=50,
    body_bytes=None,
    max_connections=100,
    max_calls=100,
    request_head_seconds=60.0,
    request_progress_seconds=60.0,
    upstream_stall_seconds=60.0,
    connect_seconds=5.0,
    max_upstream_connections=1000,
    max_idle_upstream_connections=100,
    upstream_keepalive_seconds=60.0,
    upstream_max_age_seconds=60.0,
    upstream_idle_seconds=60.0,
    downstream_idle_seconds=60.0,
    write_stall_seconds=60.0,
    follow=FollowBounds(max_calls=100, max_seconds=60.0, max_bytes=64 * 1024 * 1024),
    rescue=RescueLimits(
        is_on=False,
        window_seconds=30.0,
        max_bytes=1024 * 1024,
        max_answer_bytes=256 * 1024,
        refuses_repeats=False,
    ),
    takes_fin_as_leaving=True,
)
