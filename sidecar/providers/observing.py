"""Readers of replies that describe an operation, for whatever dialect: what a document or an event says is told by a function.

A reply is one document or a stream of events. Large results in it cost no more than their bytes pass: a document is kept as
`bodies.skeleton` keeps it. What breaks off is read as far as it came for what can't change, above all the operation's name,
without which nobody could ever cancel it; it is never taken for an end.
"""

import re
from collections.abc import Callable

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.skeleton import BoundedCopy
from sidecar.bodies.sse import ServerSentEvents
from sidecar.clock import SECOND, Moment, from_rfc3339
from sidecar.providers.contract import ReplyHead, RequestFacts
from sidecar.providers.operation import Observed, OperationReader, Progress

Extract = Callable[[bytes], Observed | None]
"""Takes a document, or one event; None when it says nothing of an operation. Raises `Unreadable` when it is no document."""
OpenObserver = Callable[[ReplyHead, RequestFacts], OperationReader]

MOST_OF_CUT = 64 * 1024
"""Bytes of a document that broke off in which its operation's name is looked for."""


def whole_observed(extract: Extract) -> OpenObserver:
    """Makes the reader of a reply that is one document."""
    return lambda head, facts: DocumentObserver(extract, head)


def stream_observed(extract: Extract, hint: bytes = b"") -> OpenObserver:
    """Makes the reader of a reply in server-sent events. Only events that hold `hint` are looked at: most bring text."""
    return lambda head, facts: EventObserver(extract, head, hint)


def either_observed(of_document: Extract, of_event: Extract, hint: bytes = b"") -> OpenObserver:
    """Makes the reader of a reply that is one or the other, as its head says."""
    document, events = whole_observed(of_document), stream_observed(of_event, hint)
    return lambda head, facts: (events if head.is_event_stream else document)(head, facts)


class DocumentObserver:
    """Reads a reply that is one document; says nothing before its end. An error's document is about no operation."""

    __slots__ = ("_copy", "_decoder", "_extract", "_is_error", "_observed")

    def __init__(self, extract: Extract, head: ReplyHead) -> None:
        self._extract = extract
        self._is_error = head.status >= 400
        self._decoder = decoder_of(head.content_coding)
        self._copy = BoundedCopy()
        self._observed: Observed | None = None

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if not self._is_error:
            self._copy.feed(self._decoder.decode(chunk) if self._decoder else chunk)

    def finish(self) -> None:
        """The body has ended: read it."""
        if document := self._copy.take():
            self._observed = observed_in(document, self._extract)

    def observed(self) -> Observed | None:
        """What the document says."""
        return self._observed


class EventObserver:
    """Reads a stream of events: the newest that says something counts, and keeps what earlier ones said besides."""

    __slots__ = ("_decoder", "_events", "_extract", "_hint", "_is_error", "_observed")

    def __init__(self, extract: Extract, head: ReplyHead, hint: bytes) -> None:
        self._extract = extract
        self._hint = hint
        self._is_error = head.status >= 400
        self._decoder = decoder_of(head.content_coding)
        self._events = ServerSentEvents()
        self._observed: Observed | None = None

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if not self._is_error:
            self._note(self._events.feed(self._decoder.decode(chunk) if self._decoder else chunk))

    def finish(self) -> None:
        """The body has ended."""
        self._note(self._events.finish())

    def observed(self) -> Observed | None:
        """What the events have said."""
        return self._observed

    def _note(self, events: list[bytes]) -> None:
        for event in events:
            if self._hint not in event:
                continue
            try:
                told = self._extract(event)
            except Unreadable:
                continue
            if told is not None:
                self._observed = told if self._observed is None else joined(self._observed, told)


def joined(earlier: Observed, later: Observed) -> Observed:
    """The later word, with what only the earlier one said. What has ended does not run again."""
    if earlier.progress in ENDS and later.progress not in ENDS:
        earlier, later = later, earlier
    return Observed(
        later.progress,
        later.provider_id or earlier.provider_id,
        later.model or earlier.model,
        later.reported or earlier.reported,
        later.ended_at if later.ended_at is not None else earlier.ended_at,
        later.results or earlier.results,
        later.created_at if later.created_at is not None else earlier.created_at,
        later.mark or earlier.mark,
    )


ENDS = frozenset({Progress.SUCCEEDED, Progress.FAILED, Progress.CANCELLED})


# === a document that broke off ===


def observed_in(document: bytes, extract: Extract) -> Observed | None:
    """What a document says; of one that broke off, what can't change."""
    try:
        return extract(document)
    except Unreadable:
        pass
    if (closed := closed_up(document[:MOST_OF_CUT])) == document:
        return None
    try:
        cut = extract(closed)
    except Unreadable:
        return None
    if cut is None or not cut.provider_id:
        return None
    return Observed(Progress.RUNNING, cut.provider_id, cut.model, created_at=cut.created_at, mark=cut.mark)


TOKEN = re.compile(rb'"(?:[^"\\]++|\\.|)*+"|[{}\[\],:"]', re.DOTALL)
CLOSE = {b"{": b"}", b"[": b"]"}


def closed_up(document: bytes) -> bytes:
    """A document that broke off, up to its last whole value, with its brackets closed; what is no JSON stays none."""
    end, open_at_end = 0, b""
    closing: list[bytes] = []
    is_value = False
    for found in TOKEN.finditer(document):
        token = found[0]
        if token == b'"':
            break  # a string without its end
        if token in CLOSE:
            closing.append(CLOSE[token])
        elif token in b"}]" and closing:
            closing.pop()
        elif token == b":" or (token[:1] == b'"' and not is_value):
            is_value = token == b":"
            continue  # half a member
        end = found.start() if token == b"," else found.end()
        open_at_end = b"".join(reversed(closing))
        is_value = token in b",[" and closing[-1:] == [b"]"]
    return document[:end] + open_at_end


# === single values ===

IDENTITY = re.compile(r"[!-~]{1,1024}")
"""Printable ASCII without a space. Amazon's ARNs may have 1,011 characters, and are the longest names known to us."""
MOST_SECONDS = 1 << 33
"""Of the epoch: a moment later than the year 2242 is none."""


def id_of(value: object) -> str:
    """A provider's name for an operation; empty when it is none that could stand in a request."""
    return value if isinstance(value, str) and IDENTITY.fullmatch(value) else ""


def moment_of(value: object) -> Moment | None:
    """A moment told as RFC 3339 text or as seconds of the epoch; None when it is neither."""
    if isinstance(value, str):
        try:
            moment = from_rfc3339(value)
        except (ValueError, OverflowError):
            return None
        return moment if moment > 0 else None  # the year 1 is how Go says nothing
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < MOST_SECONDS:
        return int(value * SECOND)
    return None


def word_of(value: object, words: dict[str, Progress]) -> Progress:
    """A state's word, by a provider's table; one that we don't know is asked again (google-wire 3)."""
    return words.get(value, Progress.RUNNING) if isinstance(value, str) else Progress.RUNNING
