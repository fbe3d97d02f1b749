"""Live sessions: `GET /v1/live/sessions` (openai-python 3.54, `types/live`), billed by the second and not by the answer.

The session is one call, from `session.start` to `session.closed`. `usage.seconds` is "cumulative .. Do not sum", so the last one
counts. What it delegates is billed apart, by tokens: responses, whose events are nested in `response.event`, and decisions. A
socket that only attaches to a session (`/live/sessions/{id}/attach`) is not read: what passes there is another connection's bill.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, is_there, value_of
from sidecar.providers.contract import ReplyReader
from sidecar.providers.figures import Figures
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent
from sidecar.providers.live_json import value_in
from sidecar.providers.live_turns import Turn, Turns
from sidecar.providers.names import name_of
from sidecar.providers.openai_audio import timed
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_response_lanes import NOTHING_NEW, ResponseLanes
from sidecar.providers.reported import at_least
from sidecar.websocket.message import Message

START, CLOSE = "session.start", "session.close"
STARTED, USED, CLOSED = "session.started", "session.usage.updated", "session.closed"
NESTED, DECIDED, FAILED = "response.event", "decision.event", "error"


class LiveSessionEvent(Struct, gc=False):
    """An event of either side."""

    type: object = None
    session: Raw = NULL
    usage: Raw = NULL
    event: Raw = NULL
    delegation_id: object = None


class Decided(Struct, gc=False):
    """What is nested in a `decision.event`."""

    decision: Raw = NULL


EVENT, DECISION = msgspec.json.Decoder(LiveSessionEvent), msgspec.json.Decoder(Decided)


class LiveSession:
    """Reads one socket."""

    __slots__ = ("_has_begun", "_is_closing", "_lanes", "_model", "_session", "_turns")

    def __init__(self, extras: Extras = PLAIN) -> None:
        self._turns = Turns()
        self._lanes = ResponseLanes(self._turns, extras)
        self._session: Turn | None = None
        self._model = ""
        self._has_begun = False
        self._is_closing = False
        """The caller has asked that it end: it has had all that it wanted, whether it waits for the last figure or not."""

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller."""
        event = event_in(message.data)
        if event.type == CLOSE and self._session is not None and self._has_begun:
            self._is_closing = self._session.is_terminal = True
        if event.type != START or self._session is not None:
            return NOTHING_NEW
        self._model = model_in(event.session)
        self._session, self._has_begun, self._is_closing = self._turns.open(), False, False
        return (Asked(self._session.number, self._model),)

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider."""
        event = event_in(message.data)
        if event.type == NESTED and is_there(event.event):
            return self._lanes.note(name_of(event.delegation_id), bytes(event.event))
        if event.type == DECIDED:
            return self._decided(event)
        if event.type in (STARTED, USED, CLOSED):
            return self._told(event)
        return self._refused() if event.type == FAILED else NOTHING_NEW

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn."""
        return self._turns.take(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """A session that its caller has asked to end has ended; "a connection closing without this event" ends no other."""
        return self._end() if self._is_closing else NOTHING_NEW

    def _told(self, event: LiveSessionEvent) -> tuple[LiveEvent, ...]:
        """The session has started, has used so much, or has ended."""
        events = self._begin(event)
        seconds = timed(Figures(value_of(event.usage)), "seconds")
        session, is_last = self._session, event.type == CLOSED
        if seconds is not None and session is not None:
            session.told = seconds if is_last else at_least(seconds, "unfinished")
        if not is_last or session is None:
            return events
        session.is_terminal = True
        return (*events, *self._end())

    def _begin(self, event: LiveSessionEvent) -> tuple[LiveEvent, ...]:
        if self._has_begun:
            return NOTHING_NEW
        self._session, self._has_begun = self._session or self._turns.open(), True
        return (Began(self._session.number, model_in(event.session) or self._model),)

    def _end(self) -> tuple[LiveEvent, ...]:
        turn, self._session = self._session, None
        self._has_begun = self._is_closing = False
        return (Ended(turn.number),) if turn is not None else NOTHING_NEW

    def _refused(self) -> tuple[LiveEvent, ...]:
        """An error before the session has started is about its start."""
        turn = self._session
        if turn is None or self._has_begun:
            return NOTHING_NEW
        turn.is_declined, self._session = True, None
        return (Declined(turn.number),)

    def _decided(self, event: LiveSessionEvent) -> tuple[LiveEvent, ...]:
        """A decision, whole."""
        nested = value_in(DECISION, bytes(event.event))
        try:
            reported = reported_in(bytes(nested.decision)) if nested is not None else None
        except Unreadable:
            return NOTHING_NEW
        if reported is None:
            return NOTHING_NEW
        turn = self._turns.open()
        turn.add(reported)
        turn.is_terminal = True
        return Began(turn.number, reported.model), Ended(turn.number)


def event_in(document: bytes) -> LiveSessionEvent:
    """What an event is; nothing, when it is no JSON object."""
    return value_in(EVENT, document) or LiveSessionEvent()


def model_in(session: Raw) -> str:
    """The model that a session names."""
    fields = value_of(session)
    return name_of(fields.get("model")) if isinstance(fields, dict) else ""


def open_live_session(target: str, extras: Extras = PLAIN) -> LiveSession:
    """The reader of a socket; "required in the session configuration for every transport", the model is not in the target."""
    return LiveSession(extras)
