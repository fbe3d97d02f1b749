"""From a request's head to where it goes and what it is, or to why it goes nowhere."""

import msgspec

from sidecar.errors import RequestRefused
from sidecar.http1.head import RequestHead
from sidecar.lifecycle.policy import OnDeparture
from sidecar.providers.contract import Route
from sidecar.proxy.destination import Destination
from sidecar.proxy.replies import plain_error_body

MAX_CALLER_NAME = 200
"""Characters of `X-Sidecar-Caller` that are kept."""


class Admission(msgspec.Struct, frozen=True, gc=False):
    """A request that may go on."""

    destination: Destination
    target: bytes
    """The request target as the upstream will see it."""
    path: str
    """The target behind the upstream's name, without its query."""
    route: Route | None
    """None when the request is no call: it passes through as a plain exchange."""
    on_departure: OnDeparture
    caller: str | None


def admit(head: RequestHead, destinations: dict[bytes, Destination]) -> Admission:
    """Decide where a request goes.

    Raises:
        RequestRefused: nowhere, and the sentence says why.
    """
    destination, rest = find_destination(head.target, destinations)
    if head.noted.get(b"upgrade", b"").lower() == b"websocket":
        raise RequestRefused(
            501, "WebSockets are not offered by this version; point the client at the provider directly"
        )
    path = rest.partition(b"?")[0].decode("latin-1")
    method = head.method.decode("ascii")
    sentence = destination.dialect.refusal(method, path)
    if sentence:
        raise RequestRefused(400, sentence)
    return Admission(
        destination=destination,
        target=destination.base_path + rest,
        path=path,
        route=destination.dialect.route(method, path),
        on_departure=_wish(head, destination.on_departure),
        caller=head.noted.get(b"x-sidecar-caller", b"").decode("latin-1")[:MAX_CALLER_NAME] or None,
    )


def error_body(target: bytes, destinations: dict[bytes, Destination], refused: RequestRefused) -> bytes:
    """The body of a refusal, in the dialect that the target's upstream speaks, as far as there is one."""
    try:
        destination, _ = find_destination(target, destinations)
    except RequestRefused:
        return plain_error_body(refused.status, refused.problem)
    return destination.dialect.error_body(refused.status, f"inference-sidecar: {refused.problem}")


def find_destination(target: bytes, destinations: dict[bytes, Destination]) -> tuple[Destination, bytes]:
    """The upstream that a target's first segment names, and the rest of the target, byte for byte.

    Raises:
        RequestRefused: the target is not `/<upstream>/...`.
    """
    if not target.startswith(b"/"):
        raise RequestRefused(
            400, "the request target must start with /: this is a reverse proxy, set a base URL, not HTTP_PROXY"
        )
    name = target[1:].partition(b"/")[0].partition(b"?")[0]
    destination = destinations.get(name)
    if destination is None:
        known = ", ".join(sorted(f"/{name.decode()}" for name in destinations))
        raise RequestRefused(404, f"no upstream has this path; it must begin with one of {known}")
    rest = target[1 + len(name) :]
    return destination, rest if rest.startswith(b"/") else b"/" + rest


def _wish(head: RequestHead, otherwise: OnDeparture) -> OnDeparture:
    """The caller's own wish for the case that it leaves (`X-Sidecar-On-Departure`)."""
    wish = head.noted.get(b"x-sidecar-on-departure", b"").decode("latin-1").strip().lower()
    if not wish:
        return otherwise
    try:
        return OnDeparture(wish)
    except ValueError:
        raise RequestRefused(400, "X-Sidecar-On-Departure must be auto, follow or cut") from None
