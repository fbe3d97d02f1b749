"""Gemini Live and Vertex's the same, as google-genai speaks it (google-wire 8; python-genai 3.4, `live.py`). Pure.

Every message is an object with one key besides `usageMetadata`. The caller's outer keys are written with underscores by the
Python SDK, otherwise by the others; what comes from Google is in binary frames.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.conversation import Ask, Command, Interrupt, Planned, Say
from sidecar.simulator.gemini_live_speech import GeminiLiveSpeech
from sidecar.simulator.live_connection import Closing, Word
from sidecar.simulator.live_context import Context, plan_answer
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import decide
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import TOKENS_OF_A_FILE, Camel, Content, text_of as text_of_turns, tokens_of
from sidecar.simulator.request import Request
from sidecar.simulator.resumption import Sessions
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming, json_line

METHOD = "bidiGenerateContent"
BYTES_OF_A_TOKEN = 1_280
"""Of sound that is heard: 25 tokens a second of 16 kHz, 16 bits."""
INVALID, NOT_ALLOWED = 1007, 1008
"""Close codes."""


class GenerationConfig(Camel, frozen=True):
    """How answers are to be."""

    response_modalities: tuple[str, ...] = ("AUDIO",)
    max_output_tokens: int | None = None


class Setup(Camel, frozen=True):
    """The first message."""

    model: str = ""
    generation_config: GenerationConfig = GenerationConfig()
    system_instruction: Content | None = None
    session_resumption: dict[str, Any] | None = None
    output_audio_transcription: dict[str, Any] | None = None


class ClientContent(Camel, frozen=True):
    """Turns in order; the answer follows the one that completes the caller's."""

    turns: tuple[Content, ...] = ()
    turn_complete: bool = False


class Sound(Camel, frozen=True):
    """A piece of sound, or a picture of a video."""

    data: str = ""
    mime_type: str = ""


class RealtimeInput(Camel, frozen=True):
    """What comes as it is spoken."""

    text: str = ""
    audio: Sound | None = None
    video: Sound | None = None
    media_chunks: tuple[Sound, ...] = ()
    activity_start: dict[str, Any] | None = None
    activity_end: dict[str, Any] | None = None
    audio_stream_end: bool = False


class Said(Camel, frozen=True):
    """A message of the caller."""

    setup: Setup | None = None
    client_content: ClientContent | None = None
    realtime_input: RealtimeInput | None = None
    tool_response: dict[str, Any] | None = None


class GeminiLive:
    """One socket."""

    is_text = False

    def __init__(self, dialect: Dialect, settings: Settings, sessions: Sessions) -> None:
        self._dialect, self._settings, self._sessions = dialect, settings, sessions
        self._setup: Setup | None = None
        self._context = Context()

    def opening(self) -> Sequence[Word]:
        """Nothing: the caller speaks first."""
        return ()

    def hear(self, message: bytes) -> Sequence[Command]:
        """What is asked for; a message that can't be read, or comes too early or too late, ends the socket."""
        try:
            said = msgspec.convert(_camel(msgspec.json.decode(message)), Said)
        except msgspec.MsgspecError:
            return [Say((Closing(INVALID, "Request contains an invalid argument."),))]
        if (said.setup is None) == (self._setup is None):
            return [Say((Closing(INVALID, "setup must be the first message, and only the first."),))]
        if said.setup is not None:
            return [Say(self._set_up(said.setup))]
        if said.client_content is not None:
            return self._hear_content(said.client_content, message)
        if said.realtime_input is not None:
            return self._hear_as_spoken(said.realtime_input, message)
        return [Ask(message)] if said.tool_response is not None else []

    def begin(self, ask: Ask, request: Request, naming: Naming) -> Planned:
        """The next answer, which reads all that was said before it."""
        setup = self._setup or Setup()

        def plan(asked: Asked) -> Plan:
            config = setup.generation_config
            speaks = "AUDIO" in config.response_modalities
            return plan_answer(asked, self._context, config.max_output_tokens, speaks=speaks)

        route = Route(self._dialect, METHOD, _model_of(setup), asks_stream=True)
        planned = decide(route, request, self._settings, plan)
        transcribes, is_resumable = setup.output_audio_transcription is not None, setup.session_resumption is not None
        return Planned(planned, GeminiLiveSpeech(planned, transcribes=transcribes, is_resumable=is_resumable))

    def ended(self, planned: Planned, used: Used) -> Sequence[Word]:
        """The handle by which the session can be gone on with from here, if the caller wants any."""
        if planned.plan.declined is None:
            self._context.answer(used)
        return self._update()

    def _set_up(self, setup: Setup) -> tuple[Word, ...]:
        model = self._settings.catalog.get(_model_of(setup))
        if model is None or not model.can(METHOD):
            return (
                Closing(NOT_ALLOWED, f"{setup.model} is not found for API version v1beta, or is not supported for it."),
            )
        handle = (setup.session_resumption or {}).get("handle")
        kept = self._sessions.find(handle) if handle else self._context
        if kept is None:
            return (Closing(NOT_ALLOWED, "BidiGenerateContent session not found"),)
        self._setup, self._context = setup, kept
        if setup.system_instruction is not None:
            self._context.text += tokens_of(setup.system_instruction)
        return (json_line({"setupComplete": {}}), *self._update())

    def _update(self) -> tuple[Word, ...]:
        if self._setup is None or self._setup.session_resumption is None:
            return ()
        handle = self._sessions.keep(self._context)
        return (json_line({"sessionResumptionUpdate": {"newHandle": handle, "resumable": True}}),)

    def _hear_content(self, content: ClientContent, message: bytes) -> Sequence[Command]:
        self._context.text += sum(map(tokens_of, content.turns))
        self._context.newest = text_of_turns([*content.turns]) or self._context.newest
        return [Interrupt(), Ask(message)] if content.turn_complete else [Interrupt()]

    def _hear_as_spoken(self, spoken: RealtimeInput, message: bytes) -> Sequence[Command]:
        for piece in (spoken.audio, spoken.video, *spoken.media_chunks):
            if piece is not None and piece.mime_type.startswith("audio/"):
                self._context.audio += len(piece.data) * 3 // 4 // BYTES_OF_A_TOKEN
            elif piece is not None:
                self._context.text += TOKENS_OF_A_FILE
        self._context.hear(spoken.text)
        if spoken.text or spoken.activity_end is not None or spoken.audio_stream_end:
            return [Interrupt(), Ask(message)]
        return [Interrupt()] if spoken.activity_start is not None else []


def _model_of(setup: Setup) -> str:
    """Its name, without the path that it is given in."""
    return setup.model.rpartition("models/")[2]


def _camel(value: Any) -> Any:  # noqa: ANN401  JSON
    """The same with the names that Google's JSON has, however they were written."""
    match value:
        case dict():
            return {_camel_name(name): _camel(held) for name, held in value.items()}
        case list():
            return [_camel(held) for held in value]
    return value


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
