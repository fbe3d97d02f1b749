"""What a family's readers say of replies, and where it would ask."""

import json
from typing import Any

from sidecar.providers.contract import NO_FACTS, ReplyHead, RequestFacts, RequestHead, RequestReader
from sidecar.providers.operation import Ask, Observed, OperationReader, OperationWire, Place, Progress
from tests.providers.wire import JSON

RUNNING, STOPPING, SUCCEEDED = Progress.RUNNING, Progress.STOPPING, Progress.SUCCEEDED
FAILED, CANCELLED = Progress.FAILED, Progress.CANCELLED


def told(reader: OperationReader, *pieces: bytes) -> Observed | None:
    """What a reader says of a body that came in these pieces."""
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.observed()


def observed(
    wire: OperationWire, document: object, facts: RequestFacts = NO_FACTS, head: ReplyHead = JSON
) -> Observed | None:
    """What a whole document says."""
    return told(wire.open_reply(head, facts), json.dumps(document, indent=1).encode())


def progress(wire: OperationWire, document: object) -> Progress | None:
    """Where it stands."""
    found = observed(wire, document)
    return found.progress if found else None


def asked(reader: RequestReader, document: Any) -> RequestFacts:
    """What a request says."""
    reader.feed(json.dumps(document).encode())
    reader.finish()
    return reader.facts()


def facts_of(open_request: Any, document: Any) -> RequestFacts:
    """The same, with the reader of a route."""
    return asked(open_request(RequestHead()), document)


def lines(wire: OperationWire, place: Place) -> dict[str, str]:
    """Where a family asks, by what for: `GET /v1beta/batches/b1`."""
    asks = {"poll": wire.poll(place)}
    if wire.cancel:
        asks["cancel"] = wire.cancel(place)
    if wire.find:
        asks["find"] = wire.find(place)
    return {name: line(ask) for name, ask in asks.items()}


def line(ask: Ask) -> str:
    """A request of ours as its first line; one with a body shows it."""
    return f"{ask.verb} {ask.target}" + (f" {ask.body.decode()}" if ask.body else "")


HOSTILE = (
    b"", b"null", b"[]", b"{}", b"7", b'"x"', b"{", b"\xff\xfe", b'{"name":7,"id":7,"status":{},"state":[],"metadata":[]}',
    b'{"name":null,"done":"yes","error":0,"response":[1]}', b'{"name":"a b","id":"\\u0000"}', b"[" * 5000,
    b'{"name":"' + b"x" * 5000 + b'"}', b'{"metadata":{"batchStats":"many","output":7}}', b'{"name":"a","id":"a","jobArn":',
)  # fmt: skip
"""Bodies that nothing should follow from."""
