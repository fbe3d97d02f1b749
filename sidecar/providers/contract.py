"""What a dialect promises to the road of the bytes."""

from collections.abc import Callable
from decimal import Decimal
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.on_close import OnCloseFacts

if TYPE_CHECKING:
    from sidecar.providers.live import LiveReader
    from sidecar.providers.operation import OperationWire


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
    continuation: str = ""
    """Digest of the token by which the caller may ask for the rest of this answer; empty when there is none."""
    cost_usd: Decimal | None = None
    """What the provider itself says it asks for the call, in US dollars; None where it does not say."""


class ReplyReader(Protocol):
    """Reads usage from a copy of one reply as it passes. Bounded in memory; never raises on what it is fed."""

    @property
    def is_terminal(self) -> bool:
        """The dialect's terminal event has been read: the answer is whole for the caller, even if bytes follow.

        It may turn out that it was not: another choice may begin behind one that had finished.
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


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    """What a request's reader needs to know before the body."""

    content_type: str = ""
    """Value of `Content-Type` as it was typed: the boundary of a multipart body is told by its case."""
    content_coding: str = ""
    """Value of `Content-Encoding`, lower case; empty for none."""


class RequestFacts(msgspec.Struct, frozen=True, gc=False):
    """What a request's body says. Only what is bounded and no prompt."""

    model: str = ""
    """The model as the body names it; empty when the path does, or nobody."""
    is_stream: bool | None = None
    """Whether the answer was asked for piece by piece; None when the body does not say."""
    is_background: bool = False
    """The work was asked to outlive this request: its reply opens an operation and reports no usage."""
    variant: str = ""
    """What a price per piece hangs on: an image's size and quality, a video's resolution (`metering.usage.Usage.variant`)."""
    pieces: int = 0
    """Images asked for; 0 when the body does not say."""
    seconds: int = 0
    """Seconds of video asked for; 0 when the body does not say."""
    characters: int = 0
    """Characters of text to be spoken, where that is what is billed."""
    asks_usage: bool = False
    """The caller itself asked that a stream report usage (`stream_options.include_usage`)."""
    mark: str = ""
    """Digest of what the request calls the operation that it opens (a display name, its input file), by which a listing can be
    searched for it (`names.mark_of`); empty for nothing."""
    has_webhook: bool = False
    """The caller asked to be told when the work is done: it is meant to outlive its connection."""
    operation_id: str = ""
    """The operation that the request is about, where only its body says so."""
    continues: str = ""
    """Digest of the token by which this request asks for the rest of an earlier answer; empty when it is no continuation."""


NO_FACTS = RequestFacts()


class RequestReader(Protocol):
    """Reads from a copy of the request body what kind, model and price need. Bounded in memory; never raises."""

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the request's body."""
        ...

    def finish(self) -> None:
        """The body has ended, cleanly or not; nothing more is fed. Called at most once."""
        ...

    def facts(self) -> RequestFacts:
        """What was found; `NO_FACTS` before `finish`."""
        ...

    def text_bytes(self) -> int:
        """Bytes of the body that may be text, of which an estimate of the input is made (`estimate.py`); 0 before `finish`."""
        ...


class ReplyHead(msgspec.Struct, frozen=True, gc=False):
    """What a reply's reader needs to know before the body."""

    status: int
    content_type: str = ""
    content_coding: str = ""
    """Value of `Content-Encoding`, lower case; empty for none."""
    headers: dict[str, str] = {}
    """The values of those of the route's `reply_headers` that the reply has, by lower-case name."""

    @property
    def is_event_stream(self) -> bool:
        """Whether the reply comes in server-sent events: what was asked for is not always what one gets."""
        return "event-stream" in self.content_type.lower()


class Role(Enum):
    """What a request is to the provider's bill."""

    CALL = auto()
    """One billable inference, answered by this reply."""
    FREE = auto()
    """Known, and not billed: counting tokens, lists, files, moderation."""
    SUBMIT = auto()
    """Opens work that outlives its request: an operation."""
    POLL = auto()
    """Asks about an operation."""
    CANCEL = auto()
    """Asks that an operation stop."""
    LIVE = auto()
    """Opens a socket that carries many calls; it is none itself (`live.py`)."""


class Inquiry(msgspec.Struct, frozen=True):
    """How a provider is asked, behind a call that was cut, what it asks for it."""

    identity: Callable[[ReplyReader], str]
    """What to ask about, as the reply named it; empty when it did not."""
    path: Callable[[str], bytes]
    """The target of the question about that."""
    read: Callable[[bytes], Reported | None]
    """What the answer says; None when it says nothing yet. Never raises."""


class Route(msgspec.Struct, frozen=True):
    """What a request is, told from its method and path alone."""

    method: str
    """The provider's name of the method: `generateContent`, `chat.completions`."""
    kind: CallKind
    """How the answer comes, unless the request's body says otherwise (`RequestFacts.is_stream`)."""
    model: str
    """As the path names it, without `models/` or publisher prefix; empty when only the body names it."""
    open_reply: Callable[[ReplyHead, RequestFacts], ReplyReader]
    """Makes the reader of the reply, given its head and the request's facts."""
    role: Role = Role.CALL
    open_request: Callable[[RequestHead], RequestReader] | None = None
    """Makes the reader of the request, where something hangs on the body."""
    needs_body: bool = False
    """Model or kind stand in the body: the call is counted under its labels when its request has been read."""
    asks_usage: bool = False
    """Streams of this route report usage only where the request says `stream_options.include_usage`."""
    asks_in_chunks: bool = False
    """They can report it in every chunk as well (`stream_options.continuous_usage_stats`)."""
    reply_headers: tuple[str, ...] = ()
    """Lower-case names of reply headers that the reader needs."""
    inquiry: Inquiry | None = None
    """How the provider is asked what a cut call cost; None where it can't be."""
    operation: "OperationWire | None" = None
    """The family of operations that it opens (SUBMIT; CALL where the body says `is_background`), asks about or cancels."""
    operation_id: str = ""
    """The operation that the path is about; empty where it names none."""
    open_live: "Callable[[str], LiveReader] | None" = None
    """Makes the reader of the socket that it opens (LIVE), given the target with its query."""
    on_close: OnCloseFacts | None = None
    """Where this route's provider is another than the dialect's (Claude on Vertex); None takes the dialect's facts."""

    @property
    def is_billable(self) -> bool:
        """The request is a call."""
        return self.role is Role.CALL

    def opens(self, facts: RequestFacts) -> bool:
        """Whether the request, read whole, opens an operation that we know how to speak about."""
        return self.operation is not None and (self.role is Role.SUBMIT or (self.is_billable and facts.is_background))


class Dialect(Protocol):
    """One wire language."""

    name: str
    provider: str
    """The service that computes and bills: label value of the metrics."""
    hosts: tuple[str, ...]
    """Globs of the host names where that service itself is reached. An upstream of another name at another host is a service of
    its own, priced and labeled by the upstream's name. Empty: nobody else speaks this dialect."""
    on_close: OnCloseFacts

    def route(self, method: str, path: str) -> Route | None:
        """The call that a request makes; None when it is none (it then passes through untouched, unmetered)."""
        ...

    def refusal(self, method: str, path: str) -> str | None:
        """A sentence when the request can only be a mistake that the provider would answer confusingly."""
        ...

    def error_body(self, status: int, message: str) -> bytes:
        """An error of ours in the shape that this dialect's SDKs read; `application/json`."""
        ...
