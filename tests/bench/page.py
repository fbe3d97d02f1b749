"""`python -m tests.bench.page`: what one scrape costs, by the number of series. Asserts nothing.

Beside it, in the same rounds, the metrics library's own way: the same series as its counters, gauges and histograms, rendered
by its `generate_latest` without a step of ours. Medians of rounds; milliseconds of one thread.

    freeze   copying every cell on the event loop: so long no byte passes
    render   making the text in a thread, which shares the interpreter with the loop
    library  its own objects to text, all of which the loop would wait for if it were done there
"""

import argparse
import gc
import gzip
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.operation import GoneReason, OperationKind
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.page import Page, expose
from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.series import FrozenDistribution, FrozenFamily
from tests.bench.figures import ratio
from tests.telemetry.conftest import START, ListedCalls, a_record, an_operation

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
KINDS = (CallKind.UNARY, CallKind.STREAM, OperationKind.BACKGROUND, OperationKind.LRO, OperationKind.BATCH)
SIZES = ((1, 1), (2, 4), (2, 10), (2, 50))
"""Providers, and models of each. With all five kinds the second has about 2,300 series."""


class Figures(NamedTuple):
    """Milliseconds."""

    freeze: float
    text: float
    openmetrics: float
    gzipped: float
    library: float


def busy(providers: int, models: int) -> Recorder:
    """A recorder that has seen every kind of call and operation of so many models, some of them orphaned."""
    recorder = Recorder("1", ListedCalls(), LedgerHealth, providers * models)
    recorder.program.mode, recorder.program.prices_listed_at = "observe", START
    for provider in range(providers):
        recorder.exchange(f"provider-{provider}", 200, 0.0001)
        for model in range(models):
            for kind in KINDS:
                _live(recorder, f"provider-{provider}", f"model-{provider}-{model}", kind)
    return recorder


def _live(recorder: Recorder, provider: str, model: str, kind: CallKind | OperationKind) -> None:
    if isinstance(kind, OperationKind):
        opened = an_operation(f"{model}{kind}", provider=provider, model=model, kind=kind)
        recorder.operations.opened(opened)
        recorder.operations.departed(opened, GoneReason.LEASE_LAPSED)
        return
    for outcome in ("delivered", "orphan_finished"):
        call = recorder.admitted(provider, model, kind)
        left_at = START + 1 if outcome != "delivered" else None
        if left_at is not None:
            recorder.left(call, outcome, LeftReason.FIN, left_at, 0.001)
        recorder.settled(call, a_record(outcome, kind=kind, outcome=outcome, left_at=left_at))


def as_library(page: Page) -> CollectorRegistry:
    """The same series with the same values as the library's own objects."""
    registry = CollectorRegistry()
    for frozen in page.families:
        AS_OBJECTS[frozen.family.type](frozen, registry)
    return registry


def _counters(frozen: FrozenFamily, registry: CollectorRegistry) -> None:
    metric = Counter(frozen.family.name, frozen.family.help, frozen.family.labels, registry=registry)
    for labels, value in _numbers_of(frozen):
        (metric.labels(*labels) if labels else metric).inc(value)


def _gauges(frozen: FrozenFamily, registry: CollectorRegistry) -> None:
    metric = Gauge(frozen.family.name, frozen.family.help, frozen.family.labels, registry=registry)
    for labels, value in _numbers_of(frozen):
        (metric.labels(*labels) if labels else metric).set(value)


def _numbers_of(frozen: FrozenFamily) -> Iterator[tuple[tuple[str, ...], float]]:
    return ((labels, value) for labels, value in frozen.children if isinstance(value, int | float))


def _histograms(frozen: FrozenFamily, registry: CollectorRegistry) -> None:
    family = frozen.family
    metric = Histogram(family.name, family.help, family.labels, buckets=family.buckets, registry=registry)
    for labels, held in frozen.children:
        child = metric.labels(*labels) if labels else metric
        if isinstance(held, FrozenDistribution):
            for bound, number in zip((*family.buckets, family.buckets[-1] * 2), held.counts, strict=True):
                for _ in range(number):
                    child.observe(bound)


def _info(frozen: FrozenFamily, registry: CollectorRegistry) -> None:
    metric = Info(frozen.family.name.removesuffix("_info"), frozen.family.help, registry=registry)
    for labels, _ in frozen.children:
        metric.info(dict(zip(frozen.family.labels, labels, strict=True)))


def _stateset(frozen: FrozenFamily, registry: CollectorRegistry) -> None:
    states = [labels[0] for labels, _ in frozen.children]
    Enum(frozen.family.name, frozen.family.help, states=states, registry=registry)


AS_OBJECTS: dict[str, Callable[[FrozenFamily, CollectorRegistry], None]] = {
    "counter": _counters, "gauge": _gauges, "histogram": _histograms, "info": _info, "stateset": _stateset,
}  # fmt: skip


def milliseconds(what: Callable[[], object]) -> float:
    """Of one run."""
    started = time.perf_counter_ns()
    what()
    return (time.perf_counter_ns() - started) / 1e6


def measured(recorder: Recorder, library: CollectorRegistry) -> Figures:
    """One round. The process and the interpreter, which report themselves on every page, are left out on both sides."""
    page = ours(recorder)
    return Figures(
        freeze=milliseconds(recorder.page),
        text=milliseconds(lambda: expose(page)),
        openmetrics=milliseconds(lambda: expose(page, OPENMETRICS)),
        gzipped=milliseconds(lambda: expose(page, OPENMETRICS, "gzip")),
        library=milliseconds(lambda: generate_latest(library)),
    )


def ours(recorder: Recorder) -> Page:
    """The page without what others report."""
    return Page(recorder.page().families)


def count(page: Collector) -> int:
    """Series, as they are scraped."""
    return sum(len(metric.samples) for metric in page.collect())


def row(providers: int, models: int, rounds: int) -> str:
    """The figures of one size."""
    recorder = busy(providers, models)
    page = ours(recorder)
    library = as_library(page)
    found = [measured(recorder, library) for _ in range(rounds)]
    m = Figures(*(statistics.median(column) for column in zip(*found, strict=True)))
    whole = ratio([each.freeze + each.text for each in found], [each.library for each in found])
    loop = ratio([each.freeze for each in found], [each.library for each in found])
    text = expose(page).body
    kib, packed_kib = len(text) / 1024, len(gzip.compress(text, 1)) / 1024
    return (
        f"{providers} x {models:2} x {len(KINDS)} {count(page):7,} {kib:6.0f} {packed_kib:5.0f} |"
        f" {m.freeze:6.2f} {m.text:6.1f} {m.openmetrics:11.1f} {m.gzipped:7.1f} | {m.library:7.1f} {whole:6.2f} {loop:6.3f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    disable_created_metrics()
    gc.disable()
    print("providers              text  gzip |              render                | library  ours /  loop /")
    print("x models x kinds series KiB   KiB | freeze   text openmetrics + gzip   |    text library library")
    for providers, models in SIZES:
        print(row(providers, models, rounds))


if __name__ == "__main__":
    main()
