"""Responses in a socket, each an answer of its own: those of Responses over WebSocket, and those that a Live session delegates.

Their events are those of a stream (`openai_events`) and name no response. "Requests with the same `stream_id` are processed FIFO,
and events for the response echo the same `stream_id`" (openai-python 3.54, `ResponsesClientEvent`): so in each lane there is one
answer at a time, and what was asked for first is answered first. Some nobody asks for: a response that is steered goes on in a
successor.
"""

from collections import deque
from functools import partial

import msgspec
from msgspec import Struct

from sidecar.providers import estimate
from sidecar.providers.contract import Reported
from sidecar.providers.figures import Figures
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent
from sidecar.providers.live_json import value_in
from sidecar.providers.live_turns import Turn, Turns
from sidecar.providers.names import name_of
from sidecar.providers.openai_events import RESPONSES, Kind, look_at_responses
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.openai_stream import PieceTally

MOST_OPEN = 64
"""Answers that may be asked for or open in one socket; what is asked for beyond is counted when it ends."""
CREATED, FAILURE = "response.created", "error"
REFUSED = 400
STATUSES = range(400, 600)

NOTHING_NEW: tuple[LiveEvent, ...] = ()


class Named(Struct, gc=False):
    """A response, as far as it says which model made it."""

    model: object = None


class Event(Struct, gc=False):
    """One event."""

    type: str = ""
    response: Named | None = None
    status: object = None
    sequence_number: object = None


class Unsure(Struct, gc=False):
    """The same of an event in which some value is not what it should be."""

    type: object = None


EVENT, UNSURE = msgspec.json.Decoder(Event), msgspec.json.Decoder(Unsure)


class ResponseTurn(Turn):
    """One response: its events are counted as those of a stream are, until it says what it used."""

    __slots__ = ("_request", "_tally")

    def __init__(self, number: int, extras: Extras, request: JsonRequest | None) -> None:
        super().__init__(number)
        self._request = request
        self._tally: PieceTally | None = PieceTally(look_at_responses, partial(reported_in, extras=extras), extras)

    def note(self, event: bytes) -> None:
        """Look at the next event."""
        if self._tally is not None:
            self._tally.note(event)

    def end(self) -> None:
        """It has ended: what it said is read, and not kept."""
        if self._tally is not None:
            reported, self._tally = self._tally.reported(), None
            self.told = None if reported is None else self._with_input(reported)
        self.is_terminal, self._request = True, None

    def reported(self) -> Reported | None:
        """What was reported up to now, or can be told without."""
        if self._tally is None or self.is_declined:
            return self.told
        reported = self._tally.reported()
        return estimate.of_request(self._text_bytes()) if reported is None else self._with_input(reported)

    def _with_input(self, reported: Reported) -> Reported:
        return estimate.with_input(reported, self._text_bytes())

    def _text_bytes(self) -> int:
        return self._request.text_bytes() if self._request is not None else 0


class ResponseLanes:
    """The responses of one socket."""

    __slots__ = ("_asked", "_extras", "_open", "_turns")

    def __init__(self, turns: Turns, extras: Extras = PLAIN) -> None:
        self._turns = turns
        self._extras = extras
        self._asked: deque[tuple[str, ResponseTurn]] = deque()
        """Lane and turn of what was asked for and has not begun."""
        self._open: dict[str, ResponseTurn] = {}
        """By lane."""

    def ask(self, lane: str, model: str, request: JsonRequest) -> tuple[LiveEvent, ...]:
        """The caller asks for a response."""
        if len(self._asked) >= MOST_OPEN:
            return NOTHING_NEW
        turn = self._turn(request)
        self._asked.append((lane, turn))
        return (Asked(turn.number, model),)

    def note(self, lane: str, document: bytes) -> tuple[LiveEvent, ...]:
        """Look at the next event of a lane."""
        event = event_in(document)
        kind, model = RESPONSES.get(event.type), name_of(event.response.model) if event.response else ""
        if kind is Kind.END:
            return self._end(lane, document, model)
        if kind is Kind.FAILURE:
            return self._fail(lane, document, event)
        events = self._begin(lane, model) if event.type == CREATED else NOTHING_NEW
        if (events or kind is not None) and (turn := self._open.get(lane)) is not None:
            turn.note(document)
        return events

    def _turn(self, request: JsonRequest | None = None) -> ResponseTurn:
        turn = ResponseTurn(self._turns.next_number(), self._extras, request)
        self._turns.put(turn)
        return turn

    def _first_asked(self, lane: str) -> ResponseTurn | None:
        """What was asked for first in a lane, taken out."""
        for asked in self._asked:
            if asked[0] == lane:
                self._asked.remove(asked)
                return asked[1]
        return None

    def _begin(self, lane: str, model: str) -> tuple[LiveEvent, ...]:
        over = self._left_open(lane)
        turn = self._first_asked(lane) or self._turn()
        self._open[lane] = turn
        return (*over, Began(turn.number, model))

    def _left_open(self, lane: str) -> tuple[LiveEvent, ...]:
        """The one in this lane whose end was not seen, or the oldest of too many: it is not followed any further."""
        if lane not in self._open and len(self._open) < MOST_OPEN:
            return NOTHING_NEW
        turn = self._open.pop(lane if lane in self._open else next(iter(self._open)))
        return (Ended(turn.number),)

    def _end(self, lane: str, document: bytes, model: str) -> tuple[LiveEvent, ...]:
        begun = self._begin(lane, model) if lane not in self._open else NOTHING_NEW
        turn = self._open.pop(lane)
        turn.note(document)
        turn.end()
        return (*begun, Ended(turn.number))

    def _fail(self, lane: str, document: bytes, event: Event) -> tuple[LiveEvent, ...]:
        """An error: of the answer that is being given, else of what was asked for first.

        One that has a `status` is "associated with a WebSocket protocol error", one that has a `sequence_number` was "emitted by
        the response stream" (`ResponseWsError`).
        """
        status = Figures({"status": event.status}).count("status")
        is_of_stream = lane in self._open and (event.sequence_number is not None or not status)
        asked = None if is_of_stream else self._first_asked(lane)
        if asked is not None:
            asked.is_declined = True
            asked.end()
            return (Declined(asked.number, status if status in STATUSES else REFUSED),)
        turn = self._open.pop(lane, None)
        if turn is None:
            return NOTHING_NEW
        turn.note(document)
        turn.end()
        return (Ended(turn.number),)


def event_in(document: bytes) -> Event:
    """What an event is; nothing, when it is no JSON object."""
    event = value_in(EVENT, document)
    if event is not None:
        return event
    unsure = value_in(UNSURE, document)
    return Event(name_of(unsure.type)) if unsure is not None else Event()
