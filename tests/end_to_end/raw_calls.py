"""Requests whose every byte is the test's own, and callers that leave: for what no SDK can be brought to send."""

import json
import re
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sidecar.simulator.milestones import Milestone
from tests.end_to_end.asking import PROMPT, TURN
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name

SCRIPT = "seconds=0.1 prompt=10 output=5 on_close=runs_on"
NUMBER = re.compile(r"simulated[-_](\d+)")
PATIENCE_SECONDS = 20.0


class Request(NamedTuple):
    """A request to an upstream."""

    upstream: str
    target: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = {}

    def having(self, **headers: str) -> "Request":
        """The same with more headers, or with others of their names; an underscore stands for a hyphen."""
        return self._replace(
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        )


GEMINI = Request(
    "gemini",
    "/v1beta/models/gemini-2.5-flash:generateContent",
    {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]},
)
OPENAI = Request("openai", "/v1/chat/completions", {"model": "gpt-5-mini", "messages": TURN})
AZURE = Request("azure", "/openai/deployments/mine/chat/completions?api-version=2024-10-21", OPENAI.body)
ANTHROPIC = Request("anthropic", "/v1/messages", {"model": "claude-sonnet-5", "max_tokens": 16, "messages": TURN})
BEDROCK = Request(
    "bedrock",
    "/model/anthropic.claude-haiku-4-5-20251001-v1%3A0/converse",
    {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]},
)


class Answered(NamedTuple):
    """What came back."""

    status: int
    number: str
    """By which the provider tells its answers apart."""
    rescued: str | None
    """`X-Sidecar-Rescued`."""


class Desk(NamedTuple):
    """Where the requests of one test are made; what tells tests apart is equal in all of them."""

    road: SdkRoad
    name: str
    script: str

    def _headers(self, request: Request) -> dict[str, str]:
        """In a case where they are followed: what is on offer must not hang on what is known of a provider."""
        ours = {"Content-Type": "application/json", "X-Sidecar-On-Departure": "follow"}
        return {**headers_of(self.name, self.script), **ours, **request.headers}

    def sent(self, request: Request) -> HTTPConnection:
        """A connection on which the request was sent."""
        place = urlsplit(self.road.sidecar.proxy)
        connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_SECONDS)
        body = json.dumps(request.body).encode()
        connection.request("POST", f"/{request.upstream}{request.target}", body, self._headers(request))
        return connection

    def leave(self, request: Request) -> None:
        """Send the request, and close the connection when the provider has it. The first request of a test."""
        with closing(self.sent(request)):
            self.road.simulator.reached(self.name, Milestone.RECEIVED)

    def ask(self, request: Request) -> Answered:
        """Send the request and read the answer."""
        with closing(self.sent(request)) as connection:
            return self.read(connection)

    def read(self, connection: HTTPConnection) -> Answered:
        """The answer to what was sent."""
        with connection.getresponse() as reply:
            text, headers = reply.read().decode(), reply.headers
        number = NUMBER.search(text + str(headers))
        assert number, f"{reply.status}: {text[:300]}"
        return Answered(reply.status, number[1], headers.get("X-Sidecar-Rescued"))

    def posts(self) -> int:
        """Requests on the provider's bill, once all are over."""
        self.road.simulator.settled()
        return len(self.road.simulator.bill.of(self.name))


def desk_at(road: SdkRoad, script: str = SCRIPT) -> Desk:
    """A desk for one test."""
    return Desk(road, new_name(), script)
