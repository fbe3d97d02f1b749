"""Requests of our own about operations, as data: where they go is made from the create request's own path.

So the base path, the version and what was kept of the query (Azure's `api-version`) stay as the caller has them. A path says
with a pattern which part of the create request's path it stands in place of, and with a template what stands there instead.
"""

import re
from collections.abc import Callable
from functools import partial
from urllib.parse import quote, unquote

import msgspec

from sidecar.providers.operation import Ask, Observed, Place

MakeAsk = Callable[[Place], Ask]

PATH_BYTES = "/:@!$&'()*+,;=-._~"
"""What may stand in a path as it is (RFC 3986 3.3), besides letters and digits."""
SEGMENT_BYTES = PATH_BYTES.removeprefix("/")
ID = "{id}"


def ask_at(opening: str, instead: str, verb: str = "GET", id_bytes: str = SEGMENT_BYTES) -> MakeAsk:
    r"""Asks at the create request's path, with `instead` in place of what `opening` matches at its end.

    In `instead` stand `{id}`, and `\1` for a group of `opening`. `id_bytes` are the characters of an id that stay as they are.
    """
    return partial(_ask_at, re.compile(rf"{opening}\Z"), instead, verb, id_bytes)


def ask_below(after: str = "", verb: str = "GET") -> MakeAsk:
    """Asks below the create request's path: `{path}/{id}` and `after`."""
    return ask_at("", f"/{ID}{after}", verb)


def ask_list(parameters: str) -> MakeAsk:
    """Asks for a listing where the create request went, with these parameters of the query besides those that were kept."""
    return partial(_ask_list, parameters)


def results_at(opening: str, instead: str) -> Callable[[Place, Observed], Ask | None]:
    """Asks for results that are called `Observed.results`, by which they stand in `instead`; None where there are none."""
    return partial(_results_at, ask_at(opening, instead))


def with_body(make: MakeAsk, **members: str) -> MakeAsk:
    """The same with a JSON body; a value of `{id}` is the operation's."""
    return partial(_with_body, make, members)


def _ask_at(opening: re.Pattern[str], instead: str, verb: str, id_bytes: str, place: Place) -> Ask:
    path = place.path.partition("?")[0]
    if opening.search(path) is None:
        path = quote(unquote(path), safe=PATH_BYTES)  # as a row reads it, whatever the caller wrote in its place
    found = opening.search(path)
    before, after = (path[: found.start()], found.expand(instead)) if found else (path, f"/{ID}")
    return Ask(verb, before + after.replace(ID, quote(place.provider_id, safe=id_bytes)) + place.query)


def _ask_list(parameters: str, place: Place) -> Ask:
    path = place.path.partition("?")[0]
    return Ask("GET", f"{path}{place.query}{'&' if place.query else '?'}{parameters}")


def _results_at(make: MakeAsk, place: Place, observed: Observed) -> Ask | None:
    return make(Place(place.path, observed.results)) if observed.results else None


def _with_body(make: MakeAsk, members: dict[str, str], place: Place) -> Ask:
    body = {name: value.replace(ID, place.provider_id) for name, value in members.items()}
    return msgspec.structs.replace(make(place), body=msgspec.json.encode(body))
