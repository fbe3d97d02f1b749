"""Inside of an intercepted tunnel: which upstream a request is for, whose caller believes to be talking to a provider's host.

No route's name stands in the target there: host, port and path choose. A path that is below no upstream's base path goes to the
host all the same, as it is, and nothing of it is read: what a caller asks there besides calls is its own affair.
"""

import msgspec

from sidecar.errors import RequestRefused
from sidecar.providers.contract import Dialect, Route
from sidecar.providers.on_close import OnCloseFacts
from sidecar.proxy.destination import Destination
from sidecar.proxy.target import Address, path_at


def destination_at(place: Address, destinations: dict[bytes, Destination]) -> Destination | None:
    """The first upstream that is reached at a place; None where none is."""
    return next((each for each in destinations.values() if each.is_at(*place)), None)


def locate_within(
    origin: Address, target: bytes, destinations: dict[bytes, Destination]
) -> tuple[Destination, bytes, str]:
    """The upstream that a target leads to, of those at a place the one whose base path fits best; the rest of it, and the host.

    Raises:
        RequestRefused: no upstream is there any more, or the target is for another place.
    """
    path = path_at(origin, target)
    there = [each for each in destinations.values() if each.is_at(*origin)]
    if not there:
        raise RequestRefused(404, f"no upstream has the host {origin[0]} any more (upstreams)")
    fitting = [each for each in there if each.has_path(path)]
    if not fitting:
        return outside_of(there[0]), path, origin[0]
    destination = max(fitting, key=lambda each: len(each.base_path))
    return destination, path[len(destination.base_path) :], origin[0]


class Unread:
    """A dialect of which no path is known; errors have the shape that the dialect of the host's upstream gives them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.name, self.provider, self.hosts = dialect.name, dialect.provider, dialect.hosts
        self.on_close: OnCloseFacts = dialect.on_close

    def route(self, method: str, path: str) -> Route | None:
        """No request is a call."""
        return None

    def refusal(self, method: str, path: str) -> str | None:
        """None is a mistake."""
        return None

    def error_body(self, status: int, message: str) -> bytes:
        """As the dialect's SDKs read it."""
        return self._dialect.error_body(status, message)


def outside_of(destination: Destination) -> Destination:
    """The same host, without a base path, and with no path that is known."""
    return msgspec.structs.replace(destination, base_path=b"", dialect=Unread(destination.dialect))
