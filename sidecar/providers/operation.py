"""What a dialect says of the operations that its requests open: how they are named, asked about and cancelled. All of it data.

An `OperationWire` belongs to one family of operations (Gemini batches, background responses). The row of its create, poll and
cancel paths all name the same one. Requests of our own are values (`Ask`); who sends them, and with whose credential, is not
known here.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts


class Progress(Enum):
    """Where the provider says that an operation stands. A word that we do not know is RUNNING: it is asked again."""

    RUNNING = auto()
    STOPPING = auto()
    """A cancel was taken and has not come to its end."""
    SUCCEEDED = auto()
    FAILED = auto()
    CANCELLED = auto()


class Observed(msgspec.Struct, frozen=True):
    """What one document, or a stream so far, says of an operation."""

    progress: Progress
    provider_id: str = ""
    """The provider's name for it; empty when the document does not say."""
    model: str = ""
    reported: Reported | None = None
    """What it used, where that is told here; None when nothing is (yet)."""
    ended_at: Moment | None = None
    """When it ended, where the provider says so."""
    results: str = ""
    """Where more is told of what it used, for `OperationWire.results`; empty for nowhere."""
    created_at: Moment | None = None
    mark: str = ""
    """As `RequestFacts.mark`, of an operation in a listing."""


class OperationReader(Protocol):
    """Reads a copy of a reply that describes an operation. Bounded in memory; never raises on what it is fed."""

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the reply's body (framing removed, content coding not)."""
        ...

    def finish(self) -> None:
        """The body has ended, cleanly or not; nothing more is fed. Called at most once."""
        ...

    def observed(self) -> Observed | None:
        """What has been said up to now; None when nothing was, or it could not be read. Cheap; may be asked at any time."""
        ...


class Ask(msgspec.Struct, frozen=True):
    """A request of our own to the provider. It carries no credential."""

    verb: str
    target: str
    """Behind the upstream's name, with its query."""
    body: bytes = b""
    content_type: str = "application/json"


class Place(msgspec.Struct, frozen=True):
    """Which operation an `Ask` is about."""

    path: str
    """`OperationRecord.path`: the target of the create request."""
    provider_id: str
    """Empty where it is not known (only `find`)."""

    @property
    def query(self) -> str:
        """What is kept of the create request's query, with its `?`; empty for none."""
        _, mark, query = self.path.partition("?")
        return mark + query


class OperationWire(msgspec.Struct, frozen=True):
    """One family of operations."""

    kind: OperationKind
    open_reply: Callable[[ReplyHead, RequestFacts], OperationReader]
    """Makes the reader of any reply that describes one: to a create, a poll, a cancel. The facts are the create request's."""
    poll: Callable[[Place], Ask]
    """How it is asked about; a free read."""
    cancel: Callable[[Place], Ask] | None
    """How it is cancelled; None where the provider has no such thing."""
    results: Callable[[Place, Observed], Ask | None] | None = None
    """Where its usage is told when the state does not tell it (rows of results); None for nowhere."""
    open_results: Callable[[ReplyHead, RequestFacts], ReplyReader] | None = None
    """Makes the reader of those results, which sums over their rows."""
    find: Callable[[Place], Ask] | None = None
    """A listing in which an operation whose id was never learned can be found by its `mark`; None where there is none."""
    found_in: Callable[[bytes], tuple[Observed, ...]] | None = None
    """The operations of a listing. Never raises."""
    reply_headers: tuple[str, ...] = ()
    """Lower-case names of reply headers that the reader needs."""
    id_parameter: str = ""
    """The parameter of a poll's query that names the operation, where neither path nor body does."""
    webhook_parameter: str = ""
    """The parameter of a create's query by which its caller asks to be told of the end."""
    is_generic: bool = False
    """Its paths are those of several families; a reply is read by the one that the operation was opened by."""
    unreported: str = ""
    """Why nothing says what it used, one word (`results_in_storage`); empty where the provider tells it."""
    tier: str = ""
    """The service tier that it is billed at, unless its reports say: `batch`."""
