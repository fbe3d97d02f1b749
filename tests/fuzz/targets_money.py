"""Prices and the questions of a report: what a user or a caller of the API can ask of the price book and of a ledger.

Inputs are JSON objects: of `price`, an override, what was used, and by whom; of `question`, the fields of a query.
"""

import contextlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from sidecar.bodies.lenient import UNREADABLE
from sidecar.clock import SECOND
from sidecar.errors import LedgerError, PriceError
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.memory import MemoryLedger
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.reader import SqliteReader
from sidecar.metering.bill import Bill, Unpriced
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import Usage
from tests.fuzz.book import RECORDS, book
from tests.fuzz.target import Target

AT = 1_790_000_000 * SECOND
BOOK_OF_LISTS = PriceBook()
LONGEST_GLOB = 200
OBJECT = msgspec.json.Decoder(dict[str, Any])
SELDOM = 16
"""Of so many questions one is asked as a report too, for which SQLAlchemy compiles statements for a tenth of a second."""
MEMORY = MemoryLedger("fuzz")
for record in RECORDS:
    MEMORY.put(record)


def price(data: bytes) -> None:
    """Whatever is asked has a bill that adds up, or a reason why there is none; an override is refused or it can be used."""
    asked = _object(data)
    try:
        usage = msgspec.convert(asked.get("usage", {}), Usage)
        overrides = msgspec.convert(asked.get("overrides", []), list[Override])
    except msgspec.ValidationError:
        return
    book = BOOK_OF_LISTS
    if overrides:
        try:
            book = PriceBook(overrides)
        except PriceError:
            return
    if all(0 <= count < 2**53 for count in usage.counts().values()):
        check_bill(book, usage, {name: value for name in WORDS_ASKED if isinstance(value := asked.get(name), str)})


WORDS_ASKED = ("provider", "upstream", "model", "asked_model", "tier", "method")


def check_bill(book: PriceBook, usage: Usage, words: Mapping[str, str]) -> None:
    """Twice the same, in whole amounts from 0 on, with a source; what was not told costs nothing."""
    question: dict[str, Any] = {"provider": "", "upstream": "", "model": "", "tier": "", **words, "at": AT}
    bill = book.bill(usage=usage, held_milliseconds=9, **question)
    assert book.bill(usage=usage, held_milliseconds=9, **question) == bill
    if isinstance(bill, Bill):
        assert bill.source
        assert all(amount.is_finite() and amount >= 0 for amount in (bill.input_usd, bill.output_usd))
    else:
        assert isinstance(bill, Unpriced)
    assert isinstance(book.bill(usage=None, held_milliseconds=0, **question), Bill | Unpriced)


def question(data: bytes) -> None:
    """The file answers a query as memory does, and every report of it can be made."""
    try:
        query = msgspec.convert(_object(data), CallQuery)
    except msgspec.ValidationError:
        return
    if not all(-(2**62) < (moment or 0) < 2**62 for moment in (query.since, query.until, query.limit)):
        return
    if not 0 <= (query.limit or 0) < 1_000 or max(map(len, _words(query)), default=0) > LONGEST_GLOB:
        return
    with contextlib.suppress(LedgerError):  # half a surrogate pair can't be asked for
        reader = SqliteReader.open(book().url)
        assert [one.id for one in reader.calls(query)] == [one.id for one in MEMORY.calls(query)]
        if zlib.crc32(data) % SELDOM == 0:
            reader.timeouts(query)
            reader.bill(query, list(By)[len(data) % len(By)], top=2, dearest=1)
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.convert(_object(data), OperationQuery)


def _words(query: CallQuery) -> list[str]:
    return [word for word in (query.upstream, query.model, query.caller, query.kind, query.outcome) if word is not None]


def _object(data: bytes) -> dict[str, Any]:
    try:
        return OBJECT.decode(data)
    except UNREADABLE:
        return {}


def told(**fields: object) -> bytes:
    """An input."""
    return json.dumps(fields).encode()


USED = {"input": 1000, "output": 10, "cached_input": 5, "images": 1, "variant": "1024x1024 high"}
PRICED = {"model": "gpt-*", "input_per_mtok_usd": "0.5", "image_usd_by": {"1024x1024": "0.1"}, "batch_factor": "0.5"}

TARGETS = (
    Target(
        "price",
        price,
        [
            told(provider="google", model="models/gemini-2.5-flash", tier="batch", usage=USED),
            told(provider="openai", model="gpt-image-1", usage=USED, overrides=[PRICED]),
            told(provider="bedrock", model="us.anthropic.claude-haiku-4-5-20251001-v1:0", asked_model="arn:aws:x", usage=USED),
            told(provider="x", model="m", overrides=[{"model": "*", "factor": "1.1"}, {"model": "*", "gpu_hour_usd": 2,
            "slots": 3}]),
            told(model="*[", overrides=[{"model": "[!a]*", "free": True}], method="chat.completions"),
        ],
        ("metering/price.py", "metering/override.py", "metering/override_rule.py", "metering/unit_prices.py",
        "metering/token_prices.py",
         "metering/model_name.py", "metering/variant.py", "metering/media.py", "metering/rule.py"),
        (b'"usage": {', b'"input": 1', b'"overrides": [{"model": "*", ', b'"free": true', b'"factor": "1.1"',
        b'"tier": "flex"', b'"google"', b'"openai"'),
        1024,
    ),
    Target(
        "question",
        question,
        [
            told(since=0, until=2**60, model="gemini-*", limit=2),
            told(model="*[", caller="?", outcome="open", orphaned_only=True),
            told(upstream="gemini", kind="unary", outcome="rescued"),
            told(model="%_\\", caller="", limit=0),
        ],
        ("ledger/questions.py",
            "ledger/matching.py",
        ),
        (b'"since": ', b'"until": ', b'"model": "', b'"limit": 1', b'"orphaned_only": true', b"*", b"?", b"[", b"%", b'"open"'),
        512,
    ),
)  # fmt: skip
