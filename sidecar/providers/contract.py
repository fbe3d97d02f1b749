"""What a dialect promises to the road of the bytes."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage


class Reported(msgspec.Struct, frozen=True, gc=False):
    """Usage as a provider reported it, so far or finally."""

    usage: Usage
    model: str = ""
    """The model that served, as the provider named it; empty when the reply does not say."""
    tier: str = ""
    """The service tier that was served (`flex`, `priority`, `batch`, `provisioned`), empty for standard."""
    basis: Basis = Basis.EXACT
    reason: str = ""
    """Why the basis is not exact, one word."""


class ReplyReader(Protocol):
    """Reads usage from a copy of one reply as it passes. Bounded in memory; never raises on what it is fed."""

    @property
    def is_terminal(self) -> bool:
        """The dialect's terminal event has been read: the answer is whole for the caller, even if bytes follow.

        A unary reply has no such event: it is terminal when its document has been read whole, after `finish`.
        """
        ...

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word (`unknown_coding`, `reply_too_large`); empty when all was."""
        ...

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the reply's body (framing removed, content coding not)."""
        ...

    def finish(self) -> None:
        """The body has ended, cleanly or not; nothing more is fed."""
        ...

    def reported(self) -> Reported | None:
        """What has been reported up to now; None when nothing was. Cheap enough to be asked at the moment a caller leaves."""
        ...


class RequestReader(Protocol):
    """Reads from a copy of the request body what the price needs. Bounded in memory; never raises."""

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the request's body."""
        ...

    def facts(self) -> dict[str, str]:
        """What was found, by name (`image_size`); given to the reply's reader."""
        ...


class ReplyHead(msgspec.Struct, frozen=True, gc=False):
    """What a reply's reader needs to know before the body."""

    status: int
    content_type: str = ""
    content_coding: str = ""
    """Value of `Content-Encoding`, lower case; empty for none."""
    tier: str = ""
    """Value of the dialect's `tier_header`; empty when it is absent, or the dialect has none."""


class Route(msgspec.Struct, frozen=True):
    """What a request is, told from its method and path alone."""

    method: str
    """The provider's name of the method: `generateContent`."""
    kind: CallKind
    model: str
    """As the path names it, without `models/` or publisher prefix."""
    is_billable: bool
    """False for calls that are free (`countTokens`): they pass as plain exchanges."""
    open_reply: Callable[[ReplyHead, dict[str, str]], ReplyReader]
    """Makes the reader of the reply, given its head and the request's facts."""
    open_request: Callable[[], RequestReader] | None = None
    """Makes the reader of the request, where the price needs one."""


class OnCloseFacts(msgspec.Struct, frozen=True):
    """What the provider does with the work when the connection closes, and how we know."""

    stream: OnClose
    unary: OnClose
    source: str
    date: str
    evidence: str

    def of(self, kind: CallKind) -> OnClose:
        """The fact for one kind of call."""
        return self.stream if kind is CallKind.STREAM else self.unary


class Dialect(Protocol):
    """One wire language."""

    name: str
    provider: str
    """The service that computes and bills: label value of the metrics."""
    on_close: OnCloseFacts
    tier_header: str
    """Lower-case name of the reply header that says which service tier was served; empty when there is none."""

    def route(self, method: str, path: str) -> Route | None:
        """The call that a request makes; None when it is none (it then passes through untouched, unmetered)."""
        ...

    def refusal(self, method: str, path: str) -> str | None:
        """A sentence when the request can only be a mistake that the provider would answer confusingly."""
        ...

    def error_body(self, status: int, message: str) -> bytes:
        """An error of ours in the shape that this dialect's SDKs read; `application/json`."""
        ...
