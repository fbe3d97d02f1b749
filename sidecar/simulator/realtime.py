"""OpenAI's Realtime API, as its SDK speaks it (openai-python 3.54, `types/realtime`), also at Azure. Pure.

A conversation of items, to which either side adds; an answer is a response, and its last event has its usage.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.chat_prompt import texts_in
from sidecar.simulator.conversation import Ask, Command, Interrupt, Planned, Say
from sidecar.simulator.live_connection import Word
from sidecar.simulator.live_context import Context, plan_answer
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import decide
from sidecar.simulator.prices import Used
from sidecar.simulator.realtime_speech import Events, RealtimeSpeech, item_of_caller
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming

METHOD = "realtime"
BYTES_OF_A_TOKEN = 4_800
"""Of sound that is heard: ten tokens a second of 24 kHz, 16 bits."""


class AudioInput(msgspec.Struct, frozen=True):
    """How the caller's sound is taken."""

    turn_detection: Any = msgspec.UNSET
    """How the end of its speech is heard; None when it says so itself."""


class Audio(msgspec.Struct, frozen=True):
    """Sound, both ways; what is answered in is passed over."""

    input: AudioInput = AudioInput()


class Wished(msgspec.Struct, frozen=True):
    """How an answer is to be: of a session, or of one response. None: as the session has it."""

    output_modalities: list[str] | None = None
    max_output_tokens: int | str | None = None
    instructions: str | None = None
    input: list[Any] | None = None
    """What is to be read instead of the conversation."""
    audio: Audio = Audio()


class Said(msgspec.Struct, frozen=True):
    """An event of the caller."""

    type: str = ""
    event_id: str | None = None
    session: Wished = Wished()
    response: Wished = Wished()
    item: dict[str, Any] = {}
    audio: str = ""


class Realtime:
    """One socket. With no ear for silence, it takes the commit of a sound as the end of a speech, and answers that unasked."""

    is_text = True

    def __init__(self, model: str, settings: Settings) -> None:
        self._model, self._settings = model, settings
        self._events = Events()
        self._wished = Wished(output_modalities=["audio"])
        self._hears_turns = True
        self._context = Context()
        self._unheard = 0
        """Tokens of sound in the buffer."""
        self._items = 0
        self._is_answering = False
        self._acts: Mapping[str, Callable[[Said, bytes], Sequence[Command]]] = {
            "session.update": self._update,
            "conversation.item.create": self._add,
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "response.create": self._ask,
            "response.cancel": self._cancel,
        }

    def opening(self) -> Sequence[Word]:
        """The session as it is to begin with."""
        return (self._events.tell("session.created", session=self._session()),)

    def hear(self, message: bytes) -> Sequence[Command]:
        """What an event asks for; one that can't be read is answered with an error."""
        try:
            said = msgspec.json.decode(message, type=Said)
        except msgspec.MsgspecError as error:
            return [self._complain("invalid_event", str(error), None)]
        act = self._acts.get(said.type)
        if act is None:
            return [self._complain("invalid_value", f"Invalid value: '{said.type}'.", said.event_id)]
        return act(said, message)

    def begin(self, ask: Ask, request: Request, naming: Naming) -> Planned:
        """The next response."""
        said = msgspec.json.decode(ask.body, type=Said)
        wished = said.response

        def plan(asked: Asked) -> Plan:
            bound = wished.max_output_tokens or self._wished.max_output_tokens
            most = bound if isinstance(bound, int) else None
            context = self._context if wished.input is None else _of_its_own(wished)
            modalities = wished.output_modalities or self._wished.output_modalities or []
            return plan_answer(asked, context, most, speaks="audio" in modalities)

        route = Route(Dialect.OPENAI, METHOD, self._model, asks_stream=True)
        planned = decide(route, request, self._settings, plan)
        return Planned(planned, RealtimeSpeech(planned, naming, self._events))

    def ended(self, planned: Planned, used: Used) -> Sequence[Word]:
        """How much of its limits is left to the caller; and what was answered is part of the conversation."""
        self._is_answering = False
        if planned.plan.declined is not None:
            return ()
        self._context.answer(used)
        limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
        return (self._events.tell("rate_limits.updated", rate_limits=limits),)

    def _session(self) -> dict[str, Any]:
        head = {"type": "realtime", "object": "realtime.session", "id": "sess_simulated", "model": self._model}
        return {**head, **_said_of(self._wished)}

    def _update(self, said: Said, message: bytes) -> Sequence[Command]:
        self._wished = msgspec.structs.replace(self._wished, **_said_of(said.session))
        self._hears_turns = said.session.audio.input.turn_detection is not None
        self._context.hear(said.session.instructions or "")
        return [Say((self._events.tell("session.updated", session=self._session()),))]

    def _add(self, said: Said, message: bytes) -> Sequence[Command]:
        for text in texts_in(said.item):
            self._context.hear(text)
        return [Say(self._added(said.item))]

    def _append(self, said: Said, message: bytes) -> Sequence[Command]:
        self._unheard += len(said.audio) * 3 // 4 // BYTES_OF_A_TOKEN
        return []

    def _added(self, item: dict[str, Any]) -> tuple[Word, ...]:
        self._items += 1
        whole = item_of_caller(item, self._items)
        return tuple(self._events.tell(f"conversation.item.{what}", item=whole) for what in ("added", "done"))

    def _commit(self, said: Said, message: bytes) -> Sequence[Command]:
        if not self._unheard:
            return [self._complain("input_audio_buffer_commit_empty", "The buffer is too small.", said.event_id)]
        self._context.audio += self._unheard
        self._unheard = 0
        heard = {"type": "message", "role": "user", "content": [{"type": "input_audio", "transcript": None}]}
        told = (self._events.tell("input_audio_buffer.committed", item_id=f"item_{self._items + 1}"),)
        kept = Say((*told, *self._added(heard)))
        if not self._hears_turns or self._is_answering:
            return [kept]
        self._is_answering = True
        return [kept, Ask(message)]

    def _ask(self, said: Said, message: bytes) -> Sequence[Command]:
        if self._is_answering:
            sentence = "Conversation already has an active response in progress."
            return [self._complain("conversation_already_has_active_response", sentence, said.event_id)]
        self._is_answering = True
        self._context.hear(said.response.instructions or "")
        return [Ask(message)]

    def _cancel(self, said: Said, message: bytes) -> Sequence[Command]:
        if self._is_answering:
            return [Interrupt()]
        sentence = "Cancellation failed: no active response found"
        return [self._complain("response_cancel_not_active", sentence, said.event_id)]

    def _complain(self, code: str, sentence: str, event_id: str | None) -> Say:
        error = {"type": "invalid_request_error", "code": code, "message": sentence, "param": None}
        return Say((self._events.tell("error", error={**error, "event_id": event_id}),))


def _said_of(wished: Wished) -> dict[str, Any]:
    """What it says of answers."""
    said = msgspec.to_builtins(wished)
    return {name: said[name] for name in ("output_modalities", "max_output_tokens", "instructions") if said[name]}


def _of_its_own(wished: Wished) -> Context:
    """The context of an answer that does not read the conversation."""
    context = Context()
    for text in texts_in([wished.instructions or "", *(wished.input or [])]):
        context.hear(text)
    return context
