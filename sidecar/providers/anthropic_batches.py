"""Anthropic's message batches: how one is read, what its results add up to, and which model its requests are for.

Shapes are those of anthropic-python 2.12, `types/messages` (providers-wire 5). A batch tells how many of its requests came to
which end, and not what they used: that stands in the rows of its results, each with a whole message. Requests that failed, were
canceled or expired are not billed.
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.array import ArrayElements
from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import NULL, Unreadable, decoded
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.anthropic_reported import message_in
from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts, RequestHead
from sidecar.providers.names import name_of
from sidecar.providers.observing import ENDS, whole_observed
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from sidecar.providers.operation_asks import ask_below
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, nothing_in, observed_by
from sidecar.providers.result_rows import rows_of

# === the batch ===

WORDS = {"in_progress": Progress.RUNNING, "canceling": Progress.STOPPING, "ended": Progress.SUCCEEDED}


def end_of(told: Described) -> Progress:
    """How a batch stands. `ended` is the one end it has, so how its requests ended says which.

    One with canceled requests was stopped, whether or not some had been answered before. A cancel that found nothing left to
    stop changed nothing: the batch ended by itself. So did one whose every request failed or expired, which has brought nothing
    and therefore failed. Where nobody counts, it is not taken to have been stopped: that is claimed by evidence only.
    """
    counts = told.figures("request_counts")
    if told.progress is not Progress.SUCCEEDED:
        return told.progress
    if counts.count("canceled"):
        return Progress.CANCELLED
    has_failed = counts.count("errored") or counts.count("expired")
    return Progress.FAILED if has_failed and not counts.count("succeeded") else Progress.SUCCEEDED


def unbilled(told: Described) -> Reported | None:
    """Where no request succeeded nothing is billed; else the results tell."""
    counts = told.figures("request_counts")
    return NOTHING_BILLED if counts.has("succeeded") and not counts.count("succeeded") and counts.is_sound else None


def batch_in(document: bytes) -> Observed | None:
    """What a document says of a batch. Its results are asked for by its own name, and only where there are billed ones.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    observed = observed_by(BATCH, document)
    if observed is None or observed.reported is not None or observed.progress not in ENDS:
        return observed
    return msgspec.structs.replace(observed, results=observed.provider_id)


BATCH = Shape(
    words=WORDS,
    kind=("type", "message_batch"),
    state="processing_status",
    ended_at=("ended_at",),
    judge=end_of,
    report=lambda told: unbilled(told) if told.has_ended() else None,
)


# === its results ===


class Result(Struct, gc=False):
    """How one request ended."""

    type: object = None
    message: Raw = NULL


class ResultRow(Struct, gc=False):
    """One row of the results."""

    result: Result | None = None


ROW = msgspec.json.Decoder(ResultRow)


def result_in(row: bytes) -> Reported | None:
    """What one request used; None when it was not answered, and so is not billed.

    Raises:
        Unreadable: the row is no JSON object, or not a whole one.
    """
    result = decoded(ROW, row).result
    return message_in(bytes(result.message)) if result is not None and result.type == "succeeded" else None


def ask_results(place: Place, observed: Observed) -> Ask | None:
    """Asks for the results; None while there are none that are billed."""
    return ask_below("/results")(place) if observed.results else None


BATCHES = OperationWire(
    OperationKind.BATCH,
    whole_observed(batch_in),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    results=ask_results,
    open_results=rows_of(result_in),
    tier="batch",
)
"""A listing has nothing by which one that was never named could be told from others made in the same second."""
RESULTS = msgspec.structs.replace(BATCHES, open_reply=whole_observed(nothing_in))
"""The same family; its replies are rows of messages, and whoever reads them knows that it has ended."""


# === the request that opens one ===


class Params(Struct, gc=False):
    """The request for a message that one of a batch is."""

    model: object = None


class FirstRequest(Struct, gc=False):
    """One request of a batch."""

    params: Params | None = None


FIRST = msgspec.json.Decoder(FirstRequest)
MOST_BEFORE = 4096
"""Bytes before the array of requests, which is the only member that is documented."""


class BatchRequest:
    """Reads from a request for a batch, of which there may be 256 MB, the model of its first request, and then no more."""

    __slots__ = ("_before", "_decoder", "_elements", "_facts", "_is_over")

    def __init__(self, head: RequestHead) -> None:
        self._decoder = decoder_of(head.content_coding)
        self._before = b""
        self._elements: ArrayElements | None = None
        self._facts = NO_FACTS
        self._is_over = False

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body, up to the end of its first request."""
        if self._is_over:
            return
        chunk = self._decoder.decode(chunk) if self._decoder else chunk
        if self._elements is None:
            chunk = self._behind_bracket(chunk)
        if self._elements is not None and (elements := self._elements.feed(chunk)):
            self._facts = first_in(elements[0])
            self._is_over = True

    def finish(self) -> None:
        """The body has ended."""

    def facts(self) -> RequestFacts:
        """What was found."""
        return self._facts

    def text_bytes(self) -> int:
        """None that anybody asks for: what a batch uses is told by its results."""
        return 0

    def _behind_bracket(self, chunk: bytes) -> bytes:
        """The piece from the bracket on that opens the array; before it there is little."""
        self._before += chunk
        at = self._before.find(b"[")
        if at >= 0:
            chunk, self._before = self._before[at:], b""
            self._elements = ArrayElements()
        self._is_over = at < 0 and len(self._before) > MOST_BEFORE
        return chunk


def first_in(element: bytes) -> RequestFacts:
    """The model of a batch's first request."""
    try:
        params = decoded(FIRST, element).params
    except Unreadable:
        return NO_FACTS
    return RequestFacts(model=name_of(params.model)) if params is not None else NO_FACTS
