"""Which calls are one wish of their caller: a retry after an attempt that failed, and a request for the rest of an answer.

No SDK sends an idempotency key (providers-wire 1.1): a retry is told by its request, which is the same byte for byte. Only
attempts that ended in a way that SDKs retry are remembered, as digests, so that two equal questions whose answers both came
are two calls. What is remembered serves the record (`attempt_of`) and changes nothing about the call.
"""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from sidecar.clock import SECOND, Moment
from sidecar.http1.head import RequestHead, field
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallRecord
from sidecar.providers.repeat_refusal import RETRIED

if TYPE_CHECKING:
    from sidecar.proxy.admission import Admission

WINDOW: Final = 120 * SECOND
"""How long after its end an attempt may still be followed by another. The longest wait between two that an SDK makes by itself is
60 s (google-genai, OpenRouter's; providers-wire 2, google-wire 6)."""
MOST: Final = 10_000
"""Attempts that are remembered; each takes some 300 bytes."""
FAILED: Final = frozenset({
    Outcome.UPSTREAM_FAILED, Outcome.CUT_SHORT, Outcome.UNDELIVERED,
    Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED, Outcome.ORPHAN_FINISHED,
})  # fmt: skip
"""Outcomes after which the caller has no answer."""
FIRST: Final = b"0"
"""`x-stainless-retry-count` of a first attempt."""


class Attempt:
    """What a request is told by, while it is read: where it goes and what it says."""

    __slots__ = ("_boundary", "_carry", "_digest", "_fields", "feed")

    def __init__(self, admission: "Admission", head: RequestHead) -> None:
        self._digest = blake2b(b"%b %b " % (head.method, head.target), digest_size=16)
        self._fields = head.fields
        self.feed: Callable[[bytes], None] = self._digest.update
        """Takes a piece of the request's body."""
        if b"boundary=" in head.noted.get(b"content-type", b""):
            self._boundary, self._carry = _boundary(head.fields), b""
            self.feed = self._feed_form

    def _feed_form(self, piece: bytes) -> None:
        piece, self._carry = _unbounded(self._boundary, self._carry + piece)
        self._digest.update(piece)

    def key(self) -> bytes:
        """The digest of all of it; nothing more is fed."""
        del self.feed  # or a form's attempt would hold itself
        return self._digest.digest()

    def says_first(self) -> bool:
        """The SDK says that this is no retry (Stainless: OpenAI, Anthropic, Groq, Together, Fireworks)."""
        return field(self._fields, b"x-stainless-retry-count") == FIRST


class Attempts:
    """The attempts that may be followed by another, by their keys; the id of the first of each chain."""

    def __init__(self) -> None:
        self.ids: OrderedDict[bytes, tuple[str, Moment]] = OrderedDict()
        """By key: the id, and the moment since when it may be followed."""

    def earlier(self, key: bytes, attempt: Attempt, continues: str, record: CallRecord) -> str | None:
        """The first call of the chain that this one goes on with; None when it is a call of its own."""
        if continues and (known := self._known(continues.encode("ascii"), record)):
            return known
        known = self._known(key, record)
        if known is None or attempt.says_first():
            return None
        del self.ids[key]  # it is followed now: the next one is another wish, unless this one fails too
        return known

    def _known(self, key: bytes, record: CallRecord) -> str | None:
        found = self.ids.get(key)
        return found[0] if found is not None and record.started_at - found[1] <= WINDOW else None

    def left(self, key: bytes, record: CallRecord, at: Moment) -> None:
        """The caller has gone without an answer, and may come again."""
        self._keep(key, record, at)

    def answered(self, key: bytes, record: CallRecord, status: int, at: Moment) -> None:
        """The provider declined: an SDK comes again at once where that may help, before this call has settled."""
        if status in RETRIED:
            self._keep(key, record, at)

    def settled(self, key: bytes, record: CallRecord, continuation: str) -> None:
        """The call has settled: remember it if an SDK would come again, and what it may be continued by."""
        at = record.settled_at or record.started_at
        if continuation:
            self._keep(continuation.encode("ascii"), record, at)
        if record.outcome in FAILED:
            self._keep(key, record, at)

    def _keep(self, key: bytes, record: CallRecord, at: Moment) -> None:
        if not key:
            return  # the request was never whole
        self.ids[key] = record.attempt_of or record.id, at
        self.ids.move_to_end(key)
        if len(self.ids) > MOST:
            self.ids.popitem(last=False)


def _boundary(fields: bytes) -> bytes:
    """The boundary of a multipart body: SDKs draw another one for each attempt."""
    _, _, value = field(fields, b"content-type").partition(b"boundary=")
    return value.partition(b";")[0].strip(b'" ')


def _unbounded(boundary: bytes, body: bytes) -> tuple[bytes, bytes]:
    """A body without its boundaries, and the end of it that may be the beginning of one."""
    body = body.replace(boundary, b"")
    kept = max(0, len(body) - len(boundary) + 1)
    return body[:kept], body[kept:]
