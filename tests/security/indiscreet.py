"""A provider that says everything it was told: the key and the prompt stand in its answers, its errors, its very framing.

Real ones do some of it (`Incorrect API key provided: sk-...`). It speaks OpenAI's dialect, and how it misbehaves is asked for by
the header `X-Misbehave`.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.certificates import Certificate
from tests.security.canaries import ANSWER

USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10, "input_tokens": 7, "output_tokens": 3}
LASTING = "resp_lasting"
"""The operation of a `gpt-5-nano`."""
MISBEHAVIORS = (
    "400", "401", "429", "500", "text", "stream", "stream error", "reason", "field", "chunk", "length", "cut", "no http",
)  # fmt: skip


class Indiscreet(BaseHTTPRequestHandler):
    """Answers one request after another."""

    protocol_version = "HTTP/1.1"
    heard: list[str]
    """The credentials that came, newest last."""

    def do_GET(self) -> None:
        """How an operation stands: one has failed, and why is what was asked; the other goes on for ever."""
        self.heard.append(self._credential())
        told, id = self._told(""), self.path.rpartition("/")[2]
        state = "in_progress" if id == LASTING else "failed"
        self._json(200, {"id": id, "status": state, "error": {"code": told, "message": told}, "model": "gpt-5-mini"})

    def do_POST(self) -> None:
        """A call, an operation, or a misbehavior."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("latin-1")
        self.heard.append(self._credential())
        told, how = self._told(body), self.headers.get("X-Misbehave", "")
        if '"background": true' in body:
            id = LASTING if "gpt-5-nano" in body else "resp_indiscreet"
            self._json(200, {"id": id, "status": "queued", "output": told, "background": True})
        elif how.isdecimal():
            self._json(int(how), {"error": {"message": told, "code": told, "type": told}})
        elif how:
            self._raw(how, told)
        else:
            choice = {"message": {"role": "assistant", "content": told}, "finish_reason": "stop", "index": 0}
            self._json(200, {"id": "c-1", "model": "gpt-5-mini", "choices": [choice], "usage": USAGE})

    def _credential(self) -> str:
        names = ("Authorization", "X-Api-Key", "Api-Key", "X-Goog-Api-Key")
        return next((self.headers[name] for name in names if name in self.headers), "")

    def _told(self, body: str) -> str:
        return f"{ANSWER}: {self._credential()} {self.path} {body}"

    def _json(self, status: int, told: Any) -> None:
        body = json.dumps(told).encode()
        self._write(f"HTTP/1.1 {status} {ANSWER}\r\nX-Said: {ANSWER}\r\nContent-Type: application/json\r\n", body)

    def _raw(self, how: str, told: str) -> None:
        line = " ".join(told.split())[:400]
        event = f'data: {{"choices":[{{"index":0,"delta":{{"content":{json.dumps(told)}}}}}]}}\n\n'
        sse = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        chunked = f"{sse}Transfer-Encoding: chunked\r\n\r\n"
        whole = {
            "text": ("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n", told),
            "stream": (sse, f"{event}data: [DONE]\n\n"),
            "stream error": (sse, f"{event}data: {json.dumps({'error': {'message': told}})}\n\n"),
            "reason": (f"HTTP/1.1 500 {line}\r\n", ""),
        }
        broken = {
            "field": f"HTTP/1.1 200 OK\r\n{line}\r\n\r\n",
            "chunk": f"{chunked}{ANSWER}\r\n{event}\r\n0\r\n\r\n",
            "length": f"{sse}Content-Length: {ANSWER}\r\n\r\n{event}",
            "cut": f"{chunked}ffff\r\n{event}",
            "no http": f"{line}\r\n\r\n",
        }
        if how in whole:
            head, text = whole[how]
            self._write(head, text.encode())
            return
        self.wfile.write(broken[how].encode())
        self.close_connection = True

    def _write(self, head: str, body: bytes) -> None:
        self.wfile.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: pytest shows what fails."""


@contextmanager
def indiscreet_provider(certificate: Certificate | None = None) -> Iterator[tuple[str, list[str]]]:
    """Its URL, and the credentials that it has heard. With a `certificate` it speaks TLS."""
    heard: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Telling", (Indiscreet,), {"heard": heard}))
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.certificate_file, certificate.key_file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http{'' if certificate is None else 's'}://localhost:{server.server_port}", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
