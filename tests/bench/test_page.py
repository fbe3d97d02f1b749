"""The two sides of the measurement of a scrape are the same page."""

from prometheus_client import disable_created_metrics, enable_created_metrics
from prometheus_client.registry import Collector

from tests.bench.page import as_library, busy, count, ours


def samples(page: Collector) -> dict[object, float]:
    return {(s.name, *sorted(s.labels.items())): s.value for metric in page.collect() for s in metric.samples}


def test_the_library_is_asked_for_the_very_same_samples() -> None:
    disable_created_metrics()
    try:
        page = ours(busy(1, 2))
        theirs = samples(as_library(page))
    finally:
        enable_created_metrics()
    mine = samples(page)
    assert mine.keys() == theirs.keys()
    assert count(page) == len(mine)
    differing = {name for name in mine if mine[name] != theirs[name]}  # of a histogram the library is told bounds
    assert {str(name[0]).rpartition("_")[2] for name in differing if isinstance(name, tuple)} <= {"sum"}
