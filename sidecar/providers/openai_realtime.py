"""Realtime: `GET /v1/realtime`, `/openai/v1/realtime`, `/openai/realtime` (openai-python 3.54, `types/realtime`).

A turn is a response, from `response.create` or `response.created` to `response.done`, which "will correspond to billing" whatever
its status: one that was cancelled has used something too. Several run at once ("only one Response can write to the default
Conversation at a time, but otherwise multiple Responses can be created in parallel"), and with voice detection nobody asks for
them. A transcript of what the caller says is made and billed by a model of its own, so it is a turn of its own.

With `call_id=` the socket looks on while somebody else's sound goes by WebRTC or SIP: its responses don't end with it, so each is
told of when it is done and not before.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

from sidecar.bodies.lenient import Unreadable
from sidecar.providers.contract import ReplyReader, Reported
from sidecar.providers.json_request import text_bytes_in
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent
from sidecar.providers.live_turns import Turn, Turns, carried, with_text
from sidecar.providers.names import name_of
from sidecar.providers.openai_audio import transcript_in
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_realtime_events import RealtimeEvent, event_in, request_in
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.reported import NOTHING
from sidecar.websocket.message import Message

MOST_OPEN = 64
"""Answers that may be asked for, open, or transcribed at once; those beyond are told of when they are done."""
NOTHING_NEW: tuple[LiveEvent, ...] = ()

CREATE, ALREADY_ACTIVE = "response.create", "conversation_already_has_active_response"
SPOKEN_BY_CALLER = frozenset({CREATE, "conversation.item.create", "session.update"})
"""Messages of the caller in which text may be."""
PIECES = frozenset({
    "response.output_text.delta", "response.output_audio_transcript.delta", "response.function_call_arguments.delta",
    "response.mcp_call_arguments.delta", "response.text.delta", "response.audio_transcript.delta",
})  # fmt: skip
"""Text of an answer; the last two are the names of the beta, as which Azure's older API versions have them."""
SOUNDS = frozenset({"response.output_audio.delta", "response.audio.delta"})


class OpenAIRealtime:
    """Reads one socket."""

    __slots__ = (
        "_asked", "_carried", "_extras", "_heard_bytes", "_is_onlooker", "_model", "_open", "_transcriber", "_transcripts",
        "_turns",
    )  # fmt: skip

    def __init__(self, target: str, extras: Extras = PLAIN) -> None:
        query = parse_qs(target.partition("?")[2])
        named = (query.get("model") or query.get("deployment") or [""])[0]
        self._extras = extras
        self._model = name_of(named)
        self._transcriber = ""
        """The model that transcribes what the caller says."""
        self._is_onlooker = "call_id" in query
        self._turns = Turns()
        self._asked: deque[tuple[str, Turn]] = deque()
        """What was asked for and has not begun, with the id that the caller gave its event."""
        self._open: dict[str, Turn] = {}
        self._transcripts: dict[str, Turn] = {}
        """By the id of the item that is transcribed."""
        self._carried = NOTHING
        self._heard_bytes = 0
        """Of text that the caller has said since the last report."""

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller."""
        request = request_in(message.data)
        if request.type not in SPOKEN_BY_CALLER or self._is_onlooker:
            return NOTHING_NEW
        text = text_bytes_in(message.data)
        if request.type != CREATE or request.is_apart:
            known = with_text(NOTHING, text)
        else:
            known = with_text(self._carried, self._heard_bytes + text)
        self._heard_bytes += 0 if request.is_apart else text
        if request.type != CREATE or len(self._asked) >= MOST_OPEN:
            return NOTHING_NEW
        turn = self._turns.open(known)
        self._asked.append((request.event_id, turn))
        return (Asked(turn.number, self._model),)

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider."""
        event = event_in(message.data)
        if event.type in PIECES or event.type in SOUNDS:
            self._said(event)
            return NOTHING_NEW
        look = LOOKS.get(event.type)
        return look(self, event, message.data) if look is not None else NOTHING_NEW

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn."""
        return self._turns.take(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """A response that was being given is not whole."""
        return NOTHING_NEW

    def _named(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """The session says which models it has."""
        self._model = event.session_model or self._model
        self._transcriber = event.transcriber or self._transcriber
        return NOTHING_NEW

    # === responses ===

    def _said(self, event: RealtimeEvent) -> None:
        turn = self._open.get(event.response_id)
        if turn is not None and event.type in SOUNDS:
            turn.has_sound = True
        elif turn is not None:
            turn.said_bytes += event.delta_bytes

    def _created(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """A response begins: what was asked for first, else one that nobody asked for.

        Nothing in it says which. If it is another, the caller's is refused, as one is running: then it was taken for that.
        """
        if self._is_onlooker or not event.response_id or event.response_id in self._open:
            return NOTHING_NEW
        over = oldest_of(self._open)
        turn = (
            self._asked.popleft()[1] if self._asked else self._turns.open(with_text(self._carried, self._heard_bytes))
        )
        self._open[event.response_id] = turn
        return (*over, Began(turn.number, self._model))

    def _done(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """A response has ended. One of which nothing was seen before is a turn too: its figures count."""
        turn, events = self._open.pop(event.response_id, None), NOTHING_NEW
        if turn is None:
            turn = self._turns.open()
            events = (Began(turn.number, self._model),)
        if (reported := read(reported_in, document, self._extras)) is not None:
            turn.add(reported)
            if event.is_of_conversation:
                self._carried, self._heard_bytes = carried(reported.usage, is_cached=True), 0
        turn.is_terminal = True
        return (*events, Ended(turn.number))

    def _failed(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """An error: "most errors are recoverable", and most are about something else than a response.

        It names the caller's event, if that had an id. The refusal of a response while another runs has been seen without.
        """
        named = event.error_event_id
        if not (named or event.error_code == ALREADY_ACTIVE or event.error_param.startswith("response")):
            return NOTHING_NEW
        for asked in self._asked:
            if not named or asked[0] == named:
                self._asked.remove(asked)
                asked[1].is_declined = True
                return (Declined(asked[1].number, 500 if event.error_type == "server_error" else 400),)
        return NOTHING_NEW

    # === transcripts ===

    def _hearing(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """A piece of a transcript."""
        if self._is_onlooker or not event.item_id:
            return NOTHING_NEW
        turn, events = self._transcripts.get(event.item_id), NOTHING_NEW
        if turn is None:
            over, turn = oldest_of(self._transcripts), self._turns.open()
            self._transcripts[event.item_id] = turn
            events = (*over, Began(turn.number, self._transcriber))
        turn.said_bytes += event.delta_bytes
        return events

    def _heard(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """A transcript is whole: "billed according to the ASR model's pricing rather than the realtime model's"."""
        turn, events = self._transcripts.pop(event.item_id, None), NOTHING_NEW
        reported = read(transcript_in, document, self._extras)
        if turn is None:
            turn = self._turns.open()
            events = (Began(turn.number, self._transcriber),)
        if reported is not None:
            turn.add(reported)
        turn.is_terminal = True
        return (*events, Ended(turn.number))

    def _unheard(self, event: RealtimeEvent, document: bytes) -> tuple[LiveEvent, ...]:
        """A transcript failed; whether that is billed is said by nobody."""
        turn = self._transcripts.pop(event.item_id, None)
        if turn is None:
            return NOTHING_NEW
        turn.is_terminal = True
        return (Ended(turn.number),)


TRANSCRIPTION = "conversation.item.input_audio_transcription"
LOOKS: Mapping[str, Callable[[OpenAIRealtime, RealtimeEvent, bytes], tuple[LiveEvent, ...]]] = {
    "session.created": OpenAIRealtime._named,
    "session.updated": OpenAIRealtime._named,
    "transcription_session.updated": OpenAIRealtime._named,
    "response.created": OpenAIRealtime._created,
    "response.done": OpenAIRealtime._done,
    "error": OpenAIRealtime._failed,
    f"{TRANSCRIPTION}.delta": OpenAIRealtime._hearing,
    f"{TRANSCRIPTION}.completed": OpenAIRealtime._heard,
    f"{TRANSCRIPTION}.failed": OpenAIRealtime._unheard,
}
"""What is done with the events that are more than a piece of an answer."""


def oldest_of(open_turns: dict[str, Turn]) -> tuple[LiveEvent, ...]:
    """The oldest of too many is not followed any further."""
    if len(open_turns) < MOST_OPEN:
        return NOTHING_NEW
    return (Ended(open_turns.pop(next(iter(open_turns))).number),)


def read(extract: Callable[[bytes, Extras], Reported | None], document: bytes, extras: Extras) -> Reported | None:
    """What an event reports as used; None also when that can't be read."""
    try:
        return extract(document, extras)
    except Unreadable:  # not seen: what says its own name is a document
        return None


def open_realtime(target: str, extras: Extras = PLAIN) -> OpenAIRealtime:
    """The reader of a socket, whose target may name the model (`model=`) or Azure's deployment (`deployment=`)."""
    return OpenAIRealtime(target, extras)
