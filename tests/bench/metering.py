"""`make bench-metering`: what it costs to read usage out of a reply and to price it, dialect by dialect. Asserts nothing.

Each figure stands beside one that everybody knows, taken in the same round: `json.loads` of the same bytes. Medians of rounds;
microseconds of one thread.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from sidecar.clock import SystemClock
from sidecar.metering.billable import Billable, money_of
from sidecar.metering.price import PriceBook
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestHead, Route
from sidecar.providers.registry import DIALECTS
from tests.bench.metering_transcripts import TRANSCRIPTS, Transcript

CHUNKS = 400
REPEATS = 300


class Figures(NamedTuple):
    """Microseconds."""

    request: float
    unary: float
    price: float
    chunk: float
    loads_unary: float
    loads_chunk: float


def microseconds(what: Callable[[], object], times: int) -> float:
    """Of one run, over so many."""
    started = time.perf_counter_ns()
    for _ in range(times):
        what()
    return (time.perf_counter_ns() - started) / times / 1e3


def measured(name: str, transcript: Transcript, book: PriceBook) -> Figures:
    """One round over one dialect."""
    route = DIALECTS[name].route("POST", transcript.path)
    stream = DIALECTS[name].route("POST", transcript.stream_path)
    assert route is not None
    assert stream is not None
    reported = unary(route, transcript)
    assert reported is not None
    at = SystemClock().now()
    billable = Billable(
        provider=name, upstream=name, model=reported.model or transcript.model, at=at, usage=reported.usage
    )
    return Figures(
        request=microseconds(lambda: request(route, transcript), REPEATS),
        unary=microseconds(lambda: unary(route, transcript), REPEATS),
        price=microseconds(lambda: money_of(book, billable), REPEATS),
        chunk=chunk(stream, transcript),
        loads_unary=microseconds(lambda: json.loads(transcript.reply), REPEATS),
        loads_chunk=microseconds(lambda: json.loads(transcript.chunk_json), REPEATS),
    )


def request(route: Route, transcript: Transcript) -> None:
    """Read the request."""
    if route.open_request is not None:
        reader = route.open_request(RequestHead("application/json"))
        reader.feed(transcript.request)
        reader.finish()
        reader.facts()


def unary(route: Route, transcript: Transcript) -> Reported | None:
    """Read a whole reply."""
    reader = route.open_reply(ReplyHead(200, "application/json"), NO_FACTS)
    reader.feed(transcript.reply)
    reader.finish()
    return reader.reported()


def chunk(route: Route, transcript: Transcript) -> float:
    """Read chunks that carry nothing new; microseconds of one."""
    reader = route.open_reply(ReplyHead(200, transcript.stream_type), NO_FACTS)
    reader.feed(transcript.opening)
    return microseconds(lambda: reader.feed(transcript.chunk), CHUNKS)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-metering")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    book = PriceBook()
    book.load()
    gc.disable()
    found = {
        name: [measured(name, transcript, book) for _ in range(rounds)] for name, transcript in TRANSCRIPTS.items()
    }
    print("us             request  reply  price | reply / json.loads |  chunk | chunk / json.loads")
    for name, figures in found.items():
        m = Figures(*(statistics.median(column) for column in zip(*figures, strict=True)))
        print(
            f"{name:14} {m.request:7.2f} {m.unary:6.2f} {m.price:6.2f} | {m.unary / m.loads_unary:18.2f} |"
            f" {m.chunk:6.2f} | {m.chunk / m.loads_chunk:18.2f}"
        )


if __name__ == "__main__":
    main()
