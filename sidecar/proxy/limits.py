"""Bounds of the road, as the settings draw them."""

import msgspec

from sidecar.config.groups import OnRepeat
from sidecar.config.settings import Settings
from sidecar.lifecycle.policy import FollowBounds


class RescueLimits(msgspec.Struct, frozen=True):
    """Whether abandoned answers are handed to retries, and how many are kept for them."""

    is_on: bool
    """`mode: enforce`, and not switched off everywhere; where it is on, each admission says (`may_be_rescued`). When it is off,
    nothing is kept, and it is only counted what would have been rescued."""
    window_seconds: float
    """After its end, an abandoned answer is on offer for so long; 0 offers only what still comes."""
    max_bytes: int
    """Of all answers that are kept."""
    max_answer_bytes: int
    """Of one of them."""
    refuses_repeats: bool
    """A retry is answered by us where its first attempt's answer can't be handed on (`rescue.on_repeat: refuse`), if `is_on`."""


class LiveLimits(msgspec.Struct, frozen=True):
    """Of sockets that carry many calls."""

    resume_seconds: float = 10.0
    """A caller that goes on with its session within so long had not left; 0 takes every end for leaving."""
    max_message_bytes: int | None = None
    """Of one message; None for no bound."""
    idle_seconds: float | None = None
    """A socket through which nothing has passed for so long is closed; None for never."""


class Limits(msgspec.Struct, frozen=True):
    """Bounds of the road; `config/limits.py` says why."""

    request_line_bytes: int
    """Of a request's first line."""
    head_bytes: int
    """Of a request's or a reply's head."""
    head_fields: int
    """Of a request's or a reply's head."""
    body_bytes: int | None
    """Of a request's body; None for no bound."""
    max_connections: int
    """Callers' connections at once; one more is answered 503 and closed."""
    max_calls: int
    """Exchanges at once, those that are followed included; one more is answered 503."""
    request_head_seconds: float
    """From the first byte of a request's head to its last."""
    request_progress_seconds: float
    """Without a byte of a body that we wait for."""
    upstream_stall_seconds: float
    """Without a byte of a request taken by the provider."""
    connect_seconds: float
    """To make a connection to a provider, or to wait in line for one."""
    max_upstream_connections: int
    """To one endpoint, idle ones included."""
    max_idle_upstream_connections: int
    """Kept to one endpoint."""
    upstream_keepalive_seconds: float
    """Of silence before TCP asks whether the provider is there."""
    upstream_max_age_seconds: float
    """A connection this old is not kept for another exchange."""
    upstream_idle_seconds: float
    """A pooled connection unused for so long is closed."""
    downstream_idle_seconds: float
    """A caller's connection without an exchange for so long is closed."""
    write_stall_seconds: float
    """A caller that has taken no byte for so long has left."""
    follow: FollowBounds
    """Of calls that are read on without their callers."""
    rescue: RescueLimits
    """Of answers that are kept for retries."""
    takes_fin_as_leaving: bool
    """Where the kernel can't say whether the caller still holds its socket (`calls.half_close: left`)."""
    live: LiveLimits = LiveLimits()
    """Of sockets that carry many calls."""


def limits_of(settings: Settings) -> Limits:
    """The road's bounds, from the settings."""
    limits, calls = settings.limits, settings.calls
    return Limits(
        request_line_bytes=limits.request_line_bytes,
        head_bytes=limits.head_bytes,
        head_fields=limits.head_fields,
        body_bytes=limits.body_bytes,
        max_connections=limits.max_connections,
        max_calls=limits.max_calls,
        request_head_seconds=limits.request_head_seconds,
        request_progress_seconds=limits.request_progress_seconds,
        upstream_stall_seconds=limits.upstream_stall_seconds,
        connect_seconds=limits.connect_seconds,
        max_upstream_connections=limits.max_upstream_connections,
        max_idle_upstream_connections=limits.max_idle_upstream_connections,
        upstream_keepalive_seconds=limits.upstream_keepalive_seconds,
        upstream_max_age_seconds=limits.upstream_max_age_seconds,
        upstream_idle_seconds=limits.upstream_idle_seconds,
        downstream_idle_seconds=limits.downstream_idle_seconds,
        write_stall_seconds=calls.write_stall_seconds,
        follow=calls.follow.bounds(),
        rescue=_rescue_limits(settings),
        takes_fin_as_leaving=calls.half_close == "left",
        live=LiveLimits(calls.live.resume_seconds, calls.live.max_message_bytes, calls.live.idle_seconds),
    )


def _rescue_limits(settings: Settings) -> RescueLimits:
    rescue = settings.rescue
    return RescueLimits(
        is_on=settings.rescues,
        window_seconds=rescue.window_seconds,
        max_bytes=rescue.max_bytes,
        max_answer_bytes=rescue.max_answer_bytes,
        refuses_repeats=settings.rescues and rescue.on_repeat is OnRepeat.REFUSE,
    )
