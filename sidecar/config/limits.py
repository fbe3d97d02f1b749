"""The group of bounds: how much of anything there may be, and for how long. `calls.follow` has those of following."""

from typing import Annotated

from pydantic import Field

from sidecar.config.group import Group
from sidecar.config.quantities import KIB
from sidecar.config.values import Count, Positive, Seconds, Size, SomeSeconds


class Limits(Group):
    """What connections and calls may cost us. What is reached is answered with an error that names the key."""

    request_line_bytes: Annotated[Size, Field(ge=1 * KIB)] = 8 * KIB
    """Longest request line; one more byte is 414. RFC 9112 section 3 asks for 8,000 at least, nginx takes as many as we do."""
    head_bytes: Annotated[Size, Field(ge=1 * KIB)] = 64 * KIB
    """Longest head of a request (431) or a reply (broken off). Google's tokens and cookies stay below 16 KiB."""
    head_fields: Positive = 100
    """Most header fields of a request (one more is 431) or a reply (broken off). As Envoy; SDKs send about twenty."""
    body_bytes: Size | None = None
    """Longest body of a request; one more byte is 413. None sets no bound: a body is passed on as it comes, never held."""
    max_connections: Positive = 10_000
    """Connections from callers at once; one more is refused with 503. Each may need a second one upstream. Never more than
    half of the file descriptors that the system allows (`ulimit -n`); 224 are kept back for the ledger and our own sockets."""
    max_calls: Positive = 11_000
    """Requests in flight at once, those that are followed included; one more is refused with 503. As `max_connections` and
    `calls.follow.max_calls` together, so that it binds only where it is lowered."""
    request_head_seconds: SomeSeconds = 30
    """For a head, from its first byte to its last; then 408. An SDK sends one in a millisecond, a slowloris never ends it."""
    request_progress_seconds: SomeSeconds = 120
    """A body of which nothing comes for so long, while we wait for it, is 408. As patient as `calls.write_stall_seconds`."""
    upstream_stall_seconds: SomeSeconds = 120
    """A provider that takes nothing of a request for so long is 504. As patient as `calls.write_stall_seconds`."""
    connect_seconds: SomeSeconds = 10
    """To reach an upstream: lookup, proxy, TCP, TLS. Longer than two lost SYNs (1 s + 2 s), shorter than any SDK's patience."""
    max_upstream_connections: Positive = 11_000
    """To each endpoint (an upstream's host and port), so that one that hangs takes nothing from the others. At the bound a
    request waits in line for `connect_seconds`, then is answered 503. As many as `max_calls`: it binds only if lowered."""
    max_idle_upstream_connections: Count = 256
    """Kept to each endpoint; one more is closed when its reply has ended. Enough for bursts, a few MiB with TLS."""
    upstream_keepalive_seconds: Annotated[Seconds, Field(ge=1, le=32_767)] = 60
    """After so long without a byte TCP asks if the provider is there; after twice that it is not. Sooner than NATs forget."""
    upstream_max_age_seconds: SomeSeconds = 300
    """A connection this old serves no further request, so that a changed DNS answer is followed. A handshake in five minutes
    costs nothing; up to a quarter less, so that not all are made anew at once."""
    upstream_idle_seconds: Seconds = 60
    """An idle connection to an upstream is kept so long; 0 keeps none. Below the idle timeouts of the large providers' fronts."""
    downstream_idle_seconds: Seconds = 75
    """An idle connection of a caller is kept so long. Longer than the SDKs keep theirs, so that they close first."""
