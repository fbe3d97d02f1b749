"""Sockets of `BidiGenerateMusic`: music that is steered while it plays (python-genai 3.4.0, `live_music.py`).

A turn is what is made from `PLAY` until `PAUSE` or `STOP`, or until the socket ends: that is how the SDK ends it, so what has
been played is whole at any moment. Nothing that passes says what it used: these calls are counted and timed, and unpriced.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct, field

from sidecar.bodies.lenient import NULL, value_of
from sidecar.providers.contract import ReplyReader
from sidecar.providers.google_live import NOT_YET, model_in
from sidecar.providers.live import Asked, Began, Ended, LiveEvent
from sidecar.providers.live_json import value_in
from sidecar.providers.live_turns import Turn, Turns
from sidecar.websocket.message import Message

PLAY, STOPPING = "PLAY", ("PAUSE", "STOP")


class Steered(Struct, gc=False):
    """A message of the caller."""

    setup: Raw = NULL
    playback_control: Raw = NULL
    playback_control_: Raw = field(name="playbackControl", default=NULL)


class Played(Struct, rename="camel", gc=False):
    """A message of the provider: music comes in `audioChunks` of its `serverContent`."""

    server_content: Raw = NULL


STEERED, PLAYED = msgspec.json.Decoder(Steered), msgspec.json.Decoder(Played)


class GoogleMusic:
    """Reads one socket."""

    __slots__ = ("_has_begun", "_model", "_open", "_turns")

    def __init__(self) -> None:
        self._turns = Turns()
        self._open: Turn | None = None
        self._has_begun = False
        self._model = ""

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller."""
        steered = value_in(STEERED, message.data)
        if steered is None:
            return NOT_YET
        if steered.setup is not NULL:
            setup = value_of(steered.setup)
            self._model = model_in(setup.get("model")) if isinstance(setup, dict) else ""
        control = value_of(steered.playback_control) or value_of(steered.playback_control_)
        if control == PLAY and self._open is None:
            self._open, self._has_begun = self._turns.open(), False
            self._open.is_terminal = True
            return (Asked(self._open.number, self._model),)
        return self.closed() if control in STOPPING else NOT_YET

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider."""
        if self._open is None or self._has_begun:
            return NOT_YET
        played = value_in(PLAYED, message.data)
        return self._begin() if played is not None and played.server_content is not NULL else NOT_YET

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn."""
        return self._turns.take(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """The music ends here."""
        turn = self._open
        if turn is None:
            return NOT_YET
        events = NOT_YET if self._has_begun else self._begin()
        self._open = None
        return (*events, Ended(turn.number))

    def _begin(self) -> tuple[LiveEvent, ...]:
        self._has_begun = True
        return (Began(self._open.number, self._model),) if self._open else NOT_YET


def open_music(target: str) -> GoogleMusic:
    """The reader of a socket of `BidiGenerateMusic`."""
    return GoogleMusic()
