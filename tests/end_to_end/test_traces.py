"""A real sidecar tells a real OTLP receiver what callers did: spans in their traces, GenAI metrics, and nothing secret."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.end_to_end.scripted_provider import Answer, scripted_provider
from tests.telemetry.collector import Collector, attributes, running_collector

OURS = "inference_sidecar."
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1"}
PROMPT, KEY = "canary-prompt", "AIzaCanaryKeyCanaryKeyCanaryKey"
GENERATE = "/gemini/v1beta/models/gemini-2.5-flash:generateContent"
RESPONSES = "/openai/v1/responses"
FOLLOW = {"X-Sidecar-On-Departure": "follow"}
RUNS_ON = "seconds=0.6 prompt=120 output=300 thoughts=40 cached=20 on_close=runs_on"


def asking(name: str) -> object:
    """A question that no other caller asks: or its call would be an attempt of theirs."""
    return {"contents": [{"role": "user", "parts": [{"text": f"{PROMPT} {name}"}]}]}


def settings(collector: str, simulator: str) -> dict[str, str]:
    """What a sidecar is set to that tells all it knows, soon."""
    return {
        "MODE": "enforce", "RESCUE__WINDOW_SECONDS": "20", "UPSTREAMS__OPENAI__URL": simulator, "OTEL__ENABLED": "true",
        "OTEL__ENDPOINT": collector, "OTEL__EXPORT_INTERVAL_SECONDS": "0.2", "OTEL__HEADERS__ENV": "OTLP_HEADERS",
        "OPERATIONS__CLAIM_SECONDS": "1",
    }  # fmt: skip


class Stage(NamedTuple):
    """One sidecar, the simulator behind it, and the collector beside it."""

    simulator: RunningSimulator
    sidecar: RunningSidecar
    collector: Collector

    def sent(self, name: str, path: str, body: object, script: str = "", **headers: str) -> http.client.HTTPConnection:
        """A connection on which a request was sent."""
        place = urlsplit(self.sidecar.proxy)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        named = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script, "X-Goog-Api-Key": KEY}
        method = "GET" if body is None else "POST"
        connection.request(method, path, None if body is None else json.dumps(body), named | headers)
        return connection

    def asked(self, name: str, path: str, body: object, script: str = "", **headers: str) -> Any:
        """The answer to a request whose caller stays."""
        connection = self.sent(name, path, body, script, **headers)
        answer = connection.getresponse().read()
        connection.close()
        return json.loads(answer)

    def left(self, name: str, script: str, **headers: str) -> None:
        """A call whose caller leaves when the provider works on it."""
        connection = self.sent(name, GENERATE, asking(name), script, **headers)
        self.simulator.reached(name, Milestone.RECEIVED)
        connection.close()

    def spans(self, name: str, count: int = 1) -> list[Any]:
        """The spans of a caller's calls and operations, in the order in which they began."""

        def of_caller() -> list[Any]:
            return [span for span in self.collector.spans() if attributes(span.attributes).get(f"{OURS}caller") == name]

        self.collector.until(lambda: len(of_caller()) >= count)
        return sorted(of_caller(), key=lambda span: span.start_time_unix_nano)


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with running_collector() as running:
        yield running


@pytest.fixture(scope="module")
def stage(
    simulator: RunningSimulator, collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTLP_HEADERS", "authorization=Bearer%20for-the-collector")
        patch.setenv("NO_PROXY", "127.0.0.1")
        told = settings(collector.url, simulator.url)
        with running_sidecar(tmp_path_factory.mktemp("traced"), simulator, told) as running:
            yield Stage(simulator, running, collector)


def events(span: Any) -> list[str]:
    return [event.name.removeprefix(OURS) for event in span.events]


def linked(span: Any) -> list[tuple[str, str]]:
    return [(link.trace_id.hex(), link.span_id.hex()) for link in span.links]


def has_sound_times(span: Any) -> bool:
    moments = [span.start_time_unix_nano, *(event.time_unix_nano for event in span.events), span.end_time_unix_nano]
    return moments == sorted(moments)


def test_a_call_is_a_span_in_its_callers_trace(stage: Stage) -> None:
    stage.asked("stays", GENERATE, asking("stays"), "prompt=120 output=300 thoughts=40 cached=20", **CALLER)
    (span,) = stage.spans("stays")
    told = attributes(span.attributes)
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == (
        "generate_content gemini-2.5-flash",
        TRACE,
        SPAN,
    )
    assert (span.trace_state, span.kind, span.status.code) == ("vendor=1", 3, 0)
    assert (told["gen_ai.provider.name"], told[f"{OURS}outcome"]) == ("gcp.gemini", "delivered")
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (120, 340)
    assert (told["gen_ai.usage.cache_read.input_tokens"], told["gen_ai.usage.reasoning.output_tokens"]) == (20, 40)
    assert told["server.address"] == "127.0.0.1"
    assert events(span) == ["answered", "server_finished"]
    assert has_sound_times(span)


def test_a_caller_that_leaves_is_an_event_and_what_it_cost_is_told(stage: Stage) -> None:
    stage.left("leaves", RUNS_ON, **CALLER, **FOLLOW, **{"X-Sidecar-Rescue": "off"})
    (span,) = stage.spans("leaves")
    told = attributes(span.attributes)
    assert (told[f"{OURS}outcome"], told[f"{OURS}left_reason"], told[f"{OURS}decision"]) == (
        "orphan_finished",
        "fin",
        "follow",
    )
    assert told[f"{OURS}orphaned_usd"] == told[f"{OURS}spend_usd"] > 0
    assert told[f"{OURS}orphaned_seconds"] > 0.1
    assert sorted(events(span)) == ["answered", "caller_left", "server_finished"]
    assert span.status.code == 0  # nobody's error
    assert has_sound_times(span)


def test_a_rescued_call_and_its_retry_are_linked_to_each_other(stage: Stage) -> None:
    stage.left("again", RUNS_ON, **CALLER, **FOLLOW)
    stage.asked("again", GENERATE, asking("again"), RUNS_ON, **CALLER, **FOLLOW)
    rescued, joined = stage.spans("again", 2)
    outcomes = [attributes(span.attributes)[f"{OURS}outcome"] for span in (rescued, joined)]
    assert outcomes == ["rescued", "joined"]
    assert linked(rescued) == [(TRACE, joined.span_id.hex())]
    assert linked(joined) == [(TRACE, rescued.span_id.hex())]


def test_an_operation_is_a_span_with_its_moves_linked_to_who_opened_it(stage: Stage) -> None:
    body = {"model": "gpt-5-mini", "input": PROMPT, "background": True}
    opened = stage.asked("opens", RESPONSES, body, "seconds=0.3 prompt=10 output=20", **CALLER)
    deadline = time.monotonic() + 20
    while stage.asked("opens", f"{RESPONSES}/{opened['id']}", None)["status"] != "completed":
        assert time.monotonic() < deadline
    (span,) = stage.spans("opens")
    told = attributes(span.attributes)
    assert (span.name, told[f"{OURS}outcome"], told["gen_ai.response.id"]) == (
        "chat gpt-5-mini",
        "succeeded",
        opened["id"],
    )
    assert linked(span) == [(TRACE, SPAN)]
    assert events(span)[:2] == ["opened", "accepted"]
    assert events(span)[-1] == "observed_succeeded"
    assert told["gen_ai.usage.output_tokens"] == 20
    assert has_sound_times(span)


def test_the_metrics_of_the_newest_convention_arrive(stage: Stage) -> None:
    stage.asked("counted", GENERATE, asking("counted"), "prompt=7 output=5")
    stage.collector.until(lambda: "gen_ai.client.inference.duration" in stage.collector.newest_metrics())
    metrics = stage.collector.newest_metrics()
    (duration,) = (
        point for point in metrics["gen_ai.client.inference.duration"].histogram.data_points
        if attributes(point.attributes).get("error.type") is None
    )  # fmt: skip
    assert attributes(duration.attributes)["gen_ai.request.model"] == "gemini-2.5-flash"
    assert duration.count >= 1
    assert metrics["gen_ai.client.inference.usage.input_tokens"].sum.is_monotonic


def test_what_is_sent_holds_neither_prompts_nor_credentials_and_carries_the_collectors(stage: Stage) -> None:
    stage.asked("secret", GENERATE, asking("secret"))
    stage.spans("secret")
    exported: list[Any] = [*stage.collector.traces, *stage.collector.metrics]
    sent = b"".join(each.SerializeToString() for each in exported)
    assert b"secret" in sent  # the caller's name
    assert PROMPT.encode() not in sent
    assert KEY.encode() not in sent
    assert {headers["authorization"] for headers in stage.collector.headers} == {"Bearer for-the-collector"}


@pytest.mark.parametrize("carried", [CALLER, {}], ids=["with", "without"])
def test_what_the_caller_sent_goes_on_as_it_came(
    tmp_path: Path, collector: Collector, carried: Mapping[str, str]
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    with scripted_provider() as provider:
        provider.script("passes", Answer((answer,)))
        told = {"OTEL__ENABLED": "true", "OTEL__ENDPOINT": collector.url}
        with running_sidecar(tmp_path, provider.url, told) as sidecar:
            place = urlsplit(sidecar.proxy)
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
            connection.request("POST", GENERATE, b"{}", {"X-Script": "passes", **carried})
            assert connection.getresponse().read() == b"{}"
            connection.close()
        (asked,) = provider.asked("passes")
    assert {name: value for name, value in asked.fields if name.startswith("trace")} == carried


def test_a_collector_that_is_not_there_is_said_once_and_holds_up_nothing(
    simulator: RunningSimulator, tmp_path: Path
) -> None:
    told = settings("http://127.0.0.1:1", simulator.url) | {"OTEL__GENAI_METRICS": "off"}
    del told["OTEL__HEADERS__ENV"]
    with running_sidecar(tmp_path, simulator, told) as sidecar:
        stage = Stage(simulator, sidecar, Collector(""))
        for _ in range(3):
            stage.asked("unheard", GENERATE, asking("unheard"))
        sidecar.settled("unheard", 3)
        began = time.monotonic()
        assert sidecar.end() == 0
        assert time.monotonic() - began < 15
    said = [line for line in sidecar.log if line["event"].startswith("otel")]
    assert [line["event"] for line in said] == ["otel_export_failed"]
    assert "refused" in said[0]["why"]
    assert (tmp_path / "stderr").read_text().count("opentelemetry") == 0


def test_what_was_not_exported_yet_is_exported_at_the_end(simulator: RunningSimulator, tmp_path: Path) -> None:
    with running_collector() as collector:
        told = settings(collector.url, simulator.url) | {"OTEL__EXPORT_INTERVAL_SECONDS": "3600"}
        del told["OTEL__HEADERS__ENV"]
        with running_sidecar(tmp_path, simulator, told) as sidecar:
            Stage(simulator, sidecar, collector).asked("late", GENERATE, asking("late"))
            assert collector.spans() == []
            assert sidecar.end() == 0
        assert len(collector.spans()) == 1
        assert "gen_ai.client.inference.duration" in collector.newest_metrics()
