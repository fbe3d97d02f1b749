"""Sockets of Gemini Live, of the Gemini API and of Vertex AI alike: `BidiGenerateContent` (google-wire 8).

A turn opens when the caller asks (a turn of its own is complete, text came, tools have returned) or with the first word of an
answer: to sound the model answers when it hears a pause. It ends with `turnComplete`. Usage comes with that message, before it,
or after it: a report counts for the answer that is being given, else for the one that has just ended without any, else for a turn
of its own, so that no figure is lost.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw

from sidecar.bodies.lenient import NULL
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyReader, Reported
from sidecar.providers.google_live_messages import (
    Heard,
    ResumptionUpdate,
    ServerContent,
    Setup,
    heard_in,
    said_in,
)
from sidecar.providers.google_live_usage import live_usage_in
from sidecar.providers.google_reported import MOST_SEARCHES, billed_searches, searches_in
from sidecar.providers.live import Asked, Began, Ended, LiveEvent, Resumable, Resumed, Told
from sidecar.providers.live_turns import Turn, Turns, carried, with_text
from sidecar.providers.names import mark_of, name_of, text_of
from sidecar.providers.reported import NOTHING, at_least
from sidecar.websocket.message import Message

NOT_YET: tuple[LiveEvent, ...] = ()


class GoogleTurn(Turn):
    """One answer, with the searches that it was grounded on: they come again with every piece of it."""

    __slots__ = ("has_begun", "model", "searches")

    def __init__(self, number: int, known: Usage, model: str) -> None:
        super().__init__(number, known)
        self.has_begun = False
        """The provider has said a word about it."""
        self.model = model
        self.searches: frozenset[int] = frozenset()
        """By hash: what was searched for is not ours to keep."""

    def reported(self) -> Reported | None:
        """What was reported up to now, with what was searched for."""
        reported = super().reported()
        if reported is None or not self.searches:
            return reported
        count, is_known = billed_searches(self.model, len(self.searches))
        reported = msgspec.structs.replace(reported, usage=msgspec.structs.replace(reported.usage, web_searches=count))
        return reported if is_known else at_least(reported, "search_unit_unknown")


class GoogleLive:
    """Reads one socket."""

    __slots__ = ("_awaiting", "_carried", "_heard_bytes", "_is_resumable", "_model", "_open", "_turns")

    def __init__(self, target: str = "") -> None:
        """The target names the method only; the model stands in the first message, or in the token that it is bound to."""
        self._turns = Turns()
        self._open: GoogleTurn | None = None
        self._awaiting: GoogleTurn | None = None
        """The last one that ended, if its usage has not been told."""
        self._model = ""
        self._carried = NOTHING
        """What the next answer will read, by the last report."""
        self._heard_bytes = 0
        """Of text that the caller has said since."""
        self._is_resumable = False

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller."""
        said = said_in(message.data)
        if said is None:
            return NOT_YET
        self._heard_bytes += said.text_bytes(message.data)
        if said.setup is not None:
            self._heard_bytes -= len((said.setup.model or "").encode())  # a path of 83 bytes, on Vertex, and no prompt
            return self._set_up(said.setup)
        if self._open is not None or not said.asks():
            return NOT_YET
        return (Asked(self._begin().number, self._model),)

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider."""
        heard = heard_in(message.data)
        if heard is None:
            return NOT_YET
        if heard.session_resumption_update is None and heard.usage_metadata is NULL and not is_end(heard):
            return self._answered(heard)  # nearly always
        events: list[LiveEvent] = [*self._answered(heard)]
        if heard.session_resumption_update is not None:
            events += self._resumable(heard.session_resumption_update)
        if heard.usage_metadata is not NULL:
            events += self._used(heard.usage_metadata)
        if is_end(heard):
            events += self._end()
        return events

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn."""
        return self._turns.take(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """An answer that was being given is not whole."""
        return NOT_YET

    def _set_up(self, setup: Setup) -> tuple[LiveEvent, ...]:
        self._model = model_in(setup.model)
        resumption = setup.session_resumption or setup.session_resumption_
        handle = mark_of(resumption.handle) if resumption is not None else ""
        return (Resumed(handle),) if handle else NOT_YET

    def _resumable(self, update: ResumptionUpdate) -> tuple[LiveEvent, ...]:
        """The newest handle; "empty if `resumable`=false"."""
        handle = mark_of(update.new_handle) if update.resumable is not False else ""
        was_resumable, self._is_resumable = self._is_resumable, bool(handle)
        return (Resumable(handle),) if handle or was_resumable else NOT_YET

    def _answered(self, heard: Heard) -> tuple[LiveEvent, ...]:
        """A word of an answer, or a call of tools."""
        content = heard.server_content
        if content is not None:
            return self._said(content)
        return self._first_word() if heard.tool_call is not NULL else NOT_YET

    def _said(self, content: ServerContent) -> tuple[LiveEvent, ...]:
        events = self._first_word() if content.model_turn is not None else NOT_YET
        turn = self._open
        if turn is not None:
            turn.said_bytes += content.said_bytes()
            turn.has_sound = turn.has_sound or content.has_sound()
            turn.is_terminal = turn.is_terminal or content.generation_complete is True
            if content.grounding_metadata is not NULL and len(turn.searches) < MOST_SEARCHES:
                turn.searches |= searches_in(content.grounding_metadata)
        return events

    def _begin(self) -> GoogleTurn:
        known = with_text(self._carried, self._heard_bytes)
        turn = GoogleTurn(self._turns.next_number(), known, self._model)
        self._turns.put(turn)
        self._open = turn
        return turn

    def _first_word(self) -> tuple[LiveEvent, ...]:
        turn = self._open or self._begin()
        if turn.has_begun:
            return NOT_YET
        turn.has_begun, self._awaiting = True, None  # a report that comes now is about this one
        return (Began(turn.number, self._model),)

    def _used(self, usage: Raw) -> tuple[LiveEvent, ...]:
        """Usage was reported."""
        reported = live_usage_in(usage)
        if reported is None:
            return NOT_YET
        self._carried, self._heard_bytes = carried(reported.usage, is_cached=False), 0
        late, is_alone = self._awaiting, self._open is None
        if late is not None and (self._open is None or not self._open.has_begun):
            self._awaiting = None
            late.add(reported)
            return (Told(late.number),)
        turn = self._open or self._begin()
        events = self._first_word()
        turn.add(reported)
        return (*events, *self._end()) if is_alone else events

    def _end(self) -> tuple[LiveEvent, ...]:
        """`turnComplete`, or a report of a run of the model that we saw nothing else of."""
        if self._open is None:
            return NOT_YET
        events, turn = self._first_word(), self._open
        turn.is_terminal, self._open = True, None
        self._awaiting = turn if turn.told is None else None
        return (*events, Ended(turn.number, awaits_usage=turn.told is None))


def is_end(heard: Heard) -> bool:
    """Whether an answer ends with this message."""
    return heard.server_content is not None and heard.server_content.turn_complete is True


def model_in(value: object) -> str:
    """The model of `models/..`, of a resource name of Vertex, or of a tuned endpoint."""
    name = text_of(value)
    _, _, model = name.rpartition("models/") if "models/" in name else name.rpartition("/")
    return name_of(model)


def open_live(target: str) -> GoogleLive:
    """The reader of a socket of `BidiGenerateContent`."""
    return GoogleLive(target)
