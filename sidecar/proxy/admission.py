"""From a request's head to where it goes and what it is, or to why it goes nowhere."""

import re

import msgspec

from sidecar.errors import RequestRefused
from sidecar.http1.head import RequestHead
from sidecar.lifecycle.lease import lease_in
from sidecar.lifecycle.policy import OnDeparture, Wish, WishedBy
from sidecar.providers.contract import Route
from sidecar.providers.google_deadline import server_timeout_line
from sidecar.proxy.destination import Destination
from sidecar.proxy.replies import plain_error_body
from sidecar.proxy.target import Address, named_place, origin_form
from sidecar.proxy.within import destination_at, locate_within
from sidecar.websocket.upgrade import asks_for_websocket

MAX_CALLER_NAME = 200
"""Characters of `X-Sidecar-Caller` that are kept."""

LEASE, DETACH = b"x-sidecar-lease", b"x-sidecar-detach"
ON_DEPARTURE, RESCUE = b"x-sidecar-on-departure", b"x-sidecar-rescue"

WEBSOCKET = b"websocket"
"""The one protocol besides HTTP/1.1 that is carried on (RFC 6455)."""

MAX_LABEL = 100
"""Characters of a label's value that are kept."""

OFFERS = (b"h2c", b"http/", b"tls/")
"""Protocols that a request only offers to go on with: it is whole without them, and an answer in HTTP/1.1 is an answer to it."""

VERTEX_PATH = re.compile(rb"/v[0-9][^/]*/(?:projects/[^/]+/locations/|publishers/)")
"""Of Vertex AI; the Gemini API has no such resources (google-wire 1.1)."""


class Admission(msgspec.Struct, frozen=True, gc=False):
    """A request that may go on."""

    destination: Destination
    target: bytes
    """The request target as the upstream will see it."""
    path: str
    """The target behind the upstream's name, without its query."""
    host: str
    """The host that the target named, where it was an absolute one; else empty."""
    route: Route | None
    """None when the request is no call: it passes through as a plain exchange."""
    wish: Wish
    """What is wished for the case that the caller leaves, and by whom."""
    caller: str | None
    labels: tuple[tuple[str, str], ...] = ()
    """The caller's own words for the call (`X-Sidecar-Label-*`), by name."""
    lease_seconds: float | None = None
    """The lease that the caller gives for the operation that it opens (`X-Sidecar-Lease`); None where it gives none."""
    is_detached: bool = False
    """The operation that it opens is meant to outlive its caller (`X-Sidecar-Detach: true`)."""
    may_be_rescued: bool = True
    """Its answer may be handed to a retry, and it may be given another's: the settings allow it for its path, and it does not say
    `X-Sidecar-Rescue: off`."""
    added: bytes = b""
    """Header lines that the upstream gets besides the request's own, each with its line end."""
    upgrade: bytes = b""
    """What the connection is to carry instead of HTTP, if the provider agrees: `websocket`; empty for nothing else."""


def admit(
    head: RequestHead, destinations: dict[bytes, Destination], address: Address, origin: Address | None = None
) -> Admission:
    """Decide where a request goes that came to our `address`, or, with an `origin`, through an intercepted tunnel to that place.

    Raises:
        RequestRefused: nowhere, and the sentence says why.
    """
    destination, rest, host = locate(head.target, destinations, address, origin)
    upgrade = _upgrade(head) if b"upgrade" in head.noted else b""
    path = rest.partition(b"?")[0].decode("latin-1")
    method, noted = head.method.decode("ascii"), head.noted
    sentence = destination.dialect.refusal(method, path)
    if sentence:
        raise RequestRefused(400, sentence)
    route = destination.dialect.route(method, path)
    wish = destination.wish_for(path) if destination.wishes else destination.wish
    may_rescue = destination.may_rescue(path) if destination.rescues else destination.may_be_rescued
    return Admission(
        destination=destination,
        target=destination.base_path + rest,
        path=path,
        host=host,
        route=route,
        wish=_wish(noted[ON_DEPARTURE], wish) if ON_DEPARTURE in noted else wish,
        caller=noted.get(b"x-sidecar-caller", b"").decode("latin-1")[:MAX_CALLER_NAME] or None,
        labels=_labels(head, destination.label_names) if destination.label_names else (),
        lease_seconds=_lease(noted[LEASE]) if LEASE in noted else None,
        is_detached=DETACH in noted and _is_detached(noted[DETACH]),
        may_be_rescued=may_rescue and (RESCUE not in noted or _may_be_rescued(noted[RESCUE])),
        added=server_timeout_line(route, head.fields) if destination.sends_server_timeout else b"",
        upgrade=upgrade,
    )


def error_body(
    target: bytes,
    destinations: dict[bytes, Destination],
    address: Address,
    refused: RequestRefused,
    origin: Address | None = None,
) -> bytes:
    """The body of a refusal, in the dialect that the target's upstream speaks, as far as there is one."""
    try:
        destination: Destination | None = locate(target, destinations, address, origin)[0]
    except RequestRefused:
        destination = None if origin is None else destination_at(origin, destinations)
    if destination is None:
        return plain_error_body(refused.status, refused.problem)
    return destination.dialect.error_body(refused.status, f"inference-sidecar: {refused.problem}")


def locate(
    target: bytes, destinations: dict[bytes, Destination], address: Address, origin: Address | None = None
) -> tuple[Destination, bytes, str]:
    """The upstream that a target leads to, what is left of it for the upstream, and the host that it named, if any.

    Raises:
        RequestRefused: it leads nowhere.
    """
    if origin is not None:
        return locate_within(origin, target, destinations)
    named = named_place(target)
    if named is not None:
        host, port, path = named
        for destination in destinations.values():
            if destination.serves(host, port, path):
                return destination, path[len(destination.base_path) :], host
    return (*find_destination(origin_form(target, address), destinations), "")


def find_destination(target: bytes, destinations: dict[bytes, Destination]) -> tuple[Destination, bytes]:
    """The upstream that a target's first segment names, and the rest of the target, byte for byte.

    Raises:
        RequestRefused: no upstream is called so.
    """
    name = target[1:].partition(b"/")[0].partition(b"?")[0]
    destination = destinations.get(name)
    if destination is None:
        known = ", ".join(sorted(f"/{name.decode()}" for name in destinations))
        raise RequestRefused(404, f"no upstream has this path; it must begin with one of {known} (upstreams)")
    rest = target[1 + len(name) :]
    if destination.kin and VERTEX_PATH.match(rest):
        destination = destinations.get(destination.kin, destination)
    return destination, rest if rest.startswith(b"/") else b"/" + rest


def _upgrade(head: RequestHead) -> bytes:
    """The protocol that the request asks to go on with; empty where it only offers it, or asks for none.

    RFC 9110 section 7.8: an offer may be ignored; HTTP/1.0 can't make one, nor can a field that Connection does not name.

    Raises:
        RequestRefused: what the caller wants is no HTTP any more and no WebSocket either, so an answer in HTTP would be none.
    """
    offered = _members(head, b"upgrade")
    if head.is_http10 or b"upgrade" not in _members(head, b"connection"):
        return b""
    has_body = head.framing.length or head.framing.is_chunked
    if not has_body and asks_for_websocket(
        head.method, head.is_http10, head.noted[b"upgrade"], head.noted[b"connection"]
    ):
        return WEBSOCKET
    if not all(protocol.startswith(OFFERS) for protocol in offered):
        wanted = b", ".join(offered).decode("latin-1")
        raise RequestRefused(
            501,
            f"the protocol can't be switched to {wanted}, only to {WEBSOCKET.decode()} by a GET without a body; point the "
            "client at the provider directly",
        )
    return b""


def _members(head: RequestHead, name: bytes) -> list[bytes]:
    """The members of a noted field that is a list, lower case."""
    return [member for part in head.noted.get(name, b"").split(b",") if (member := part.strip())]


def _labels(head: RequestHead, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The labels that the settings allow and the request has; others are not kept anywhere."""
    values = ((name, head.noted.get(b"x-sidecar-label-" + name.encode("ascii"), b"")) for name in names)
    return tuple((name, value.decode("latin-1")[:MAX_LABEL]) for name, value in values if value)


def _wish(given: bytes, otherwise: Wish) -> Wish:
    """The caller's own wish for the case that it leaves; an empty one is none."""
    wish = given.decode("latin-1").strip().lower()
    if not wish:
        return otherwise
    try:
        return Wish(OnDeparture(wish), WishedBy.REQUEST)
    except ValueError:
        raise RequestRefused(400, "X-Sidecar-On-Departure must be auto, follow or cut") from None


def _lease(given: bytes) -> float:
    """The lease that the caller gives for the operation that it opens, in seconds."""
    try:
        return lease_in(given.decode("latin-1"))
    except ValueError as error:
        raise RequestRefused(400, f"X-Sidecar-Lease {error}") from None


def _is_detached(given: bytes) -> bool:
    if given.strip() not in (b"true", b"false"):
        raise RequestRefused(400, "X-Sidecar-Detach must be true or false")
    return given.strip() == b"true"


def _may_be_rescued(given: bytes) -> bool:
    """A request can only opt out: what the settings do not allow, `on` does not bring back."""
    if given.strip().lower() not in (b"on", b"off"):
        raise RequestRefused(400, "X-Sidecar-Rescue must be on or off")
    return given.strip().lower() == b"on"
