"""A small application that asks a model, in place of yours. It knows nothing of the sidecar: it reads an SDK's variables.

python ask.py serve          answers GET /?question=... on port 8080
python ask.py once QUESTION  prints one answer
"""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

BASE = os.environ.get("GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com")
MODEL = os.environ.get("MODEL", "gemini-2.5-flash")


def answer(question: str) -> str:
    """What the model says.

    Raises:
        OSError: it was not reached, or declined.
    """
    asked = Request(  # noqa: S310  the address comes from the pod's own manifest
        f"{BASE}/v1beta/models/{MODEL}:generateContent",
        json.dumps({"contents": [{"parts": [{"text": question}]}]}).encode(),
        {"Content-Type": "application/json", "x-goog-api-key": os.environ["GEMINI_API_KEY"]},
    )
    with urlopen(asked, timeout=60) as reply:  # noqa: S310
        (candidate, *_) = json.load(reply)["candidates"]
    return "".join(part.get("text", "") for part in candidate["content"]["parts"])


class Asking(BaseHTTPRequestHandler):
    """One question for each request; `/healthz` asks nobody."""

    def do_GET(self) -> None:
        """Called by http.server."""
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._reply(200, "ok")
            return
        try:
            self._reply(200, answer(parse_qs(url.query).get("question", ["Why is the sky blue?"])[0]))
        except OSError as failure:
            self._reply(502, str(failure))

    def _reply(self, status: int, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End at SIGTERM. The first process of a container ignores it unless it says otherwise, and would hold the pod up."""
    sys.exit(0)


def main(arguments: list[str]) -> int:
    """The exit code."""
    signal.signal(signal.SIGTERM, leave)
    match arguments:
        case ["serve"]:
            ThreadingHTTPServer(("", 8080), Asking).serve_forever()
        case ["once", question]:
            sys.stdout.write(f"{answer(question)}\n")
        case _:
            sys.stderr.write(f"{__doc__}\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
