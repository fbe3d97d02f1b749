"""Batches of the Gemini API: many requests at half the price, within a day or two (google-wire 2.4, 3, 4, 10).

The document is an operation of google.rpc whose `metadata` has the state and the counts. What was used stands in the rows:
inlined in the document, or in a file of results. A row that failed is not billed.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, RequestFacts
from sidecar.providers.google_batch_rows import InlinedRows, row_reported
from sidecar.providers.google_long_running import BATCH_WORDS, ended_progress, number_in
from sidecar.providers.google_targets import cancel_at, get, key, listing, query_of, read_at, root_of
from sidecar.providers.names import mark_of, model_of
from sidecar.providers.observing import ENDS, DocumentObserver, id_of, moment_of
from sidecar.providers.operation import Ask, Observed, OperationWire, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from sidecar.providers.result_rows import rows_of

Part = TypeVar("Part")


class Stats(Struct, rename="camel", gc=False):
    """`batchStats`: int64, which JSON has as strings; what is 0 may be absent."""

    request_count: Raw = NULL
    successful_request_count: Raw = NULL
    pending_request_count: Raw = NULL


class Output(Struct, rename="camel", gc=False):
    """Where the results are, if not inlined."""

    responses_file: Raw = NULL


class Metadata(Struct, rename="camel", gc=False):
    """The batch itself."""

    state: Raw = NULL
    model: Raw = NULL
    display_name: Raw = NULL
    create_time: Raw = NULL
    end_time: Raw = NULL
    batch_stats: Raw = NULL
    output: Raw = NULL


class Batch(Struct, gc=False):
    """One batch, without its rows."""

    name: Raw = NULL
    done: Raw = NULL
    error: Raw = NULL
    metadata: Raw = NULL
    response: Raw = NULL


class Batches(Struct, gc=False):
    """A listing (python-genai 3.4.0: of operations)."""

    operations: list[Batch] = []


BATCH = msgspec.json.Decoder(Batch)
BATCHES = msgspec.json.Decoder(Batches)
METADATA = msgspec.json.Decoder(Metadata)
STATS = msgspec.json.Decoder(Stats)
OUTPUT = msgspec.json.Decoder(Output)


def batch_in(document: bytes) -> Observed | None:
    """What a batch says of itself, but for its inlined rows.

    Raises:
        Unreadable: the document is no batch, or not a whole one.
    """
    return observed_of(decoded(BATCH, document))


def observed_of(batch: Batch) -> Observed | None:
    """The same, once decoded; None when it has no name, as the empty answer to a cancel."""
    name = id_of(value_of(batch.name))
    if not name:
        return None
    metadata = part_of(METADATA, batch.metadata) or Metadata()
    progress = ended_progress(value_of(metadata.state), BATCH_WORDS, value_of(batch.done), value_of(batch.error))
    return Observed(
        progress,
        name,
        model_of(value_of(metadata.model)),
        NOTHING_BILLED if progress in ENDS and has_no_success(metadata.batch_stats) else None,
        moment_of(value_of(metadata.end_time)) if progress in ENDS else None,
        file_in(metadata.output) or file_in(batch.response),
        moment_of(value_of(metadata.create_time)),
        mark_of(value_of(metadata.display_name)),
    )


def part_of(decoder: "msgspec.json.Decoder[Part]", raw: Raw) -> Part | None:
    """A part of a batch; None where it is absent or of another shape, which must not hide the rest."""
    try:
        return None if raw == NULL else decoded(decoder, bytes(raw))
    except Unreadable:
        return None


def file_in(output: Raw) -> str:
    """The file of results that an output names."""
    told = part_of(OUTPUT, output)
    return id_of(value_of(told.responses_file)) if told else ""


def has_no_success(raw: Raw) -> bool:
    """Whether all rows were counted and none succeeded: then nothing is billed."""
    stats = part_of(STATS, raw)
    if stats is None or not number_in(value_of(stats.request_count)):
        return False
    open_or_done = (stats.successful_request_count, stats.pending_request_count)
    return not any(number_in(value_of(count)) for count in open_or_done)


def batches_in(document: bytes) -> tuple[Observed, ...]:
    """The batches of a listing."""
    try:
        batches = decoded(BATCHES, document).operations
    except Unreadable:
        return ()
    return tuple(found for batch in batches if (found := observed_of(batch)))


# === the reader ===


class BatchObserver:
    """Reads a batch's document: the batch from its copy, the rows as they pass."""

    __slots__ = ("_decoder", "_document", "_rows")

    def __init__(self, head: ReplyHead) -> None:
        self._decoder = decoder_of(head.content_coding)
        self._document = DocumentObserver(batch_in, msgspec.structs.replace(head, content_coding=""))
        self._rows = InlinedRows()

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        self._document.feed(self._rows.feed(self._decoder.decode(chunk) if self._decoder else chunk))

    def finish(self) -> None:
        """The body has ended."""
        self._document.finish()
        self._rows.finish()

    def observed(self) -> Observed | None:
        """What the document says, with the sum of its rows when the batch has ended."""
        observed = self._document.observed()
        if observed is None or observed.progress not in ENDS or observed.results:
            return observed
        return msgspec.structs.replace(observed, reported=self._rows.reported() or observed.reported)


def open_batch(head: ReplyHead, facts: RequestFacts) -> BatchObserver:
    """The reader of a batch."""
    return BatchObserver(head)


# === our own requests ===


def batch_of(place: Place) -> str:
    """`/{version}/batches/{id}`."""
    return f"{root_of(place, 'models', 'tunedModels')}/batches/{key(place)}"


def find(place: Place) -> Ask:
    """The listing in which display names stand."""
    return listing(f"{root_of(place, 'models', 'tunedModels')}/batches", place)


def results(place: Place, observed: Observed) -> Ask | None:
    """The file of results, as python-genai 3.4.0 asks for it; None when there is none."""
    if not observed.results.startswith("files/"):
        return None
    file = key(Place("", observed.results))
    return get(f"{root_of(place, 'models', 'tunedModels')}/files/{file}:download{query_of(place, 'alt=media')}")


BATCHES_WIRE = OperationWire(
    kind=OperationKind.BATCH,
    open_reply=open_batch,
    poll=read_at(batch_of),
    cancel=cancel_at(batch_of),
    results=results,
    open_results=rows_of(row_reported),
    find=find,
    found_in=batches_in,
    tier="batch",
)
"""A cancel is answered by an empty object; the state follows later, or not. Deleting a batch does not stop it (google-wire 4)."""
