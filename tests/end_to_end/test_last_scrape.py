"""The end of the page: a scraper that is due reads the last figures, the log has them in any case, and nobody else waits."""

import json
import signal
import threading
import time
import urllib.request
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.prometheus import Target, configuration, running_prometheus
from tests.end_to_end.rig import RunningSidecar, running_sidecar

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
BODY = b'{"contents":[{"parts":[{"text":"hello"}]}]}'
SCRAPE_SECONDS = 1.0
SOON = 5.0
"""Seconds in which a sidecar that waits for nobody has ended, on a slow machine too; one that waits, waits up to 20."""


def scrape(sidecar: RunningSidecar) -> list[Metric]:
    asked = urllib.request.Request(f"{sidecar.observe}/metrics", headers={"Accept": ACCEPT})
    with urllib.request.urlopen(asked, timeout=10) as reply:
        return list(text_string_to_metric_families(reply.read().decode()))


def call(sidecar: RunningSidecar, script: str) -> None:
    url = f"{sidecar.proxy}/gemini/v1/models/gemini-2.5-flash:generateContent"
    asked = urllib.request.Request(url, BODY, {"X-Simulator": script, "Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=10) as reply:
        reply.read()


def by(page: list[Metric], name: str, label: str) -> dict[str, float]:
    """The sums of a counter by a label, those that are not 0."""
    sums: defaultdict[str, float] = defaultdict(float)
    for metric in page:
        if metric.name == f"inference_sidecar_{name}":
            for sample in metric.samples:
                sums[sample.labels[label]] += sample.value
    return {text: value for text, value in sums.items() if value}


@pytest.fixture
def lingering(simulator: RunningSimulator, tmp_path: Path) -> Any:
    """A sidecar that is scraped about every second, and has been told to end while a call was live."""
    with running_sidecar(tmp_path, simulator) as sidecar:
        for _ in range(2):
            scrape(sidecar)
            time.sleep(1)
        scrape(sidecar)
        call(sidecar, "seconds=0 output=1000")
        late = threading.Thread(target=call, args=(sidecar, "seconds=0.3 output=7"))
        late.start()
        while not sidecar.total("calls_in_flight"):
            pass
        sidecar.process.send_signal(signal.SIGTERM)
        late.join()
        sidecar.logged("lingering")
        yield sidecar


def test_the_last_page_is_what_the_log_says_and_ends_the_wait(lingering: RunningSidecar) -> None:
    page = scrape(lingering)
    assert lingering.end(signal.SIGCONT) == 0  # a signal that does nothing
    totals = lingering.logged("final_totals")
    assert totals["calls"] == by(page, "calls_settled", "outcome") == {"delivered": 2}
    spend = {fate: float(usd) for fate, usd in totals["spend_usd"].items() if float(usd)}
    assert spend == pytest.approx(by(page, "spend_usd", "fate"), abs=1e-9)
    assert totals["calls_in_flight"] == totals["operations_open"] == 0
    assert by(page, "state", "inference_sidecar_state") == {"settling": 1}
    assert lingering.logged("lingered")["was_scraped"] is True


def test_a_second_signal_ends_the_wait_at_once(lingering: RunningSidecar) -> None:
    assert lingering.end(signal.SIGTERM) == 128 + signal.SIGTERM


def test_a_scraper_that_does_not_come_again_is_not_waited_for_long(lingering: RunningSidecar) -> None:
    assert lingering.process.wait(10) == 0
    assert lingering.logged("lingered")["was_scraped"] is False


def test_nobody_scrapes__ctrl_c_ends_at_once_and_the_log_has_the_totals(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    with running_sidecar(tmp_path, simulator) as sidecar:
        call(sidecar, "seconds=0 output=1000")
        sidecar.metrics()  # as curl asks
        began = time.monotonic()
        assert sidecar.end(signal.SIGINT) == 0
        assert time.monotonic() - began < SOON
        assert sidecar.logged("final_totals")["calls"] == {"delivered": 1}
        assert not [line for line in sidecar.log if line["event"].startswith("linger")]


def test_lingering_is_off__the_scraper_is_not_waited_for(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_sidecar(tmp_path, simulator, {"DRAIN__LINGER_SECONDS": "0"}) as sidecar:
        scrape(sidecar)
        assert sidecar.end() == 0
        assert json.dumps(sidecar.log).count("linger") == 0


@pytest.mark.part("prometheus")
def test_prometheus_has_every_call_of_a_sidecar_that_has_ended(simulator: RunningSimulator, tmp_path: Path) -> None:
    with (
        running_sidecar(tmp_path, simulator) as sidecar,
        running_prometheus(tmp_path, configuration([Target(sidecar.observe)], SCRAPE_SECONDS)) as prometheus,
    ):
        prometheus.wait_for("sum(up)", least=1)
        prometheus.wait_for("count_over_time(up[1m])", least=2)
        for _ in range(5):
            call(sidecar, "seconds=0 output=1000")
        assert sidecar.end() == 0
        assert sidecar.logged("lingered")["was_scraped"] is True
        settled = "sum(max_over_time(inference_sidecar_calls_settled_total[1m]))"
        assert prometheus.wait_for(settled, least=5) == 5
