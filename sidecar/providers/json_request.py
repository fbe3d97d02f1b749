"""The reader of a request that is one JSON document, for whatever dialect: what it says is told by a function.

Only what the function takes out of it is kept, and how much text there was. A small document stays until somebody asks for
the latter, which nobody does as long as the provider reports what it used.
"""

from collections.abc import Callable

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.skeleton import BoundedCopy
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead

Extract = Callable[[bytes], RequestFacts]
"""Takes a document. Raises `Unreadable` when it is none."""

KEPT = 16 * 1024
"""Bytes of a document that is kept while its call runs."""
LONG_WORD = 512
"""Bytes in one string without a space that are no text: an image or a sound in base64, or a vector."""


class JsonRequest:
    """Reads a request that is one JSON document."""

    __slots__ = ("_copy", "_decoder", "_document", "_extract", "_facts", "_text_bytes")

    def __init__(self, extract: Extract, head: RequestHead) -> None:
        self._extract = extract
        self._decoder = decoder_of(head.content_coding)
        self._copy = BoundedCopy()
        self._facts = NO_FACTS
        self._document = b""
        self._text_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        self._copy.feed(self._decoder.decode(chunk) if self._decoder else chunk)

    def finish(self) -> None:
        """The body has ended: read it."""
        document = self._copy.take()
        if not document:
            return
        if len(document) > KEPT or self._copy.prose_bytes:
            self._text_bytes = text_bytes_in(document) + self._copy.prose_bytes
        else:
            self._document = document
        try:
            self._facts = self._extract(document)
        except Unreadable:
            return  # the provider will say what is wrong with it

    def facts(self) -> RequestFacts:
        """What was found."""
        return self._facts

    def text_bytes(self) -> int:
        """Bytes of the body that may be text."""
        return self._text_bytes or text_bytes_in(self._document)


def text_bytes_in(document: bytes) -> int:
    """Bytes in the strings of a document, without its keys and without long strings that have no space."""
    if b"\\" in document:
        document = document.replace(rb"\\", b"/").replace(rb"\"", b"'")
    pieces = document.split(b'"')  # strings are at odd places
    total = 0
    for text, after in zip(pieces[1::2], pieces[2::2], strict=False):
        is_key = after[:1] == b":" or after.lstrip()[:1] == b":"
        if not is_key and (len(text) <= LONG_WORD or b" " in text):
            total += len(text)
    return total
