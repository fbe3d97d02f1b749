"""A scraper beside a pod: comes every some tenths of a second with Prometheus' header, and keeps the last page it got."""

import threading
import urllib.request
from http.client import HTTPException

from prometheus_client.openmetrics.parser import text_string_to_metric_families

ACCEPT = "application/openmetrics-text;version=1.0.0"
EVERY_SECONDS = 0.3
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Scraper:
    """Starts at once, ends with `close`."""

    def __init__(self, observe: str) -> None:
        self._url, self._page = f"{observe}/metrics", ""
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._come_again_and_again, daemon=True)
        self._thread.start()

    def _come_again_and_again(self) -> None:
        while not self._is_over.wait(EVERY_SECONDS):
            self.scrape()

    def scrape(self) -> None:
        """Come once more; a pod that does not answer is no trouble."""
        try:
            asked = urllib.request.Request(self._url, headers={"Accept": ACCEPT})
            with urllib.request.urlopen(asked, timeout=5) as reply:
                self._page = reply.read().decode()
        except (OSError, HTTPException):
            return

    def samples(self) -> Samples:
        """Every sample of the last page, by name and labels."""
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self._page)
            for sample in family.samples
        }

    def close(self) -> None:
        """Come no more."""
        self._is_over.set()
        self._thread.join()


def total(samples: Samples, name: str, **labels: str) -> float:
    """The sum of a metric's samples with these labels."""
    wanted = frozenset(labels.items())
    return sum(
        value for (sample, held), value in samples.items() if sample == f"inference_sidecar_{name}" and wanted <= held
    )
