"""Batches in OpenAI's language (providers-wire 4 and 5; openai-python 3.54, `types/batch.py`)."""

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import Reported
from sidecar.providers.observing import whole_observed
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_below, ask_list, results_at
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, described_by, listed_by
from sidecar.providers.result_rows import open_answered_rows

P = Progress
LISTED = "limit=100"
FILE_CONTENT = r"/files/{id}/content"
"""Where a batch's output is, beside the batches."""

BATCH_WORDS = {
    "validating": P.RUNNING, "in_progress": P.RUNNING, "finalizing": P.RUNNING, "cancelling": P.STOPPING,
    "completed": P.SUCCEEDED, "failed": P.FAILED, "expired": P.FAILED, "cancelled": P.CANCELLED,
}  # fmt: skip
"""One that expired has not done what was asked, and is billed for the lines that it did."""


def batch_used(told: Described) -> Reported | None:
    """The usage of a batch, which stands in it since 2025-09-07; nothing is billed where no line was completed."""
    reported = reported_in(told.document)
    if reported is not None or not told.has_ended():
        return reported
    counts = told.figures("request_counts")
    nothing_done = counts.has("completed") and not counts.count("completed") and counts.is_sound
    return NOTHING_BILLED if nothing_done else None


BATCH = Shape(
    words=BATCH_WORDS,
    ended_at=("completed_at", "failed_at", "expired_at", "cancelled_at", "finalized_at"),
    mark="input_file_id",
    results="output_file_id",
    report=batch_used,
)


def batches(shape: Shape = BATCH, cancel: str = "/cancel") -> OperationWire:
    """Batches. Where the object tells no usage (Groq, Azure's older ones), the rows of the output file do."""
    return OperationWire(
        OperationKind.BATCH,
        whole_observed(described_by(shape)),
        poll=ask_below(),
        cancel=ask_below(cancel, "POST") if cancel else None,
        results=results_at("/batches", FILE_CONTENT),
        open_results=open_answered_rows,
        find=ask_list(LISTED),
        found_in=listed_by(shape),
        tier="batch",
    )


BATCHES = batches()
