"""A dialect whose messages say outright what they mean: what tests of sockets speak, apart from any provider's words.

A caller says `ask 1`, `ask 1 gemini-2.5-flash`, `resume handle`; a provider says `begin 1`, `end 1`, `end 1 late`,
`used 1 100 20` (input and output tokens), `whole 1`, `decline 1 429`, `handle h`, `no handle`. Anything else is talk.
"""

from collections.abc import Sequence
from typing import Any

from sidecar.lifecycle.record import CallKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role, Route
from sidecar.providers.gemini import GEMINI
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent, Resumable, Resumed, Told
from sidecar.websocket.message import Message

MODEL = "gemini-2.5-flash"
TARGET = "/gemini/live"


class PlainTurn:
    """What is known of one answer."""

    gave_up = ""

    def __init__(self) -> None:
        self.told: Reported | None = None
        self.is_terminal = False

    def feed(self, chunk: bytes) -> None:
        raise AssertionError("what passes is fed to the reader of the socket")

    def finish(self) -> None:
        pass

    def reported(self) -> Reported | None:
        return self.told


class PlainLive:
    """Reads one socket."""

    def __init__(self, target: str = "") -> None:
        self.target = target
        self._turns: dict[int, PlainTurn] = {}

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        match message.data.decode(errors="replace").split():
            case ["ask", turn, *model]:
                return [Asked(int(turn), *(model or [MODEL]))]
            case ["resume", handle]:
                return [Resumed(handle)]
        return ()

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        events: list[LiveEvent] = []
        match message.data.decode(errors="replace").split():
            case ["begin", turn, *model]:
                events = [Began(int(turn), *(model or [MODEL]))]
            case ["end", turn, *late]:
                self._of(turn).is_terminal = True
                events = [Ended(int(turn), bool(late))]
            case ["whole", turn]:
                self._of(turn).is_terminal = True
            case ["decline", turn, status]:
                events = [Declined(int(turn), int(status))]
            case ["used", turn, read, made]:
                self._of(turn).told = Reported(Usage(input=int(read), output=int(made)))
                events = [Told(int(turn))] if self._of(turn).is_terminal else []
            case ["handle", handle]:
                events = [Resumable(handle)]
            case ["no", "handle"]:
                events = [Resumable("")]
        return events

    def turn(self, turn: int) -> PlainTurn:
        return self._of(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """Turns from 90 on go on until the socket ends."""
        return [Ended(turn) for turn in self._turns if turn >= 90]

    def _of(self, turn: object) -> PlainTurn:
        return self._turns.setdefault(int(str(turn)), PlainTurn())


class Plain:
    """Gemini's dialect, and one target more."""

    def __getattr__(self, name: str) -> Any:
        return getattr(GEMINI, name)

    def route(self, method: str, path: str) -> Route | None:
        if path != "/live":
            return GEMINI.route(method, path)
        return Route("live", CallKind.LIVE, "", lambda head, facts: PlainTurn(), Role.LIVE, open_live=PlainLive)


PLAIN: Any = Plain()
