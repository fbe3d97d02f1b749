"""What one family of operations has of its own: how they are planned, named and told. Each family is one value of this."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming, Speech
from sidecar.simulator.undertaking import Kind, Undertaking
from sidecar.simulator.view import View

Document = dict[str, Any]


class OpeningSpeech(Speech, Protocol):
    """The words of an answer that can be cancelled while it is told piece by piece."""

    def cancelled(self, step: int | None) -> bytes:
        """What a stream carries last when its work was cancelled after a step."""
        ...


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """One family."""

    name: str
    kind: Kind
    method: str
    """Of the create request, for the bill."""
    plan: Callable[[Route, Request, Settings], Undertaking]
    """Decides the work. Raises `Declined` for what can't be served."""
    name_of: Callable[[int], str]
    """The id of an operation, by its number: the last segment of its name."""
    tell: Callable[[View], Document]
    """The reply to a create and to a poll."""
    tell_cancel: Callable[[View], Document]
    """The reply to a cancel that was taken."""
    tell_list: Callable[[Sequence[View], bool], Document] | None = None
    """The reply with a page of them, newest first, and whether there are more; None where there is no such thing."""
    ended: Declined | None = None
    """How a cancel of what has ended is declined; None where it is answered like any other."""
    uncancellable: Declined | None = None
    """How every cancel is declined, where the provider has no such thing."""
    is_queued_first: bool = True
    """The reply to a create tells it as queued, however soon its work begins."""
    stops_at_once: bool = False
    """There is no word for the time between a cancel and its end."""
    results: Callable[[View], bytes | None] | None = None
    """Lines of results; None as long as there are none."""
    speak: Callable[[Plan, Naming], OpeningSpeech] | None = None
    """The words of a create that streams."""
    waits: Callable[[Request], float] = lambda request: 0.0
    """For how many seconds the create waits for the end before it is answered."""
    accepted: int = 200
    """HTTP status of the reply to a create."""
