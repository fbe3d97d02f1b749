"""Where Google is asked about an operation of its own: targets made of the create request's.

Version, base path, projects and locations stay as the create request had them: a cancel under another version or without the
project names something else (google-wire 4, caveat c). So does what is left of its query, `Place.query`: never a key, for the
road keeps only those parts of a query in an operation's row that hold no secret.
"""

from collections.abc import Callable
from urllib.parse import quote, unquote

from sidecar.lifecycle.operation_record import key_of
from sidecar.providers.operation import Ask, Place
from sidecar.providers.operation_asks import MakeAsk

ALLOWED = "/:@!$&'()*+,;=~"
"""What a path may hold beside letters, digits and `-._` (RFC 3986 3.3)."""
ALT = ("alt=", "$alt=", "%24alt=")
"""In what form a reply is wanted (google-wire 2)."""


def get(target: str) -> Ask:
    """A free read."""
    return Ask("GET", target)


def post(target: str, body: bytes = b"") -> Ask:
    """A custom method. Cancels have no body (google-wire 5.3)."""
    return Ask("POST", target, body)


def path_of(place: Place) -> str:
    """The path of the create request, without what was escaped in it for no reason."""
    path = place.path.partition("?")[0]
    return quote(unquote(path), safe=ALLOWED) if "%" in path else path


def parent_of(place: Place) -> str:
    """The same without its custom method: `../models/m:predictLongRunning` is `../models/m`."""
    path = path_of(place)
    parent, colon, verb = path.rpartition(":")
    return parent if colon and "/" not in verb else path


def root_of(place: Place, *collections: str) -> str:
    """What stands before the last of these collections: base path, version, and the project and location if there are any.

    `/v1beta/models/m:batchGenerateContent` is `/v1beta`.
    """
    path = parent_of(place)
    cut = max(path.rfind(f"/{collection}/") for collection in collections)
    return path[:cut] if cut >= 0 else path.rpartition("/")[0]


def key(place: Place) -> str:
    """The operation's last segment, as a path has it."""
    return quote(key_of(place.provider_id), safe="@~")


def query_of(place: Place, *more: str) -> str:
    """What is kept of the create request's query, and these parameters; but for `alt`, since we want no stream of events."""
    kept = [part for part in place.query.removeprefix("?").split("&") if part and not part.startswith(ALT)]
    parameters = "&".join([*kept, *more])
    return f"?{parameters}" if parameters else ""


def read_at(target_of: Callable[[Place], str]) -> MakeAsk:
    """Asks with a free read of that target."""
    return lambda place: get(target_of(place) + query_of(place))


def cancel_at(target_of: Callable[[Place], str], verb: str = ":cancel") -> MakeAsk:
    """Asks for a cancel: the verb behind that target."""
    return lambda place: post(f"{target_of(place)}{verb}{query_of(place)}")


def listing(target: str, place: Place) -> Ask:
    """The first hundred of a collection."""
    return get(target + query_of(place, "pageSize=100"))
