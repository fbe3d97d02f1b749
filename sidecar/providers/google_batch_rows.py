"""What the rows of a Gemini batch report: those of its results file, and those inlined in its own document (google-wire 2.4).

The document has its rows twice, in `metadata.output` and in `response`, and they may be megabytes. They are cut out of the bytes
as these pass and summed once; the document itself is kept without them.
"""

import re

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.array import ArrayElements
from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.counts import careful_count
from sidecar.providers.google_reported import reported_in
from sidecar.providers.operation_documents import NOTHING_BILLED
from sidecar.providers.reported import MALFORMED, judged
from sidecar.providers.result_rows import Sum


class Row(Struct, gc=False):
    """One row: a response, or an error, which is not billed."""

    response: Raw = NULL


class Embedded(Struct, gc=False):
    """The response to a row that asked for an embedding (google-wire 2, `asyncBatchEmbedContent`)."""

    token_count: Raw = msgspec.field(name="tokenCount", default=NULL)


ROW = msgspec.json.Decoder(Row)
EMBEDDED = msgspec.json.Decoder(Embedded)


def row_reported(row: bytes) -> Reported | None:
    """What one row reports; None when it failed.

    Raises:
        Unreadable: it is no row, or not a whole one.
    """
    response = decoded(ROW, row).response
    if response == NULL:
        return None
    body = bytes(response)
    return reported_in(body) or embedded_in(body)


def embedded_in(response: bytes) -> Reported | None:
    """The tokens of a text that was embedded; None when they are not told."""
    count = decoded(EMBEDDED, response).token_count
    if count == NULL:
        return None
    tokens, is_count = careful_count(value_of(count))
    return judged(Usage(input=tokens), "", "", "" if is_count else MALFORMED)


BEGINNING = re.compile(rb'(?<!\\)"inlinedResponses"\s*:\s*\[')
"""Where the rows begin. An unescaped quote is never part of a string's text, so no prompt and no answer can feign this; in
documents of the SDK's and of Google's own the first array of this name is that of the rows."""
LONGEST_BEGINNING = 64
"""Bytes of one piece that are kept to see it if it is cut in two."""
MOST_AT_ONCE = 64 * 1024
"""Bytes of a piece that are looked at in one go: an array bounds the brackets in one."""
CUT = "rows_cut"


class InlinedArray(ArrayElements):
    """The elements of one array in the midst of a document, up to its end.

    It reaches into its parent's steps, which know where the array ends and don't say so.
    """

    __slots__ = ("_at", "end")

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self.end = -1
        """Where the piece fed last goes on behind the array; -1 as long as it is open."""

    def _next_bracket(self, piece: bytes, at: int) -> int:
        self._at = super()._next_bracket(piece, at) if self.end < 0 else len(piece)
        return self._at

    def _close(self) -> bool:
        is_element = super()._close()
        if self._depth == 0:
            self.end = self._at + 1
        return is_element


class InlinedRows:
    """Takes a batch's document in pieces, sums what its rows report, and gives what is left of it without them. Never raises."""

    __slots__ = ("_are_all_read", "_array", "_has_begun", "_rows", "_sum", "_tail")

    def __init__(self) -> None:
        self._sum = Sum()
        self._rows = 0
        self._has_begun = False
        """The rows have been seen: the next array of them is the same ones again."""
        self._are_all_read = True
        self._tail = b""
        self._array: InlinedArray | None = None

    def feed(self, piece: bytes) -> bytes:
        """Look at the next piece of the document; returns what of it are no rows."""
        if len(piece) > MOST_AT_ONCE:
            return b"".join(self.feed(piece[at : at + MOST_AT_ONCE]) for at in range(0, len(piece), MOST_AT_ONCE))
        left = []
        while piece:
            before, piece = self._outside(piece) if self._array is None else self._inside(piece, self._array)
            left.append(before)
        return b"".join(left)

    def finish(self) -> None:
        """The document has ended."""
        if self._array is not None:
            self._doubt(self._array.gave_up or CUT)

    def reported(self) -> Reported | None:
        """What the rows report together: nothing that is billed when all of them failed; None when there are none."""
        return self._sum.reported() or (NOTHING_BILLED if self._rows and self._are_all_read else None)

    def _outside(self, piece: bytes) -> tuple[bytes, bytes]:
        """Go on to where rows begin; what stands before that, and what is left."""
        text, known = self._tail + piece, len(self._tail)
        found = BEGINNING.search(text)
        if found is None:
            self._tail = text[-LONGEST_BEGINNING:]
            return piece, b""
        self._tail, self._array = b"", InlinedArray()
        self._array.feed(b"[")
        return text[known : found.end()], text[found.end() :]

    def _inside(self, piece: bytes, array: InlinedArray) -> tuple[bytes, bytes]:
        """Go on to where the rows end."""
        for row in array.feed(piece):
            if not self._has_begun:
                self._note(row)
        if array.end < 0:
            return b"", b""
        if array.gave_up:
            self._doubt(array.gave_up)
        self._array, self._has_begun = None, True
        return b"]", piece[array.end :]

    def _note(self, row: bytes) -> None:
        self._rows += 1
        try:
            reported = row_reported(row)
        except Unreadable:
            self._doubt(MALFORMED)
            return
        if reported is not None:
            self._sum.add(reported)

    def _doubt(self, reason: str) -> None:
        self._are_all_read = False
        self._sum.doubt(Basis.AT_LEAST, reason)
