"""Interactions in the background (google-wire 2.2, 2.3, 3, 4, 10).

A cancel "only applies to background interactions that are still running", and its answer's status may lag. There is no listing:
an interaction whose id was never learned can't be found again. One that waits for its caller (`requires_action`,
`requires_continuation`) is not at its end, so it runs, though nothing is computed meanwhile.
"""

import re
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, RequestFacts
from sidecar.providers.google_interactions import interaction_in
from sidecar.providers.google_reported import TIER_HEADER
from sidecar.providers.google_request import plain
from sidecar.providers.google_targets import cancel_at, key, parent_of, path_of, read_at
from sidecar.providers.names import text_of
from sidecar.providers.observing import ENDS, DocumentObserver, EventObserver, id_of, moment_of, word_of
from sidecar.providers.operation import Ask, Observed, OperationReader, OperationWire, Place, Progress

P = Progress

WORDS = {
    "queued": P.RUNNING, "in_progress": P.RUNNING, "requires_action": P.RUNNING, "requires_continuation": P.RUNNING,
    "completed": P.SUCCEEDED, "incomplete": P.SUCCEEDED, "failed": P.FAILED, "budget_exceeded": P.FAILED,
    "cancelled": P.CANCELLED,
}  # fmt: skip
"""An incomplete one has an answer, which was cut short; one over its budget was stopped before it had one."""


class Interaction(Struct, gc=False):
    """An interaction, or an event about one. Vertex's typed routes may write camelCase and upper case (google-wire 2.2)."""

    id: Raw = NULL
    name: Raw = NULL
    status: Raw = NULL
    model: Raw = NULL
    agent: Raw = NULL
    created: Raw = NULL
    updated: Raw = NULL


class Event(Struct, gc=False):
    """An event that says something of the whole."""

    interaction: Raw = NULL
    interaction_id: Raw = NULL
    camel_id: Raw = msgspec.field(name="interactionId", default=NULL)
    status: Raw = NULL


INTERACTION = msgspec.json.Decoder(Interaction)
EVENT = msgspec.json.Decoder(Event)


def document_in(document: bytes, header_tier: str = "") -> Observed | None:
    """What an interaction says of itself; None when it has no id.

    Raises:
        Unreadable: the document is no interaction, or not a whole one.
    """
    interaction = decoded(INTERACTION, document)
    identity = id_of(value_of(interaction.id)) or id_of(value_of(interaction.name))
    if not identity:
        return None
    progress = progress_of(interaction.status)
    is_end = progress in ENDS
    return Observed(
        progress,
        identity,
        name_in(interaction.model) or name_in(interaction.agent),
        interaction_in(document, header_tier) if is_end else None,
        moment_of(value_of(interaction.updated)) if is_end else None,
        created_at=moment_of(value_of(interaction.created)),
    )


def event_in(event: bytes, header_tier: str = "") -> Observed | None:
    """What one event says: `interaction.created` and `.completed` hold the interaction, `.status_update` names it.

    Raises:
        Unreadable: the event is no JSON object.
    """
    read = decoded(EVENT, event)
    if read.interaction is not NULL:
        return document_in(bytes(read.interaction), header_tier)
    identity = id_of(value_of(read.interaction_id)) or id_of(value_of(read.camel_id))
    return Observed(progress_of(read.status), identity) if identity else None


def progress_of(status: Raw) -> Progress:
    """Where an interaction stands."""
    return word_of(text_of(value_of(status)).lower(), WORDS)


def name_in(raw: Raw) -> str:
    """A model or an agent, without the collection before it."""
    return plain(text_of(value_of(raw)))


HINT = b'"interaction'
"""In every event that says something of the whole, in its type or its members; steps and their deltas don't have it."""


def open_interaction_operation(head: ReplyHead, facts: RequestFacts) -> OperationReader:
    """The reader of an interaction, whole or in events, as one that is attached to again comes."""
    tier = head.headers.get(TIER_HEADER, "")
    if head.is_event_stream:
        return EventObserver(partial(event_in, header_tier=tier), head, HINT)
    return DocumentObserver(partial(document_in, header_tier=tier), head)


# === our own requests ===

TYPED = re.compile(r"/interactions:create(?:Stream)?\Z")
"""Vertex's typed routes, whose cancel is a custom method."""


def cancel(place: Place) -> Ask:
    """Stops the task; what it used until then is read from the interaction."""
    is_typed = TYPED.search(path_of(place))
    return cancel_at(interaction_of, ":cancel" if is_typed else "/cancel")(place)


def interaction_of(place: Place) -> str:
    """`../interactions/{id}`, or `../interactionsHttp/{id}` where it was made there."""
    return f"{parent_of(place)}/{key(place)}"


INTERACTIONS_WIRE = OperationWire(
    kind=OperationKind.BACKGROUND,
    open_reply=open_interaction_operation,
    poll=read_at(interaction_of),
    cancel=cancel,
    reply_headers=(TIER_HEADER,),
)
