"""From a request's head to where it goes and what it is, or to why it goes nowhere."""

import msgspec

from sidecar.errors import RequestRefused
from sidecar.http1.head import RequestHead
from sidecar.lifecycle.policy import OnDeparture
from sidecar.providers.contract import Route
from sidecar.proxy.destination import Destination
from sidecar.proxy.replies import plain_error_body
from sidecar.proxy.target import Address, origin_form

MAX_CALLER_NAME = 200
"""Characters of `X-Sidecar-Caller` that are kept."""

OFFERS = (b"h2c", b"http/", b"tls/")
"""Protocols that a request only offers to go on with: it is whole without them, and an answer in HTTP/1.1 is an answer to it."""


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


def admit(head: RequestHead, destinations: dict[bytes, Destination], address: Address) -> Admission:
    """Decide where a request goes that came to our `address`.

    Raises:
        RequestRefused: nowhere, and the sentence says why.
    """
    destination, rest = find_destination(origin_form(head.target, address), destinations)
    if b"upgrade" in head.noted:
        _check_upgrade(head)
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


def error_body(
    target: bytes, destinations: dict[bytes, Destination], address: Address, refused: RequestRefused
) -> bytes:
    """The body of a refusal, in the dialect that the target's upstream speaks, as far as there is one."""
    try:
        destination, _ = find_destination(origin_form(target, address), destinations)
    except RequestRefused:
        return plain_error_body(refused.status, refused.problem)
    return destination.dialect.error_body(refused.status, f"inference-sidecar: {refused.problem}")


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
    return destination, rest if rest.startswith(b"/") else b"/" + rest


def _check_upgrade(head: RequestHead) -> None:
    """RFC 9110 section 7.8: an offer may be ignored; HTTP/1.0 can't make one, nor can a field that Connection does not name.

    Raises:
        RequestRefused: what the caller wants is no HTTP any more, so an answer in HTTP would be none.
    """
    offered = _members(head, b"upgrade")
    if head.is_http10 or b"upgrade" not in _members(head, b"connection"):
        return
    if not all(protocol.startswith(OFFERS) for protocol in offered):
        wanted = b", ".join(offered).decode("latin-1")
        raise RequestRefused(
            501,
            f"the protocol can't be switched to {wanted} by this version; point the client at the provider directly",
        )


def _members(head: RequestHead, name: bytes) -> list[bytes]:
    """The members of a noted field that is a list, lower case."""
    return [member for part in head.noted.get(name, b"").split(b",") if (member := part.strip())]


def _wish(head: RequestHead, otherwise: OnDeparture) -> OnDeparture:
    """The caller's own wish for the case that it leaves (`X-Sidecar-On-Departure`)."""
    wish = head.noted.get(b"x-sidecar-on-departure", b"").decode("latin-1").strip().lower()
    if not wish:
        return otherwise
    try:
        return OnDeparture(wish)
    except ValueError:
        raise RequestRefused(400, "X-Sidecar-On-Departure must be auto, follow or cut") from None
