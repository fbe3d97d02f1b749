"""Google's long-running operations (`google.rpc`) and the words of its states, which all of its families share (google-wire 3).

A generic operation is only asked about and cancelled by its caller's own requests: what opens one has a family of its own, and
most servers answer its cancel with UNIMPLEMENTED (google-wire 4). Imports into a file search store have no cancel at all.
"""

import re
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.google_targets import ALLOWED, cancel_at, path_of, read_at
from sidecar.providers.observing import id_of, whole_observed, word_of
from sidecar.providers.operation import Observed, OperationWire, Place, Progress

P = Progress

JOB_WORDS = {
    "JOB_STATE_UNSPECIFIED": P.RUNNING, "JOB_STATE_QUEUED": P.RUNNING, "JOB_STATE_PENDING": P.RUNNING,
    "JOB_STATE_RUNNING": P.RUNNING, "JOB_STATE_UPDATING": P.RUNNING, "JOB_STATE_PAUSED": P.RUNNING,
    "JOB_STATE_CANCELLING": P.STOPPING,
    "JOB_STATE_SUCCEEDED": P.SUCCEEDED, "JOB_STATE_PARTIALLY_SUCCEEDED": P.SUCCEEDED, "JOB_STATE_FAILED": P.FAILED,
    "JOB_STATE_EXPIRED": P.FAILED, "JOB_STATE_CANCELLED": P.CANCELLED,
}  # fmt: skip
"""Vertex. One that is being cancelled may still succeed or fail."""

BATCH_WORDS = {
    "BATCH_STATE_UNSPECIFIED": P.RUNNING, "BATCH_STATE_PENDING": P.RUNNING, "BATCH_STATE_RUNNING": P.RUNNING,
    "BATCH_STATE_SUCCEEDED": P.SUCCEEDED, "BATCH_STATE_FAILED": P.FAILED, "BATCH_STATE_EXPIRED": P.FAILED,
    "BATCH_STATE_CANCELLED": P.CANCELLED,
} | JOB_WORDS  # fmt: skip
"""The Gemini API; the SDK knows these by the names of Vertex, and so may a server that stands in for Google's."""

CANCELLED_CODE = 1
"""Of google.rpc.Code; a status of an operation has those and no HTTP statuses (google-wire 9)."""


class Operation(Struct, gc=False):
    """One operation, as far as all have it."""

    name: Raw = NULL
    done: Raw = NULL
    error: Raw = NULL


OPERATION = msgspec.json.Decoder(Operation)


def ended_progress(state: object, words: dict[str, Progress], done: object, error: object) -> Progress:
    """Where an operation with a state's word stands.

    The word counts, for a batch that was cancelled may have any error code (google-wire 4); while it tells no end, `done` does.
    """
    progress = word_of(state, words)
    return rpc_progress(done, error) if progress is P.RUNNING else progress


def rpc_progress(done: object, error: object) -> Progress:
    """Where an operation stands by `done` and `error` alone."""
    if done is not True:
        return P.RUNNING
    if error is None:
        return P.SUCCEEDED
    code = error.get("code") if isinstance(error, dict) else None
    return P.CANCELLED if code == CANCELLED_CODE and code is not True else P.FAILED


def number_in(value: object) -> int:
    """An int64, which JSON has as a string; 0 when it is absent, negative (nobody knows it) or none."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def operation_in(document: bytes) -> Observed | None:
    """What an operation says of itself; None when it has no name.

    Raises:
        Unreadable: the document is no object, or not a whole one.
    """
    operation = decoded(OPERATION, document)
    name = id_of(value_of(operation.name))
    return Observed(rpc_progress(value_of(operation.done), value_of(operation.error)), name) if name else None


# === our own requests ===

VERSION = re.compile(r"/(?:.*?/)?v[0-9][a-z0-9]*(?=/)")
"""A path up to its version."""


def named(place: Place) -> str:
    """`/{version}/{name}`, under the version and the base path of the create request, without its query."""
    version = VERSION.match(path_of(place))
    return f"{version[0] if version else ''}/{quote(place.provider_id, safe=ALLOWED)}"


OPERATIONS_WIRE = OperationWire(
    is_generic=True,
    kind=OperationKind.LRO,
    open_reply=whole_observed(operation_in),
    poll=read_at(named),
    cancel=cancel_at(named),
)
"""A cancel is asynchronous, and best effort where a server has it."""
IMPORTS_WIRE = msgspec.structs.replace(OPERATIONS_WIRE, cancel=None)
"""Imports into a file search store: their operations can be read and nothing else."""
