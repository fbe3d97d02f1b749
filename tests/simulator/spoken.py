"""What the simulator would answer to a request, without a socket and without waiting."""

import json
from typing import Any, NamedTuple

from sidecar.clock import from_rfc3339
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import plan_call
from sidecar.simulator.request import Request
from sidecar.simulator.routes import route_of
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming, Speech
from sidecar.simulator.speeches import speech_of

NAMING = Naming(7, from_rfc3339("2026-11-20T10:00:00Z"))
QUESTION = "Why is the sky blue?"
TURN: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]


class Spoken(NamedTuple):
    """A planned call and the words for it."""

    plan: Plan
    speech: Speech

    @property
    def document(self) -> Any:
        """The reply in one piece, read."""
        return json.loads(self.speech.whole())

    @property
    def pieces(self) -> list[bytes]:
        """The pieces of the stream, the end of thinking first and what closes it last; no bytes where there is nothing to say."""
        return [*map(self.speech.piece, range(self.plan.steps + 1)), self.speech.closing() + self.speech.trailer()]

    @property
    def stream(self) -> bytes:
        """The whole body of the stream."""
        return b"".join(self.pieces)

    @property
    def events(self) -> list[Any]:
        """The data of its server-sent events; `[DONE]` as it stands."""
        found = [line[6:] for line in self.stream.split(b"\n") if line.startswith(b"data: ")]
        return [line.decode() if line == b"[DONE]" else json.loads(line) for line in found]


def spoken(path: str, body: Any, script: str = "") -> Spoken:
    """The answer to a POST."""
    held = json.dumps(body).encode()
    route = route_of("POST", path)
    assert route is not None
    request = Request("POST", path, {}, {"x-simulator": script}, "00", len(held), held, 0)
    plan = plan_call(route, request, Settings())
    return Spoken(plan, speech_of(plan, NAMING))
