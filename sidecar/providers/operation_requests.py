"""Requests about operations: the rows of a table that they are, and what their bodies say.

What opens an operation may name a model, something by which the operation can be found in a listing, and whom to tell of its end.
"""

import re
from functools import partial

import msgspec
from msgspec import Raw

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.providers.contract import RequestFacts, Role
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.operation import OperationWire
from sidecar.providers.operation_documents import identity_of, marked, model_in
from sidecar.providers.paths import OpenReply, OpenRequest, Row
from sidecar.providers.unread import open_unread

FIELDS = msgspec.json.Decoder(dict[str, Raw])


def about(
    operation: OperationWire,
    method: str,
    path: str,
    role: Role,
    verb: str = "POST",
    *,
    open_reply: OpenReply = open_unread,
    open_request: OpenRequest | None = None,
) -> Row:
    """A row of requests about operations of one family."""
    return Row(method, re.compile(path), role, open_reply, open_request, verb=verb, operation=operation)


def opening_request(*, model: str = "model", marks: tuple[str, ...] = (), webhook: str = "") -> OpenRequest:
    """Makes the reader of a request that opens an operation. Names of members; of `marks` the first that is there counts."""
    return partial(JsonRequest, partial(opening_in, model, marks, webhook))


def opening_in(model: str, marks: tuple[str, ...], webhook: str, document: bytes) -> RequestFacts:
    """What such a request says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    fields = decoded(FIELDS, document)
    mark = next((mark for name in marks if (mark := marked(value_of(fields.get(name, NULL))))), "")
    told = value_of(fields.get(webhook, NULL))
    return RequestFacts(
        model=model_in(value_of(fields.get(model, NULL))), mark=mark, has_webhook=isinstance(told, str) and told != ""
    )


def about_request(member: str) -> OpenRequest:
    """Makes the reader of a request that names in its body the operation that it is about."""
    return partial(JsonRequest, partial(about_in, member))


def about_in(member: str, document: bytes) -> RequestFacts:
    """Which operation such a request is about.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return RequestFacts(operation_id=identity_of(value_of(decoded(FIELDS, document).get(member, NULL))))
