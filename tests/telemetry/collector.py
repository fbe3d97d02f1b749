"""A real OTLP/HTTP receiver on loopback: takes what a collector takes, and lets tests ask what came."""

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

PATIENCE_SECONDS = 30.0


class Collector:
    """What has come, and how it is answered."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.status = 200
        """What every export is answered with."""
        self.headers: list[dict[str, str]] = []
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []
        self.told = threading.Condition()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """An export has come; the status that answers it."""
        body = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        with self.told:
            self.headers.append(headers)
            if self.status == 200 and path == "/v1/traces":
                self.traces.append(ExportTraceServiceRequest.FromString(body))
            elif self.status == 200 and path == "/v1/metrics":
                self.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.told.notify_all()
        return self.status

    def spans(self) -> list[Any]:
        """Every span that came."""
        return [
            span
            for each in self.traces
            for group in each.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]

    def resource(self) -> dict[str, Any]:
        """What those who sent spans say of themselves."""
        return attributes(self.traces[-1].resource_spans[0].resource.attributes)

    def newest_metrics(self) -> dict[str, Any]:
        """The metrics of the newest export, by name."""
        exported = self.metrics[-1].resource_metrics if self.metrics else []
        return {metric.name: metric for each in exported for scope in each.scope_metrics for metric in scope.metrics}

    def until(self, is_there: Callable[[], object]) -> None:
        """Wait until what came makes this true."""
        with self.told:
            assert self.told.wait_for(is_there, PATIENCE_SECONDS), (
                f"{len(self.spans())} spans, {list(self.newest_metrics())}"
            )


def attributes(pairs: Any) -> dict[str, Any]:
    """Attributes as a dict."""
    return {pair.key: plain(pair.value) for pair in pairs if isinstance(pair, KeyValue)}


def plain(value: AnyValue) -> Any:
    """A value of OTLP as one of Python's."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    return getattr(value, kind or "string_value")


@contextmanager
def running_collector() -> Iterator[Collector]:
    """A receiver in a thread."""

    class Taker(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(collector.take(self.path, names, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: pytest shows what fails."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def seconds_of(work: Callable[[], object]) -> float:
    """How long something took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
