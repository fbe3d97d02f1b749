"""The reader of a batch's results: rows of JSON, each of which reports what one request used, summed as they pass.

A file of results has any size, so a row is read when it is whole and then forgotten. Rows of several models have no one price,
so their bill is an estimate; a row that can't be read makes the sum a lower bound.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.lenient import NULL, Unreadable, decoded
from sidecar.bodies.ndjson import JsonLines
from sidecar.metering.basis import Basis, worst
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.reported import MALFORMED
from sidecar.providers.unary import Extract

SEVERAL_MODELS = "several_models"
SEVERAL_TIERS = "several_tiers"
MOST_NAMES = 100
"""Models, tiers and variants that are told apart; past them it is certain that there are several."""


class Sum:
    """What rows report, added up."""

    __slots__ = ("_basis", "_cost_usd", "_counts", "_models", "_reason", "_rows", "_tiers", "_variants")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._models: set[str] = set()
        self._tiers: set[str] = set()
        self._variants: set[str] = set()
        self._basis, self._reason = Basis.EXACT, ""
        self._cost_usd: Decimal | None = None
        self._rows = 0

    def add(self, reported: Reported) -> None:
        """Take one more row."""
        for name, count in reported.usage.counts().items():
            self._counts[name] = self._counts.get(name, 0) + count
        for names, name in (
            (self._models, reported.model), (self._tiers, reported.tier), (self._variants, reported.usage.variant),
        ):  # fmt: skip
            if len(names) < MOST_NAMES and (name or names is not self._models):
                names.add(name)
        self._cost_usd = self._cost_with(reported.cost_usd)
        self._rows += 1
        self.doubt(reported.basis, reported.reason)

    def doubt(self, basis: Basis, reason: str) -> None:
        """Something makes the sum less than exact."""
        self._basis, self._reason = worst(self._basis, basis), self._reason or reason

    def reported(self) -> Reported | None:
        """The sum; None when there was nothing to add."""
        if not self._rows:
            return None
        basis, reason = self._basis, self._reason
        if len(self._models) > 1 or len(self._tiers) > 1:
            basis = worst(basis, Basis.ESTIMATED)
            reason = reason or (SEVERAL_MODELS if len(self._models) > 1 else SEVERAL_TIERS)
        usage = Usage(**self._counts, variant=only(self._variants))
        return Reported(usage, only(self._models), only(self._tiers), basis, reason, cost_usd=self._cost_usd)

    def _cost_with(self, cost_usd: Decimal | None) -> Decimal | None:
        """What all rows cost, as long as all of them say."""
        if cost_usd is None or (self._rows and self._cost_usd is None):
            return None
        return cost_usd + (self._cost_usd or 0)


def only(names: set[str]) -> str:
    """The one name; empty when there are several."""
    return next(iter(names)) if len(names) == 1 else ""


class RowsReader:
    """Reads a reply of one JSON document on each line."""

    __slots__ = ("_decoder", "_extract", "_is_error", "_lines", "_sum", "is_terminal")

    def __init__(self, extract: Extract, head: ReplyHead) -> None:
        """`extract` takes a row; None when nothing was used for it."""
        self.is_terminal = False
        self._extract = extract
        self._is_error = head.status >= 400
        self._decoder = decoder_of(head.content_coding)
        self._lines = JsonLines()
        self._sum = Sum()

    @property
    def gave_up(self) -> str:
        """Why something was not read, one word; empty when all was."""
        return (self._decoder.gave_up if self._decoder else "") or self._lines.gave_up

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        if not self._is_error:
            self._add(self._lines.feed(self._decoder.decode(chunk) if self._decoder else chunk))

    def finish(self) -> None:
        """The body has ended."""
        if self.is_terminal:
            return
        self._add(self._lines.finish())
        self.is_terminal = not self._is_error
        if self.gave_up:
            self._sum.doubt(Basis.AT_LEAST, self.gave_up)

    def reported(self) -> Reported | None:
        """The sum of the rows up to now."""
        return self._sum.reported()

    def _add(self, rows: list[bytes]) -> None:
        for row in rows:
            try:
                reported = self._extract(row)
            except Unreadable:
                self._sum.doubt(Basis.AT_LEAST, MALFORMED)
                continue
            if reported is not None:
                self._sum.add(reported)


def rows_of(extract: Extract) -> Callable[[ReplyHead, RequestFacts], ReplyReader]:
    """Makes the reader of results that come as rows."""
    return lambda head, facts: RowsReader(extract, head)


# === rows of OpenAI's language ===


class Answered(Struct, gc=False):
    """The reply to one request of a batch."""

    body: Raw = NULL


class AnsweredRow(Struct, gc=False):
    """A row of a batch's output file; so at OpenAI, Azure, Groq, Mistral and Together."""

    response: Answered | None = None


ROW = msgspec.json.Decoder(AnsweredRow)


def answered_in(row: bytes) -> Reported | None:
    """What one request of a batch used; None when it failed.

    Raises:
        Unreadable: the row is no JSON object, or not a whole one.
    """
    answered = decoded(ROW, row).response
    return None if answered is None or answered.body == NULL else reported_in(bytes(answered.body))


open_answered_rows = rows_of(answered_in)
