"""fal: an app is run while the caller waits (host `fal.run`), or put into a queue (`queue.fal.run`) (providers-wire 3, 4 and 5).

Both hosts have the same paths, an app's id and whatever the app has below it, so each host is a dialect of its own. What is
billed stands in a header of the reply that has the result: so many units, and what a unit is hangs on the app.
"""

import re

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.figures import Figures
from sidecar.providers.paths import PathDialect, Row, unread

UNITS = "x-fal-billable-units"


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


ID = r"(?:(?:workflows|comfy)/)?[^/]+/[^/]+"
"""`owner/name`, in a namespace of fal-client's or in none."""
APP = rf"^/(?P<model>{ID}(?:/.+)?)"
"""An app, and what of it is asked for: `fal-ai/flux/dev`."""
REQUEST = rf"^/(?P<model>{ID})/requests/[^/]+"
"""One request in the queue: the app's sub-path is dropped there."""

OF_QUEUE = (
    unread("queue.cancel", f"{REQUEST}/cancel$", Role.CANCEL, verb="PUT"),
    unread("queue.status", f"{REQUEST}/status(/stream)?$", Role.POLL, verb="GET"),
    Row("queue.result", re.compile(f"{REQUEST}$"), Role.POLL, UnitsReader, verb="GET", reply_headers=(UNITS,)),
)
STREAM = Row(
    "stream", re.compile(f"{APP}/stream$"), Role.CALL, UnitsReader, kind=CallKind.STREAM, reply_headers=(UNITS,)
)
RUN = Row("run", re.compile(f"{APP}$"), Role.CALL, UnitsReader, reply_headers=(UNITS,))
SUBMIT = unread("queue.submit", f"{APP}$", Role.SUBMIT)

HOSTS = ("fal.run", "*.fal.run")


def envelope(status: int, message: str) -> object:
    """An error as fal-client reads it."""
    return {"detail": message}


FAL = PathDialect("fal", "fal", HOSTS, ON_CLOSE["fal"], rows=(*OF_QUEUE, STREAM, RUN), envelope=envelope)
FAL_QUEUE = PathDialect("fal_queue", "fal", HOSTS, ON_CLOSE["fal_queue"], rows=(*OF_QUEUE, SUBMIT), envelope=envelope)
