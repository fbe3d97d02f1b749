"""Veo's operations: videos in the making (google-wire 2.4, 4, 7.3, 10).

There is no cancel for them on either API: neither discovery document has one, and an orphaned video is paid for when it succeeds.
One that ended with an error is not billed.
"""

from functools import partial

import msgspec

from sidecar.bodies.lenient import Unreadable
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, RequestFacts
from sidecar.providers.google_long_running import operation_in
from sidecar.providers.google_targets import get, key, parent_of, post, query_of
from sidecar.providers.google_video import delivered_in
from sidecar.providers.observing import ENDS, DocumentObserver
from sidecar.providers.operation import Ask, Observed, OperationReader, OperationWire, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from sidecar.providers.operation_requests import about_request
from sidecar.providers.reported import NOTHING


def video_operation_in(document: bytes, facts: RequestFacts) -> Observed | None:
    """Where an operation stands, and the seconds of the videos that it delivered.

    Raises:
        Unreadable: the document is no operation, or not a whole one.
    """
    observed = operation_in(document)
    if observed is None or observed.progress not in ENDS:
        return observed
    try:
        reported = delivered_in(document, facts)
    except Unreadable:
        return observed  # it ended, whatever it delivered
    is_free = reported is not None and reported.usage == NOTHING
    return msgspec.structs.replace(observed, reported=NOTHING_BILLED if is_free else reported)


def open_video_operation(head: ReplyHead, facts: RequestFacts) -> OperationReader:
    """The reader of an operation; the facts are those of the request that opened it."""
    return DocumentObserver(partial(video_operation_in, facts=facts), head)


open_fetch_request = about_request("operationName")
"""The reader of a `fetchPredictOperation`, which names the operation in its body."""

# === our own requests ===


def poll(place: Place) -> Ask:
    """A read: POST on Vertex, whose operations of publishers' models have no path of their own, GET on the Gemini API."""
    model = parent_of(place)
    if "/publishers/" in model or place.provider_id.startswith("projects/"):
        body = msgspec.json.encode({"operationName": place.provider_id})
        return post(f"{model}:fetchPredictOperation{query_of(place)}", body)
    return get(f"{model}/operations/{key(place)}{query_of(place)}")


VIDEOS_WIRE = OperationWire(
    kind=OperationKind.LRO,
    open_reply=open_video_operation,
    poll=poll,
    cancel=None,
)
