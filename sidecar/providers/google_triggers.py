"""Runs of triggers: each makes an interaction in the background (google-wire 3 and 4; python-genai 3.4.0, `triggers`).

A run has no cancel, and no path by which one of them is read. What is known, asked about and cancelled is the interaction that it
reports; a run that reports none can't be followed.
"""

from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, RequestFacts
from sidecar.providers.google_interaction_operations import document_in
from sidecar.providers.google_reported import TIER_HEADER
from sidecar.providers.google_targets import cancel_at, key, read_at, root_of
from sidecar.providers.names import text_of
from sidecar.providers.observing import DocumentObserver, id_of, moment_of, word_of
from sidecar.providers.operation import Observed, OperationReader, OperationWire, Place, Progress

P = Progress
WORDS = {
    "in_progress": P.RUNNING, "completed": P.SUCCEEDED, "failed": P.FAILED, "skipped": P.FAILED, "timed_out": P.FAILED,
}  # fmt: skip


class Execution(Struct, gc=False):
    """One run."""

    id: Raw = NULL
    trigger_id: Raw = NULL
    interaction_id: Raw = NULL
    status: Raw = NULL
    start_time: Raw = NULL
    end_time: Raw = NULL


EXECUTION = msgspec.json.Decoder(Execution)


def open_execution(head: ReplyHead, facts: RequestFacts) -> OperationReader:
    """The reader of a run, or of its interaction."""
    return DocumentObserver(partial(execution_in, header_tier=head.headers.get(TIER_HEADER, "")), head)


def execution_in(document: bytes, header_tier: str = "") -> Observed | None:
    """What a run says, or its interaction; None when it names no interaction and has not ended.

    Raises:
        Unreadable: the document is neither, or not a whole one.
    """
    execution = decoded(EXECUTION, document)
    if execution.trigger_id is NULL:
        return document_in(document, header_tier)
    interaction = id_of(value_of(execution.interaction_id))
    progress = word_of(text_of(value_of(execution.status)).lower(), WORDS)
    started_at = moment_of(value_of(execution.start_time))
    if interaction:  # what it used, and whether it has ended, the interaction says
        return Observed(P.RUNNING, interaction, created_at=started_at)
    if progress is P.RUNNING:
        return None
    ended_at = moment_of(value_of(execution.end_time))
    return Observed(progress, id_of(value_of(execution.id)), ended_at=ended_at, created_at=started_at)


def interaction_of(place: Place) -> str:
    """`/{version}/interactions/{id}`, beside the triggers."""
    return f"{root_of(place, 'triggers')}/interactions/{key(place)}"


TRIGGERS_WIRE = OperationWire(
    kind=OperationKind.BACKGROUND,
    open_reply=open_execution,
    poll=read_at(interaction_of),
    cancel=cancel_at(interaction_of, "/cancel"),
    reply_headers=(TIER_HEADER,),
)
