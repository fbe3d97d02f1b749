"""Where a route leads: one configured upstream, as the road needs it."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path

import msgspec

from sidecar.config.addresses import Url
from sidecar.config.groups import ServerTimeout
from sidecar.config.measured import MeasuredFact
from sidecar.config.settings import Settings
from sidecar.config.upstreams import PUBLIC_URLS, DialectName, Upstream
from sidecar.lifecycle.policy import OnClose, Wish, WishedBy
from sidecar.lifecycle.record import CallKind
from sidecar.providers.bedrock import serves as serves_region
from sidecar.providers.contract import Dialect, Route
from sidecar.providers.registry import DIALECTS
from sidecar.providers.vertex import host_for, serves as serves_location

HTTP_PORT, HTTPS_PORT = 80, 443
GOOGLE = frozenset({DialectName.GEMINI, DialectName.VERTEX})
"""Dialects whose providers read `X-Server-Timeout`."""


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
    provider: str
    """The service that computes and bills there."""
    on_close_as_set: dict[CallKind, OnClose]
    """What the settings say of this upstream; it stands above what was measured, and above what we know of its provider."""
    wish: Wish
    """What is done when a caller leaves, unless its route or its request says otherwise."""
    wishes: tuple[tuple[str, Wish], ...] = ()
    """The same for single routes, by globs of their paths; the first that matches counts."""
    measured: tuple[MeasuredFact, ...] = ()
    """What was measured here (`sidecar probe`), newest first."""
    may_be_rescued: bool = True
    """Abandoned answers may be given to retries, unless the route or the request says otherwise."""
    rescues: tuple[tuple[str, bool], ...] = ()
    """The same for single routes, as `wishes`."""
    label_names: tuple[str, ...] = ()
    """Names of the labels that callers may give, sorted."""
    inject_usage: bool = False
    """Ask for usage in streams whose caller did not."""
    host_for: Callable[[str], str] | None = None
    """For an upstream whose host hangs on the path (Vertex locations): the host for a path, from a closed set of shapes."""
    serves_host: Callable[[str], bool] | None = None
    """For an upstream with a host in each region (Bedrock, Vertex): whether a host is one of them."""
    follows_host: bool = False
    """A request that names one of those hosts goes there, and not to the upstream's own. So do tunnels to them: what is meant for
    a provider's own host is never sent to a gateway instead."""
    sends_server_timeout: bool = False
    """It is Google, and told how long callers wait (`calls.server_timeout`)."""
    kin: bytes = b""
    """The name of the upstream that requests with Vertex's paths are for, which came to this one; empty where none is."""

    def on_close(self, route: Route, kind: CallKind, model: str = "") -> OnClose:
        """What the provider does with a call's work when the connection closes: as set, as measured, as the table has it.

        Without a model no measurement counts that holds for one model alone.
        """
        told = self.on_close_as_set.get(kind) or self._measured(route, kind, model)
        return told or (route.on_close or self.dialect.on_close).of(kind)

    def _measured(self, route: Route, kind: CallKind, model: str) -> OnClose | None:
        """What the newest measurement says that holds for such a call; None where none does."""
        for fact in self.measured:
            said = {CallKind.STREAM: fact.stream, CallKind.UNARY: fact.unary}.get(kind)
            is_of_method = fact.method == route.method or not (fact.only_method or route.on_close)
            is_of_model = not fact.only_model or fact.model == model
            if said not in (None, OnClose.UNKNOWN) and is_of_method and is_of_model:
                return said
        return None

    def wish_for(self, path: str) -> Wish:
        """What is done when the caller of a request with this path leaves."""
        return next((wish for glob, wish in self.wishes if fnmatchcase(path, glob)), self.wish)

    def may_rescue(self, path: str) -> bool:
        """Whether the abandoned answer to a request with this path may be given to a retry."""
        return next((said for glob, said in self.rescues if fnmatchcase(path, glob)), self.may_be_rescued)

    def serves(self, host: str, port: int, path: bytes) -> bool:
        """Whether a request that names this place, and could not say https, is one for this upstream."""
        if self.serves_host is not None and port == HTTP_PORT and self.serves_host(host):
            return self.has_path(path)
        is_its_port = port == (HTTP_PORT if self.endpoint.is_tls else self.endpoint.port)
        return is_its_port and host == self.endpoint.host and self.has_path(path)

    def is_at(self, host: str, port: int) -> bool:
        """Whether a tunnel to this place is one to this upstream, whatever is spoken in it; port 80 is that of `ws://`."""
        if host == self.endpoint.host and port == self.endpoint.port:
            return True
        is_region = self.follows_host and self.serves_host is not None and self.serves_host(host)
        is_plain = port == HTTP_PORT and (is_region or host == self.endpoint.host)
        return self.endpoint.is_tls and (is_plain or (port == HTTPS_PORT and is_region))

    def has_path(self, path: bytes) -> bool:
        """Whether a path is the base path, or below it."""
        base = self.base_path
        return path.startswith(base) and (len(path) == len(base) or path[len(base)] in b"/?")

    def endpoint_for(self, path: str, host: str = "") -> Endpoint:
        """Where a request with this path goes, that named this host."""
        if host and self.follows_host:
            return _at_host(self.endpoint, host)
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
    is_public = str(url) == PUBLIC_URLS.get(upstream.dialect)
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
        provider=provider_of(name, upstream, dialect),
        on_close_as_set=_as_set(upstream),
        measured=tuple(fact for fact in upstream.measured if fact.is_of(upstream.dialect.value, str(url))),
        wish=_wish(upstream, settings),
        wishes=tuple(
            (rule.path, Wish(rule.on_departure, WishedBy.ROUTE)) for rule in upstream.routes if rule.on_departure
        ),
        may_be_rescued=upstream.may_be_rescued(settings.rescue.enabled),
        rescues=tuple((rule.path, rule.rescue) for rule in upstream.routes if rule.rescue is not None),
        label_names=tuple(sorted(settings.labels.allow)),
        inject_usage=upstream.inject_usage,
        host_for=host_for if is_public and upstream.dialect is DialectName.VERTEX else None,
        serves_host=_serves_host(upstream.dialect, is_public=is_public),
        follows_host=is_public and upstream.dialect in (DialectName.BEDROCK, DialectName.VERTEX),
        sends_server_timeout=settings.calls.server_timeout is ServerTimeout.FROM_CLIENT and upstream.dialect in GOOGLE,
        kin=_kin(name, settings),
    )


def _serves_host(dialect: DialectName, *, is_public: bool) -> Callable[[str], bool] | None:
    """Whose regions an upstream serves. Google's only where it is Google: what names its host is not meant for a gateway."""
    if dialect is DialectName.BEDROCK:
        return serves_region
    return serves_location if dialect is DialectName.VERTEX and is_public else None


def _kin(name: str, settings: Settings) -> bytes:
    """A google-genai that a variable alone has switched to Vertex sends Vertex's requests to GOOGLE_GEMINI_BASE_URL.

    google-wire 5.2. They go on to `vertex` where both are Google's own services, or one and the same place: never with a
    gateway's credential to Google, nor the other way round.
    """
    if name != DialectName.GEMINI or DialectName.VERTEX not in settings.upstreams:
        return b""
    gemini, vertex = (settings.upstreams[each] for each in (DialectName.GEMINI, DialectName.VERTEX))
    are_googles = all(str(each.url) == PUBLIC_URLS.get(each.dialect) for each in (gemini, vertex))
    return DialectName.VERTEX.encode() if are_googles or gemini.url == vertex.url else b""


def provider_of(name: str, upstream: Upstream, dialect: Dialect) -> str:
    """Who computes and bills at an upstream: the dialect's own provider, where this is it; else the upstream is its own.

    A dialect is spoken by many: what runs at another host is priced and labeled by the name that the upstream has, so that
    a model of one's own is never billed by somebody else's price list.
    """
    if upstream.provider is not None:
        return upstream.provider
    is_its_own = not dialect.hosts or name == dialect.name
    is_its_own = is_its_own or any(fnmatchcase(upstream.url.host, glob) for glob in dialect.hosts)
    return dialect.provider if is_its_own else name


def _wish(upstream: Upstream, settings: Settings) -> Wish:
    if upstream.on_departure is not None:
        return Wish(upstream.on_departure, WishedBy.UPSTREAM)
    return Wish(settings.calls.on_departure)


def _as_set(upstream: Upstream) -> dict[CallKind, OnClose]:
    on_close = upstream.on_close
    set_to = {CallKind.STREAM: on_close.stream, CallKind.UNARY: on_close.unary, CallKind.LIVE: on_close.live}
    return {kind: fact for kind, fact in set_to.items() if fact is not None}


def _path(file: Path | None) -> str | None:
    return None if file is None else str(file)
