"""A caller with a socket at the simulator: websockets' own client, which may leave in order or vanish."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from sidecar.simulator.server import RunningSimulator

GEMINI = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
REALTIME = "/v1/realtime?model=gpt-realtime"
RESPONSES = "/v1/responses"
SESSIONS = "/v1/live/sessions"
GEMINI_MODEL = "models/gemini-live-2.5-flash"
TEXT = {"generationConfig": {"responseModalities": ["TEXT"]}}

Event = dict[str, Any]


class LiveCaller:
    """Speaks JSON, and counts what it has heard."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Event] = []

    def say(self, event: Event) -> None:
        """Send one event."""
        self.connection.send(json.dumps(event))

    def hear(self) -> Event:
        """The next one."""
        event: Event = json.loads(self.connection.recv(timeout=20))
        self.heard.append(event)
        return event

    def hear_until(self, mark: str) -> list[Event]:
        """All up to the one that has a mark in it, that one too."""
        heard = [self.hear()]
        while mark not in json.dumps(heard[-1]):
            heard.append(self.hear())
        return heard

    def set_up(self, model: str = GEMINI_MODEL, **wishes: object) -> list[Event]:
        """Begin a session of Gemini Live; what is answered to that."""
        self.say({"setup": {"model": model, **TEXT, **wishes}})
        return self.hear_until("newHandle" if "sessionResumption" in wishes else "setupComplete")

    def ask(self, text: str = "Why is the sky blue?") -> None:
        """A turn of Gemini Live."""
        turn = {"role": "user", "parts": [{"text": text}]}
        self.say({"clientContent": {"turns": [turn], "turnComplete": True}})

    def vanish(self) -> None:
        """End the connection without a word."""
        self.connection.socket.shutdown(socket.SHUT_RDWR)


@contextmanager
def live_caller(
    simulator: RunningSimulator, path: str, script: str = "", tag: str = "", context: ssl.SSLContext | None = None
) -> Iterator[LiveCaller]:
    """A caller for as long as the block lasts; leaving the block closes its socket in order."""
    scheme = "ws" if context is None else "wss"
    headers = {"X-Simulator": script, "X-Simulator-Call": tag}
    with connect(
        f"{scheme}://{simulator.host}:{simulator.port}{path}", additional_headers=headers, ssl=context, proxy=None
    ) as connection:
        yield LiveCaller(connection)
