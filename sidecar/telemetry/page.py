"""The page that a scraper reads: frozen families made into text by the metrics library."""

import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, choose_encoder, generate_latest, gzip_accepted
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from sidecar.telemetry.series import INFINITY, FrozenDistribution, FrozenFamily

FAST_GZIP = 1
"""A page of 300 KB shrinks to a twentieth even so; level 9 takes ten times as long."""


Bucket = tuple[str, float] | tuple[str, float, Exemplar]
"""A bucket as the library takes it: bound, count up to it, perhaps an example."""


class Exposition(msgspec.Struct, frozen=True):
    """One answer to one scrape."""

    body: bytes
    content_type: str
    is_gzipped: bool


class Page:
    """All families at one instant, in the library's form; cheap to make, rendered by `expose`.

    `others` are collectors that read their figures while the page is rendered: the process, the interpreter.
    """

    def __init__(self, families: Iterable[FrozenFamily], others: Sequence[Collector] = ()) -> None:
        self.families: Sequence[FrozenFamily] = list(families)
        """Ours."""
        self._others = others

    def collect(self) -> Iterator[Metric]:
        """The library's metrics, one family after the other."""
        for frozen in self.families:
            yield AS_METRIC[frozen.family.type](frozen)
        for other in self._others:
            yield from other.collect()


class _Chosen:
    """Of a page, the samples with the given names (`?name[]=`)."""

    def __init__(self, page: Page, names: frozenset[str]) -> None:
        self._page, self._names = page, names

    def collect(self) -> Iterator[Metric]:
        for metric in self._page.collect():
            chosen = Metric(metric.name, metric.documentation, metric.type, metric.unit)
            chosen.samples = [sample for sample in metric.samples if sample.name in self._names]
            if chosen.samples:
                yield chosen


def runtime_collectors() -> tuple[Collector, ...]:
    """The usual `process_*` and `python_*` families, apart from the library's global registry."""
    nowhere = CollectorRegistry()
    return ProcessCollector(registry=nowhere), PlatformCollector(registry=nowhere), GCCollector(registry=nowhere)


def expose(page: Page, accept: str = "", accept_encoding: str = "", names: Sequence[str] = ()) -> Exposition:
    """Render a page as the scraper asked: text 0.0.4 unless `accept` prefers OpenMetrics. Takes 10 to 15 us a series."""
    encode, content_type = _encoder(accept)
    body = encode(_Chosen(page, frozenset(names)) if names else page)
    is_gzipped = gzip_accepted(accept_encoding)
    return Exposition(gzip.compress(body, FAST_GZIP) if is_gzipped else body, content_type, is_gzipped)


def _encoder(accept: str) -> tuple[Callable[[Collector], bytes], str]:
    """The library's choice; it fails on a version that is no number (`version=x`), which here means its default."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4


def _numbers(kind: type[CounterMetricFamily] | type[GaugeMetricFamily], frozen: FrozenFamily) -> Metric:
    family = frozen.family
    metric = kind(family.name, family.help, labels=family.labels, unit=family.unit)
    for labels, value in frozen.children:
        if not isinstance(value, FrozenDistribution):
            metric.add_metric(labels, value)
    return metric


def _histogram(frozen: FrozenFamily) -> Metric:
    family = frozen.family
    metric = HistogramMetricFamily(family.name, family.help, labels=family.labels, unit=family.unit)
    bounds = [floatToGoString(bound) for bound in (*family.buckets, INFINITY)]  # type: ignore[no-untyped-call]
    for labels, held in frozen.children:
        if isinstance(held, FrozenDistribution):
            metric.add_metric(labels, _cumulative(bounds, held), held.total)
    return metric


def _cumulative(bounds: list[str], held: FrozenDistribution) -> list[Bucket]:
    """The library's buckets: each counts everything up to its bound."""
    buckets: list[Bucket] = list(zip(bounds, accumulate(held.counts), strict=True))
    for number, exemplar in held.exemplars.items():
        buckets[number] = (*buckets[number][:2], exemplar)
    return buckets


def _info(frozen: FrozenFamily) -> Metric:
    metric = InfoMetricFamily(frozen.family.name.removesuffix("_info"), frozen.family.help)
    for labels, _ in frozen.children:
        metric.add_metric((), dict(zip(frozen.family.labels, labels, strict=True)))
    return metric


def _stateset(frozen: FrozenFamily) -> Metric:
    states = {labels[0]: bool(value) for labels, value in frozen.children}
    return StateSetMetricFamily(frozen.family.name, frozen.family.help, value=states)


AS_METRIC: dict[str, Callable[[FrozenFamily], Metric]] = {
    "counter": partial(_numbers, CounterMetricFamily),
    "gauge": partial(_numbers, GaugeMetricFamily),
    "histogram": _histogram,
    "info": _info,
    "stateset": _stateset,
}
