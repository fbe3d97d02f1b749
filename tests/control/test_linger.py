"""The wait for the last scrape, at a clock of its own and over real sockets."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sidecar.control.linger import Linger, message_of
from sidecar.control.observe import observe_app
from sidecar.control.server import AppServer
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.log import Log
from sidecar.telemetry.page import Page
from sidecar.telemetry.recorder import Recorder
from sidecar.telemetry.totals import totals_of
from tests.clocks import HandClock

PROMETHEUS = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
CURL = "*/*"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def recorder(log: Log) -> Recorder:
    return Recorder("1.2.3", log, LedgerHealth)


@pytest.fixture
def linger(clock: HandClock, log: Log, recorder: Recorder) -> Linger:
    return Linger(clock, log.events, recorder.page)


def events(log: Log, file: io.BytesIO) -> list[dict[str, Any]]:
    log.close()
    return [json.loads(line) for line in file.getvalue().splitlines()]


async def scraped_every(seconds: float, clock: HandClock, linger: Linger, accept: str = PROMETHEUS) -> None:
    for _ in range(3):
        clock.seconds += seconds
        await linger.served(accept, is_settled=False)


@pytest.mark.anyio
async def test_nobody_scraped__the_end_comes_at_once_and_the_log_has_the_totals(
    linger: Linger, recorder: Recorder, log: Log, log_file: io.BytesIO
):
    recorder.admitted("google", "gemini-3-pro", CallKind.STREAM)
    await linger.finish(600)
    assert linger.is_settled
    (line,) = events(log, log_file)
    totals = totals_of(recorder.page().families)
    assert line.items() >= {"event": "final_totals", "level": "info", **totals}.items()
    assert (line["calls_in_flight"], line["spend_usd"]) == (1, {"delivered": "0", "orphaned": "0"})


@pytest.mark.anyio
async def test_a_person_looked_with_curl__nobody_is_waited_for(linger: Linger, clock: HandClock):
    await scraped_every(15, clock, linger, CURL)
    await linger.finish(600)


@pytest.mark.anyio
async def test_a_scraper_is_waited_for_until_it_has_the_settled_page(
    linger: Linger, clock: HandClock, log: Log, log_file: io.BytesIO
):
    await scraped_every(15, clock, linger)
    waiting = asyncio.ensure_future(linger.finish(600))
    await asyncio.sleep(0)
    await linger.served(PROMETHEUS, is_settled=False)  # its page was taken before
    await linger.served(CURL, is_settled=True)
    await asyncio.sleep(0)
    assert not waiting.done()
    await linger.served(PROMETHEUS, is_settled=True)
    await waiting
    totals, waits, was = events(log, log_file)
    assert [line["event"] for line in (totals, waits, was)] == ["final_totals", "lingering", "lingered"]
    assert (waits["at_most_seconds"], was["was_scraped"]) == (17.0, True)


@pytest.mark.anyio
async def test_a_scraper_that_does_not_come_is_waited_for_as_long_as_allowed(
    linger: Linger, clock: HandClock, log: Log, log_file: io.BytesIO
):
    await scraped_every(0.001, clock, linger)
    async with asyncio.timeout(5):
        await linger.finish(0.01)
    assert events(log, log_file)[-1]["was_scraped"] is False


@pytest.mark.anyio
@pytest.mark.parametrize("most", [0.0, -3.0])
async def test_no_time_left__the_end_comes_at_once(linger: Linger, clock: HandClock, most: float):
    await scraped_every(15, clock, linger)
    await linger.finish(most)


class ToldLinger(Linger):
    """Remembers what it was told."""

    def __init__(self, clock: HandClock, log: Log) -> None:
        super().__init__(clock, log.events, lambda: Page([]))
        self.told: list[tuple[str, bool]] = []

    async def served(self, accept: str, *, is_settled: bool) -> None:
        self.told.append((accept, is_settled))


def test_only_whole_pages_that_were_sent_are_told(
    serve: Callable[..., AppServer], sidecar: Any, ask: Callable[..., Any], clock: HandClock, log: Log
):
    linger = ToldLinger(clock, log)
    server = serve(observe_app(sidecar, lambda: Page([]), linger))
    ask(server, "GET", "/metrics", Accept=PROMETHEUS)
    ask(server, "GET", "/metrics?name[]=up", Accept=PROMETHEUS)
    ask(server, "HEAD", "/metrics", Accept=PROMETHEUS)
    ask(server, "GET", "/readyz", Accept=PROMETHEUS)
    linger.is_settled = True
    ask(server, "GET", "/metrics")
    ask(server, "GET", "/livez")  # the reply to it ends after what the one before it left to be done
    assert linger.told == [(PROMETHEUS, False), ("", True)]


@pytest.mark.anyio
async def test_the_pods_status_gets_the_figures_of_the_log(
    clock: HandClock, log: Log, recorder: Recorder, tmp_path: Path
):
    message = tmp_path / "termination-log"
    message.write_text("what stood there before, and was longer than it is now" * 100)
    await Linger(clock, log.events, recorder.page, message).finish(0)
    assert json.loads(message.read_bytes()) == totals_of(recorder.page().families)
    assert b"\n" not in message.read_bytes()


@pytest.mark.anyio
async def test_a_message_that_can_not_be_written_is_said__and_nothing_else_happens(
    clock: HandClock, log: Log, log_file: io.BytesIO, recorder: Recorder, tmp_path: Path
):
    await Linger(clock, log.events, recorder.page, tmp_path / "nowhere" / "termination-log").finish(0)
    said = events(log, log_file)
    assert [line["event"] for line in said] == ["final_totals", "termination_message_unwritten"]
    assert said[1]["problem"] == "No such file or directory"


def test_figures_that_do_not_fit_are_left_out_whole():
    line = message_of({"calls": {"delivered": 1}, "words": "x" * 5000})
    assert json.loads(line) == {"calls": {"delivered": 1}}
