"""fal: an app is run while the caller waits (host `fal.run`), or put into a queue (`queue.fal.run`) (providers-wire 3, 4 and 5).

Both hosts have the same paths, an app's id and whatever the app has below it, so each host is a dialect of its own. What is
billed stands in a header of the reply that has the result: so many units, and what a unit is hangs on the app.
"""

import re

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.observing import either_observed
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from sidecar.providers.operation_asks import ask_at
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, observed_by
from sidecar.providers.operation_requests import about
from sidecar.providers.paths import PathDialect, Row

UNITS = "x-fal-billable-units"
OK = 200


class UnitsReader:
    """Reads the billable units of a reply from its head; the body is the app's own, in whatever form."""

    __slots__ = ("_reported", "is_terminal")

    def __init__(self, head: ReplyHead, facts: RequestFacts) -> None:
        self.is_terminal = False
        self._reported = units_in(head.headers.get(UNITS))

    @property
    def gave_up(self) -> str:
        """Empty: there is nothing in the body that could have been missed."""
        return ""

    def feed(self, chunk: bytes) -> None:
        """The body says nothing."""

    def finish(self) -> None:
        """The body has ended."""
        self.is_terminal = True

    def reported(self) -> Reported | None:
        """The units that the head told."""
        return self._reported


def units_in(value: str | None) -> Reported | None:
    """The units that a header tells; None without one.

    A part of a unit (a video of 3.008 seconds, a third of a megapixel) is left out, and the rest is a lower bound.
    """
    if value is None:
        return None
    figures = Figures({UNITS: value})
    amount = figures.amount(UNITS)
    reported = figures.judged(Usage(units=int(amount)))
    if amount == int(amount):
        return reported
    return msgspec.structs.replace(reported, basis=Basis.AT_LEAST, reason="part_of_unit")


# === the queue ===

WORDS = {
    "IN_QUEUE": Progress.RUNNING, "IN_PROGRESS": Progress.RUNNING, "COMPLETED": Progress.SUCCEEDED,
    "CANCELLATION_REQUESTED": Progress.STOPPING, "ALREADY_COMPLETED": Progress.SUCCEEDED, "OK": Progress.CANCELLED,
}  # fmt: skip
"""The queue's, and those of the reply to a cancel: `OK` says that the request was taken out of the queue before it ran. There is
no word for one that was stopped: the app ends it as it likes, and it is COMPLETED then (providers-wire 5)."""
TOLD_BY_RESULT = "result"
"""What it cost stands in the head of the reply that has the result."""


def queued_in(document: bytes) -> Observed | None:
    """What a reply about a request in the queue says.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    observed = observed_by(QUEUED, document)
    if observed is None or observed.progress is not Progress.SUCCEEDED:
        return observed
    return msgspec.structs.replace(observed, results=TOLD_BY_RESULT)


def ended(told: Described) -> Progress:
    """How it stands; a completed one that names an error has failed."""
    has_failed = told.progress is Progress.SUCCEEDED and isinstance(told.value("error"), str)
    return Progress.FAILED if has_failed else told.progress


def removed(told: Described) -> Reported | None:
    """What was taken out of the queue is free."""
    return NOTHING_BILLED if told.progress is Progress.CANCELLED else None


QUEUED = Shape(words=WORDS, id="request_id", judge=ended, report=removed)


class ResultObserver:
    """Reads the reply that has the result: the request has ended, and the head tells what it cost. The body is the app's own."""

    __slots__ = ("_observed",)

    def __init__(self, head: ReplyHead, facts: RequestFacts) -> None:
        reported = units_in(head.headers.get(UNITS))
        self._observed = Observed(Progress.SUCCEEDED, reported=reported) if head.status == OK else None

    def feed(self, chunk: bytes) -> None:
        """The body says nothing."""

    def finish(self) -> None:
        """The body has ended."""

    def observed(self) -> Observed | None:
        """What the head told."""
        return self._observed


ID = r"(?:(?:workflows|comfy)/)?[^/]+/[^/]+"
"""`owner/name`, in a namespace of fal-client's or in none."""
APP = rf"^/(?P<model>{ID}(?:/.+)?)"
"""An app, and what of it is asked for: `fal-ai/flux/dev`."""
REQUEST = rf"^/(?P<model>{ID})/requests/(?P<id>[^/]+)"
"""One request in the queue: the app's sub-path is dropped there."""
OF_APP = rf"^(/{ID})(?:/.+)?"

RESULT_AT = ask_at(OF_APP, r"\1/requests/{id}")


def ask_result(place: Place, observed: Observed) -> Ask | None:
    """Asks for the result, whose head tells what it cost; None before there is one."""
    return RESULT_AT(place) if observed.results else None


QUEUE = OperationWire(
    OperationKind.BACKGROUND,
    either_observed(queued_in, queued_in),
    poll=ask_at(OF_APP, r"\1/requests/{id}/status"),
    cancel=ask_at(OF_APP, r"\1/requests/{id}/cancel", "PUT"),
    results=ask_result,
    open_results=UnitsReader,
    reply_headers=(UNITS,),
    webhook_parameter="fal_webhook",
)
RESULT = msgspec.structs.replace(QUEUE, open_reply=ResultObserver)
"""The same family; its replies are not about a request, but are what was asked for."""

OF_QUEUE = (
    about(QUEUE, "queue.cancel", f"{REQUEST}/cancel$", Role.CANCEL, "PUT"),
    about(QUEUE, "queue.status", f"{REQUEST}/status(/stream)?$", Role.POLL, "GET"),
    Row("queue.result", re.compile(f"{REQUEST}$"), Role.POLL, UnitsReader, verb="GET", reply_headers=(UNITS,), operation=RESULT),
)  # fmt: skip
STREAM = Row(
    "stream", re.compile(f"{APP}/stream$"), Role.CALL, UnitsReader, kind=CallKind.STREAM, reply_headers=(UNITS,)
)
RUN = Row("run", re.compile(f"{APP}$"), Role.CALL, UnitsReader, reply_headers=(UNITS,))
SUBMIT = about(QUEUE, "queue.submit", f"{APP}$", Role.SUBMIT)

HOSTS = ("fal.run", "*.fal.run")


def envelope(status: int, message: str) -> object:
    """An error as fal-client reads it."""
    return {"detail": message}


FAL = PathDialect("fal", "fal", HOSTS, ON_CLOSE["fal"], rows=(*OF_QUEUE, STREAM, RUN), envelope=envelope)
FAL_QUEUE = PathDialect("fal_queue", "fal", HOSTS, ON_CLOSE["fal_queue"], rows=(*OF_QUEUE, SUBMIT), envelope=envelope)
