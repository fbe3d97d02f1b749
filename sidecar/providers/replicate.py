"""Replicate: a prediction is opened, asked about and canceled (providers-wire 3, 4 and 5).

With `Prefer: wait` the reply to the opening request has the answer in it, if that came in time. What is billed is the time
that a model ran, or what it made: which of the two hangs on the model, not on the reply. Language models that are billed by
the token count them in `metrics`, and then the time is not billed.
"""

from functools import partial

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.observing import whole_observed
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_at
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, described_by
from sidecar.providers.operation_requests import about
from sidecar.providers.paths import PathDialect, unread, whole

ENDED = frozenset({"succeeded", "failed", "canceled", "aborted"})
"""`aborted`: its deadline passed before it began, which is free; replicate-python 1.0.7 does not know the word."""


class Prediction(Struct, gc=False):
    """A prediction or a training, as far as it says what it cost."""

    model: object = None
    status: object = None
    metrics: object = None


class Opening(Struct, gc=False):
    """A request that opens a prediction: the path names a model, or the body a version of one."""

    version: object = None
    webhook: object = None


PREDICTION = msgspec.json.Decoder(Prediction)
OPENING = msgspec.json.Decoder(Opening)


def reported_in(document: bytes) -> Reported | None:
    """What an ended prediction used; None while it runs.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    prediction = decoded(PREDICTION, document)
    metrics = Figures(prediction.metrics)
    if not (isinstance(prediction.status, str) and prediction.status in ENDED and metrics):
        return None
    return metrics.told(used(metrics), name_of(prediction.model))


def used(metrics: Figures) -> Usage:
    """`metrics` in our classes."""
    if metrics.has("input_token_count") or metrics.has("output_token_count"):
        return Usage(input=metrics.count("input_token_count"), output=metrics.count("output_token_count"))
    return Usage(compute_milliseconds=metrics.milliseconds("predict_time"))


def opening_in(document: bytes) -> RequestFacts:
    """The model that a version is of, where it is written `owner/name:version`; else the version. And whether a webhook is told.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    opening = decoded(OPENING, document)
    has_webhook = isinstance(opening.webhook, str) and opening.webhook != ""
    return RequestFacts(model=name_of(opening.version).partition(":")[0], has_webhook=has_webhook)


# === operations ===

WORDS = {
    "starting": Progress.RUNNING, "processing": Progress.RUNNING, "succeeded": Progress.SUCCEEDED,
    "failed": Progress.FAILED, "canceled": Progress.CANCELLED, "aborted": Progress.CANCELLED,
}  # fmt: skip


def ran(told: Described) -> Reported | None:
    """What an ended prediction used. One that was stopped before it began is not billed (providers-wire 5)."""
    reported = reported_in(told.document)
    is_unbegun = told.progress is Progress.CANCELLED and told.value("started_at") is None
    return NOTHING_BILLED if reported is None and is_unbegun else reported


PREDICTED = Shape(words=WORDS, ended_at=("completed_at",), report=ran)
"""A reply to the opening request may be the end already (`Prefer: wait`)."""


def wire(kind: OperationKind, opening: str, collection: str) -> OperationWire:
    """A family whose operations are asked about in a collection of their own, wherever they were opened."""
    return OperationWire(
        kind,
        whole_observed(described_by(PREDICTED)),
        poll=ask_at(opening, f"/{collection}/{{id}}"),
        cancel=ask_at(opening, f"/{collection}/{{id}}/cancel", "POST"),
    )


PREDICTIONS = wire(OperationKind.BACKGROUND, r"(?:/(?:models|deployments)/[^/]+/[^/]+)?/predictions", "predictions")
TRAININGS = wire(OperationKind.TUNING, r"/models/[^/]+/[^/]+/versions/[^/]+/trainings", "trainings")

open_prediction = whole(reported_in)
opens = partial(about, open_reply=open_prediction, open_request=partial(JsonRequest, opening_in), role=Role.SUBMIT)
asks = partial(about, open_reply=open_prediction, role=Role.POLL, verb="GET")
cancels = partial(about, open_reply=open_prediction, role=Role.CANCEL)

ROWS = (
    opens(PREDICTIONS, "predictions", r"/(?:models|deployments)/(?P<model>[^/]+/[^/]+)/predictions$"),
    opens(PREDICTIONS, "predictions", r"/predictions$"),
    unread("predictions.list", r"/predictions$", verb="GET"),
    asks(PREDICTIONS, "predictions.get", r"/predictions/(?P<id>[^/]+)$"),
    cancels(PREDICTIONS, "predictions.cancel", r"/predictions/(?P<id>[^/]+)/cancel$"),
    opens(TRAININGS, "trainings", r"/models/(?P<model>[^/]+/[^/]+)/versions/[^/]+/trainings$"),
    unread("trainings.list", r"/trainings$", verb="GET"),
    asks(TRAININGS, "trainings.get", r"/trainings/(?P<id>[^/]+)$"),
    cancels(TRAININGS, "trainings.cancel", r"/trainings/(?P<id>[^/]+)/cancel$"),
    unread("files", r"/files$"),
    unread(
        "lists", r"/(account|collections|deployments|files|hardware|models|webhooks/default/secret)(/.*)?$", verb="GET"
    ),
)

REPLICATE = PathDialect(
    name="replicate",
    provider="replicate",
    hosts=("api.replicate.com",),
    on_close=ON_CLOSE["replicate"],
    rows=ROWS,
    envelope=lambda status, message: {"title": "inference-sidecar", "detail": message, "status": status},
)
