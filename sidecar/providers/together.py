"""Together: OpenAI's dialect, rerank, and operations of its own (providers-wire 5).

Streams end with a chunk that reports usage without being asked for it.
"""

from functools import partial
from urllib.parse import urlencode

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.observing import DocumentObserver, whole_observed
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_batches import BATCH, batches
from sidecar.providers.openai_request import open_call
from sidecar.providers.openai_routes import row
from sidecar.providers.operation import Ask, OperationReader, OperationWire, Place, Progress
from sidecar.providers.operation_asks import ask_below, ask_list
from sidecar.providers.operation_documents import Described, Shape, described_by, listed_by, observed_by
from sidecar.providers.operation_requests import about, about_request, opening_request
from sidecar.providers.paths import unread

P = Progress

# === batches ===

BATCH_WORDS = {
    "VALIDATING": P.RUNNING, "IN_PROGRESS": P.RUNNING, "CANCELING": P.STOPPING, "COMPLETED": P.SUCCEEDED, "FAILED": P.FAILED,
    "EXPIRED": P.FAILED, "CANCELLED": P.CANCELLED,
}  # fmt: skip
BATCH_JOB = msgspec.structs.replace(
    BATCH, words=BATCH_WORDS, inner="job", model="model_id", ended_at=("completed_at",), report=None
)
"""together-python, `types/batch_job.py`; the reply to a create has it in `job`. No usage is in it, so the output file is read."""

# === fine-tunes ===

TUNE_WORDS = {
    "pending": P.RUNNING, "queued": P.RUNNING, "running": P.RUNNING, "compressing": P.RUNNING, "uploading": P.RUNNING,
    "cancel_requested": P.STOPPING, "completed": P.SUCCEEDED, "error": P.FAILED, "user_error": P.FAILED,
    "cancelled": P.CANCELLED,
}  # fmt: skip
TUNE = Shape(words=TUNE_WORDS, mark="training_file")
FINE_TUNES = OperationWire(
    OperationKind.TUNING,
    whole_observed(described_by(TUNE)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    find=ask_list("limit=100"),
    found_in=listed_by(TUNE),
)

# === the queue ===

QUEUE_WORDS = {
    "pending": P.RUNNING, "running": P.RUNNING, "done": P.SUCCEEDED, "failed": P.FAILED, "canceled": P.CANCELLED,
}  # fmt: skip


def of_model(asked: str, told: Described, request: str) -> str:
    """A request's name with its model's before it, which every question about it has to name as well."""
    model = told.value("model")
    return f"{model if isinstance(model, str) and model else asked}/{request}"


def open_queued(head: ReplyHead, facts: RequestFacts) -> OperationReader:
    """The reader of what describes a request in the queue."""
    shape = Shape(words=QUEUE_WORDS, id="request_id", ended_at=("done_at",), named=partial(of_model, facts.model))
    return DocumentObserver(partial(observed_by, shape), head)


def names_of(place: Place) -> dict[str, str]:
    """How a request in the queue is named: by itself and its model."""
    model, _, request = place.provider_id.rpartition("/")
    return {"request_id": request, "model": model}


def ask_status(place: Place) -> Ask:
    """Asks with both names in the query (docs.together.ai/reference/queue-status)."""
    return ask_list(urlencode(names_of(place)))(Place(queue_at(place, "status"), ""))


def ask_cancel(place: Place) -> Ask:
    """Asks with both names in the body. What runs is not stopped: 409 (docs.together.ai/reference/queue-cancel)."""
    return Ask("POST", queue_at(place, "cancel"), msgspec.json.encode(names_of(place)))


def queue_at(place: Place, verb: str) -> str:
    """Where the queue does something else than take a request."""
    path = place.path.partition("?")[0]
    return f"{path.removesuffix('/submit')}/{verb}{place.query}"


QUEUE = OperationWire(
    OperationKind.BACKGROUND, open_queued, poll=ask_status, cancel=ask_cancel, id_parameter="request_id"
)

BY_ITS_REQUEST = about_request("request_id")
ROWS = (
    row("rerank", "/rerank", open_request=open_call),
    about(
        FINE_TUNES, "fine-tunes", r"/fine-tunes$", Role.SUBMIT, open_request=opening_request(marks=("training_file",))
    ),
    unread("fine-tunes.list", r"/fine-tunes$", verb="GET"),
    about(FINE_TUNES, "fine-tunes.get", r"/fine-tunes/(?P<id>[^/]+)$", Role.POLL, "GET"),
    about(FINE_TUNES, "fine-tunes.cancel", r"/fine-tunes/(?P<id>[^/]+)/cancel$", Role.CANCEL),
    about(QUEUE, "queue", r"/queue/submit$", Role.SUBMIT, open_request=opening_request()),
    about(QUEUE, "queue.get", r"/queue/status$", Role.POLL, "GET"),
    about(QUEUE, "queue.cancel", r"/queue/cancel$", Role.CANCEL, open_request=BY_ITS_REQUEST),
)
"""What is canceled in a queue stands in the body, and what is asked about in the query: not in the path."""

TOGETHER = OpenAIDialect(
    name="together",
    provider="together",
    hosts=("api.together.xyz", "api.together.ai"),
    on_close=ON_CLOSE["together"],
    rows=ROWS,
    operations={"batches": batches(BATCH_JOB)},
)
