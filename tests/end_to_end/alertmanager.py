"""A real Alertmanager of the test's own, and the webhook that it sends alerts to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.end_to_end.prometheus import PATIENCE_SECONDS, free_port, running_program

Alert = dict[str, Any]
"""`status`, `labels`, `annotations` and more, as Alertmanager's webhook sends it."""


class Webhook:
    """Receives what Alertmanager sends, and keeps it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.alerts: list[Alert] = []
        """In the order in which they came; one that goes on comes again."""
        self._arrived = threading.Condition()

    def take(self, message: dict[str, Any]) -> None:
        """A message has come."""
        with self._arrived:
            self.alerts += message["alerts"]
            self._arrived.notify_all()

    def arrived(self, name: str) -> Alert:
        """The first alert of this name that fires, waited for."""

        def find() -> Alert | None:
            return next((alert for alert in self.alerts if _is_firing(alert, name)), None)

        with self._arrived:
            found = self._arrived.wait_for(find, PATIENCE_SECONDS)
            assert found, f"{name} never came, but {[alert['labels'] for alert in self.alerts]}"
            return found


def _is_firing(alert: Alert, name: str) -> bool:
    return bool(alert["status"] == "firing" and alert["labels"]["alertname"] == name)


@contextmanager
def listening_webhook() -> Iterator[Webhook]:
    """A webhook on a port of its own."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            webhook.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        webhook = Webhook(f"http://127.0.0.1:{server.server_port}/alerts")
        thread = threading.Thread(target=server.serve_forever, name="webhook", daemon=True)
        thread.start()
        try:
            yield webhook
        finally:
            server.shutdown()
            thread.join()


def routing(webhook: Webhook) -> str:
    """Alertmanager's settings: everything goes to the webhook, at once and each alert by itself, and `info` nowhere."""
    return yaml.safe_dump({
        "route": {
            "receiver": "webhook",
            "group_by": ["..."],
            "group_wait": "0s",
            "group_interval": "1s",
            "routes": [{"receiver": "nowhere", "matchers": ['severity = "info"']}],
        },
        "receivers": [
            {"name": "webhook", "webhook_configs": [{"url": webhook.url, "send_resolved": False}]},
            {"name": "nowhere"},
        ],
    })  # fmt: skip


@contextmanager
def running_alertmanager(directory: Path, webhook: Webhook) -> Iterator[str]:
    """An Alertmanager that sends to the webhook; its URL, once it answers."""
    (directory / "alertmanager.yml").write_text(routing(webhook))
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus-alertmanager", f"--config.file={directory}/alertmanager.yml", f"--storage.path={directory}/alerts",
        f"--web.listen-address={url.removeprefix('http://')}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    with running_program(directory / "alertmanager.log", command, f"{url}/-/ready"):
        yield url
