"""OpenAI's Live sessions (openai-python 3.54, `types/live`): a conversation that is billed by the second of its sound. Pure.

The session itself is a call, from `session.start` to `session.closed`. What it delegates to a model of the Responses API is
another one, of that model, and its events come nested in the session's. Seconds are those of the sound that the caller has sent.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.conversation import Ask, Command, Finish, Planned, Say
from sidecar.simulator.live_connection import Word
from sidecar.simulator.live_session_speech import DelegationSpeech, LiveSessionSpeech, Session
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import PLANNERS, decide
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import OnClose
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming, json_line

METHOD, DELEGATED = "live.sessions", "responses"
SESSION = "session"
"""The lane of the session itself."""


class Said(msgspec.Struct, frozen=True):
    """An event of the caller."""

    type: str = ""
    event_id: str | None = None
    session: dict[str, Any] = {}
    audio: str = ""
    item: dict[str, Any] = {}


class LiveSessions:
    """One socket, which carries one session."""

    is_text = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._session: Session | None = None
        self._delegated = 0
        self._items: list[dict[str, Any]] = []

    def opening(self) -> Sequence[Word]:
        """Nothing: the caller speaks first."""
        return ()

    def hear(self, message: bytes) -> Sequence[Command]:
        """What an event asks for."""
        try:
            said = msgspec.json.decode(message, type=Said)
        except msgspec.MsgspecError as error:
            return [complaint("invalid_event", str(error), None)]
        return self._start(said, message) if self._session is None else self._do(said, self._session)

    def begin(self, ask: Ask, request: Request, naming: Naming) -> Planned:
        """The session, or a response that it delegates."""
        assert self._session is not None
        session = self._session
        if ask.lane == SESSION:
            session.begin(naming)
            route = Route(Dialect.OPENAI, METHOD, session.model, asks_stream=True)
            planned = decide(route, request, self._settings, _open_ended)
            return Planned(planned, LiveSessionSpeech(session), session.used)
        model = msgspec.json.decode(ask.body)["model"]
        route = Route(Dialect.OPENAI, DELEGATED, model, asks_stream=True)
        planned = decide(route, request, self._settings, PLANNERS[DELEGATED])
        return Planned(planned, DelegationSpeech(planned, naming, session, ask.lane))

    def ended(self, planned: Planned, used: Used) -> Sequence[Word]:
        """Nothing is said."""
        return ()

    def _start(self, said: Said, message: bytes) -> Sequence[Command]:
        if said.type != "session.start":
            return [complaint("session_not_started", "Send session.start first.", said.event_id)]
        self._session = Session(said.session)
        return [Ask(message, lane=SESSION)]

    def _do(self, said: Said, session: Session) -> Sequence[Command]:
        """What an event asks of a session that was started."""
        match said.type:
            case "session.input_audio.append":
                session.heard_bytes += len(said.audio) * 3 // 4
                return []
            case "response.item.create":
                self._items.append(said.item)
                return []
            case "response.create":
                return self._delegate(said, session)
            case "session.close":
                return [Finish(SESSION)]
        return [complaint("unknown_event", f"Unknown event '{said.type}'.", said.event_id)]

    def _delegate(self, said: Said, session: Session) -> Sequence[Command]:
        if session.delegate is None:
            return [complaint("delegation_required", "This needs delegation to Responses.", said.event_id)]
        self._delegated += 1
        body = json_line({"model": session.delegate, "input": self._items})
        self._items = []
        return [Ask(body, lane=f"delegation_{self._delegated}")]


def _open_ended(asked: Asked) -> Plan:
    """A call that ends when it is asked to, or with its connection (`connection_lost`)."""
    script = msgspec.structs.replace(asked.script, hold=0, on_close=OnClose.STOPS)
    return Plan(route=asked.route, model=asked.model, script=script)


def complaint(code: str, sentence: str, event_id: str | None) -> Say:
    """An error event."""
    error = {"type": "invalid_request_error", "code": code, "message": sentence}
    told = {"type": "error", "event_id": "event_error", "error": error, "client_event_id": event_id}
    return Say((json_line(told),))
