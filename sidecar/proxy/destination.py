"""Where a route leads: one configured upstream, as the road needs it."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import msgspec

from sidecar.config.addresses import Url
from sidecar.config.groups import Upstream
from sidecar.config.settings import BUILT_IN_UPSTREAMS, Settings
from sidecar.lifecycle.policy import OnClose, OnDeparture
from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import Dialect
from sidecar.providers.registry import DIALECTS
from sidecar.providers.vertex import host_for


class Endpoint(msgspec.Struct, frozen=True, cache_hash=True):
    """An address to connect to, and how; connections are kept by it, apart for each upstream."""

    host: str
    port: int
    is_tls: bool
    ca_file: str | None = None
    """Authorities trusted besides the system's."""
    client_certificate_file: str | None = None
    client_key_file: str | None = None
    upstream: str = ""
    """The name of the upstream that it belongs to."""

    @property
    def host_header(self) -> bytes:
        """The value of `Host`: the port only where it is not the scheme's own (RFC 9110 section 7.2)."""
        return _host_header(self.host, self.port, self.is_tls)


@lru_cache(maxsize=256)
def _host_header(host: str, port: int, is_tls: bool) -> bytes:
    """Asked for every call; the answers are as many as there are endpoints."""
    return Url("https" if is_tls else "http", host, port, "").authority.encode("ascii")


class Destination(msgspec.Struct, frozen=True):
    """One upstream: its name, its dialect, where it is, and what is done when a caller leaves a call to it."""

    name: str
    dialect: Dialect
    endpoint: Endpoint
    base_path: bytes
    on_close: dict[CallKind, OnClose]
    on_departure: OnDeparture
    host_for: Callable[[str], str] | None = None
    """For an upstream whose host hangs on the path (Vertex locations): the host for a path, from a closed set of shapes."""

    def endpoint_for(self, path: str) -> Endpoint:
        """Where a request with this path goes."""
        if self.host_for is None:
            return self.endpoint
        return _at_host(self.endpoint, self.host_for(path))


@lru_cache(maxsize=256)
def _at_host(endpoint: Endpoint, host: str) -> Endpoint:
    """The same endpoint at another host; the same object each time, which is found faster."""
    return msgspec.structs.replace(endpoint, host=host)


def destinations_of(settings: Settings) -> dict[bytes, Destination]:
    """Every configured upstream, by the first segment of its route."""
    return {
        name.encode("ascii"): _destination(name, upstream, settings) for name, upstream in settings.upstreams.items()
    }


def _destination(name: str, upstream: Upstream, settings: Settings) -> Destination:
    dialect = DIALECTS[upstream.dialect]
    url = upstream.url
    is_default_vertex = str(url) == BUILT_IN_UPSTREAMS["vertex"]["url"]
    return Destination(
        name=name,
        dialect=dialect,
        endpoint=Endpoint(
            url.host,
            url.port,
            url.is_secure,
            ca_file=_path(upstream.ca_file),
            client_certificate_file=_path(upstream.client_certificate_file),
            client_key_file=_path(upstream.client_key_file),
            upstream=name,
        ),
        base_path=url.path.encode("ascii"),
        on_close={
            CallKind.STREAM: upstream.on_close.stream or dialect.on_close.stream,
            CallKind.UNARY: upstream.on_close.unary or dialect.on_close.unary,
        },
        on_departure=upstream.on_departure or settings.calls.on_departure,
        host_for=host_for if is_default_vertex else None,
    )


def _path(file: Path | None) -> str | None:
    return None if file is None else str(file)
