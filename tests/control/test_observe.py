import gzip
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from prometheus_client import Metric

from sidecar.control.observe import observe_app
from sidecar.control.server import AppServer
from sidecar.ledger.contract import LedgerHealth
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.log import Log
from sidecar.telemetry.page import Page
from sidecar.telemetry.program import ProgramState
from sidecar.telemetry.recorder import Recorder

Serve = Callable[..., AppServer]
Ask = Callable[..., Any]
STATES = list(ProgramState)


@pytest.fixture
def recorder(log: Log) -> Recorder:
    recorder = Recorder("1.2.3", log, LedgerHealth)
    recorder.admitted("google", "gemini-3-pro", CallKind.STREAM)
    return recorder


@pytest.fixture
def server(serve: Serve, sidecar: Any, recorder: Recorder) -> AppServer:
    return serve(observe_app(sidecar, recorder.page))


def test_metrics_are_served_as_text_at_the_exact_path(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'calls_started_total{kind="stream",model="gemini-3-pro",provider="google"} 1.0\n' in reply.body


def test_a_scraper_that_prefers_openmetrics_gets_it(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/metrics", Accept="application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.1")
    assert reply.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert reply.body.endswith(b"# EOF\n")


def test_a_scraper_that_takes_gzip_gets_it(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/metrics", Accept_Encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert b"calls_started_total" in gzip.decompress(reply.body)


def test_a_scrape_may_name_its_samples(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/metrics?name[]=inference_sidecar_calls_started_total")
    assert [line.split(b"{")[0] for line in reply.body.splitlines()][-1] == b"inference_sidecar_calls_started_total"
    assert reply.body.count(b"# TYPE") == 1


@pytest.mark.part("promtool")
def test_promtool_has_nothing_to_say_of_a_real_scrape(server: AppServer, ask: Ask):
    reply = ask(server, "GET", "/metrics")
    done = subprocess.run(["promtool", "check", "metrics"], input=reply.body, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_scrape_in_the_making_keeps_no_probe_waiting(serve: Serve, sidecar: Any, ask: Ask):
    begun, may_end = threading.Event(), threading.Event()

    class Slow:
        def collect(self) -> Iterator[Metric]:
            begun.set()
            may_end.wait(10)
            return iter(())

    server = serve(observe_app(sidecar, lambda: Page([], [Slow()])))
    with ThreadPoolExecutor(1) as others:
        scrape = others.submit(ask, server, "GET", "/metrics")
        assert begun.wait(10)
        assert ask(server, "GET", "/livez").status == 200
        assert not scrape.done()
        may_end.set()
        assert scrape.result().status == 200


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("/startupz", [503, 200, 200, 200]), ("/livez", [200, 200, 200, 200]), ("/readyz", [503, 200, 503, 503])],
)
def test_probes_answer_by_state(server: AppServer, sidecar: Any, ask: Ask, path: str, statuses: list[int]):
    replies = []
    for state in STATES:
        sidecar.is_in = state
        replies.append(ask(server, "GET", path))
    assert [reply.status for reply in replies] == statuses
    assert [reply.body for reply in replies] == [
        b'{"ok":%s,"state":"%s"}' % (b"true" if status == 200 else b"false", state.value.encode())
        for state, status in zip(STATES, statuses, strict=True)
    ]


def test_a_ledger_in_trouble_does_not_take_the_pod_out_of_its_service(server: AppServer, sidecar: Any, ask: Ask):
    sidecar.health = LedgerHealth(problem="disk full")
    assert ask(server, "GET", "/readyz").status == 200


@pytest.mark.parametrize("path", ["/metrics", "/startupz", "/livez", "/readyz"])
def test_head_answers_without_a_body(server: AppServer, ask: Ask, path: str):
    reply = ask(server, "HEAD", path)
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) > 0


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed_here(server: AppServer, ask: Ask, method: str, path: str):
    assert ask(server, method, path).status == 405


@pytest.mark.parametrize("path", ["/", "/metrics/", "/docs", "/redoc", "/openapi.json", "/api/state", "/api/drain"])
def test_nothing_else_is_here(server: AppServer, ask: Ask, path: str):
    assert ask(server, "GET", path).status == 404
