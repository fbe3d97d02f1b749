"""Replicate: a prediction is opened, asked about and canceled (providers-wire 3, 4 and 5).

With `Prefer: wait` the reply to the opening request has the answer in it, if that came in time. What is billed is the time
that a model ran, or what it made: which of the two hangs on the model, not on the reply. Language models that are billed by
the token count them in `metrics`, and then the time is not billed.
"""

import re
from functools import partial

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.paths import PathDialect, Row, unread, whole

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


PREDICTION = msgspec.json.Decoder(Prediction)
OPENING = msgspec.json.Decoder(Opening)


def reported_in(document: bytes) -> Reported | None:
    """What an ended prediction used; None while it runs.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    prediction = decoded(PREDICTION, document)
    metrics = Figures(prediction.metrics)
    if prediction.status not in ENDED or not metrics:
        return None
    return metrics.told(used(metrics), name_of(prediction.model))


def used(metrics: Figures) -> Usage:
    """`metrics` in our classes."""
    if metrics.has("input_token_count") or metrics.has("output_token_count"):
        return Usage(input=metrics.count("input_token_count"), output=metrics.count("output_token_count"))
    return Usage(compute_milliseconds=metrics.milliseconds("predict_time"))


def opening_in(document: bytes) -> RequestFacts:
    """The model that a version is of, where it is written `owner/name:version`; else the version.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return RequestFacts(model=name_of(decoded(OPENING, document).version).partition(":")[0])


open_prediction = whole(reported_in)
OPENS = partial(JsonRequest, opening_in)

ROWS = (
    Row("predictions", re.compile(r"/(?:models|deployments)/(?P<model>[^/]+/[^/]+)/predictions$"), Role.SUBMIT, open_prediction),
    Row("predictions", re.compile(r"/predictions$"), Role.SUBMIT, open_prediction, OPENS),
    unread("predictions.list", r"/predictions$", verb="GET"),
    Row("predictions.get", re.compile(r"/predictions/[^/]+$"), Role.POLL, open_prediction, verb="GET"),
    Row("predictions.cancel", re.compile(r"/predictions/[^/]+/cancel$"), Role.CANCEL, open_prediction),
    Row("trainings", re.compile(r"/models/(?P<model>[^/]+/[^/]+)/versions/[^/]+/trainings$"), Role.SUBMIT, open_prediction),
    unread("trainings.list", r"/trainings$", verb="GET"),
    Row("trainings.get", re.compile(r"/trainings/[^/]+$"), Role.POLL, open_prediction, verb="GET"),
    Row("trainings.cancel", re.compile(r"/trainings/[^/]+/cancel$"), Role.CANCEL, open_prediction),
    unread("files", r"/files$"),
    unread("lists", r"/(account|collections|deployments|files|hardware|models|webhooks/default/secret)(/.*)?$", verb="GET"),
)  # fmt: skip

REPLICATE = PathDialect(
    name="replicate",
    provider="replicate",
    hosts=("api.replicate.com",),
    on_close=ON_CLOSE["replicate"],
    rows=ROWS,
    envelope=lambda status, message: {"title": "inference-sidecar", "detail": message, "status": status},
)
