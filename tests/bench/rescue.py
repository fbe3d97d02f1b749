"""`make bench-rescue`: what it costs a call that nobody abandons to be rescuable (`mode: enforce`). Asserts nothing.

The steps are the shelf's own, on a call of one piece, between calls that differ: the request is met, the reply's head and body
are kept, and all is let go. Microseconds of one thread, medians of rounds; beside them, taken in the same round, `json.loads` of
the same body, which everybody knows. `make bench` has the whole road in both modes.
"""

import json
import statistics
import time
from types import SimpleNamespace
from typing import Any

from sidecar.http1.framing import Framing
from sidecar.http1.head import ReplyHead
from sidecar.proxy.limits import RescueLimits
from sidecar.proxy.shelf import Shelf
from tests.bench.transcript import AT_ONCE, gemini

ROUNDS, CALLS = 21, 5_000
MOST_US = 2.0
BODY = gemini("").prompt(AT_ONCE)
HEAD = ReplyHead(200, b"OK", b"", {}, Framing(length=len(BODY)), keeps_alive=True)
LIMITS = RescueLimits(is_on=True, window_seconds=30, max_bytes=1 << 26, max_answer_bytes=1 << 24, refuses_repeats=False)


def some_calls() -> list[tuple[Any, Any]]:
    """Exchanges with their accounts, as far as the shelf looks at them."""
    return [
        (
            SimpleNamespace(abandoned=None, kept=None, is_settled=False),
            SimpleNamespace(key=number.to_bytes(16, "big"), shelf=None),
        )
        for number in range(CALLS)
    ]


def kept_and_let_go() -> float:
    """Microseconds for each call."""
    shelf, calls = Shelf(LIMITS), some_calls()
    started = time.perf_counter_ns()
    for exchange, account in calls:
        shelf.meet(exchange, account)
        shelf.keep(exchange, HEAD)
        exchange.kept.take(BODY, exchange)
        exchange.kept.is_whole = True
        shelf.let_go(exchange, account)
    return (time.perf_counter_ns() - started) / CALLS / 1e3


def nothing() -> float:
    """The loop by itself."""
    calls = some_calls()
    started = time.perf_counter_ns()
    for exchange, account in calls:
        exchange.kept, account.shelf = None, None
    return (time.perf_counter_ns() - started) / CALLS / 1e3


def loads() -> float:
    """What everybody knows."""
    started = time.perf_counter_ns()
    for _ in range(CALLS):
        json.loads(BODY)
    return (time.perf_counter_ns() - started) / CALLS / 1e3


def main() -> None:
    """Measure and print."""
    rounds = [(kept_and_let_go() - nothing(), loads()) for _ in range(ROUNDS)]
    cost, known = statistics.median(cost for cost, _ in rounds), statistics.median(known for _, known in rounds)
    ratio = statistics.median(cost / known for cost, known in rounds)
    met = "yes" if cost <= MOST_US else "NO"
    print(f"a call that could be rescued and is not: {cost:.2f} us more, {ratio:.2f} x json.loads ({known:.2f} us)")
    print(f"at most {MOST_US:g} us: {met}")


if __name__ == "__main__":
    main()
