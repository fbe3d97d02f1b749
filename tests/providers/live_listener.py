"""What a reader of sockets makes of messages, held to the order that it promises."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sidecar.metering.basis import Basis
from sidecar.metering.usage import COUNTED, Usage
from sidecar.providers.contract import ReplyReader, Reported
from sidecar.providers.live import Asked, Began, Declined, Ended, LiveEvent, LiveReader, Told
from sidecar.websocket.message import Message


def message(document: Any) -> Message:
    """A message as a peer sends it."""
    return Message(document if isinstance(document, bytes) else json.dumps(document).encode())


class Listener:
    """Feeds a reader, keeps its turns as calls do, and holds it to the order that it promises."""

    def __init__(self, reader: LiveReader) -> None:
        self.reader = reader
        self.turns: dict[int, ReplyReader] = {}
        self.stands: dict[int, str] = {}
        self.models: dict[int, str] = {}

    def says(self, *documents: Any) -> list[LiveEvent]:
        """The caller's messages."""
        return [event for one in documents for event in self.take(self.reader.from_caller(message(one)))]

    def hears(self, *documents: Any) -> list[LiveEvent]:
        """The provider's."""
        return [event for one in documents for event in self.take(self.reader.from_provider(message(one)))]

    def take(self, events: Iterable[LiveEvent]) -> list[LiveEvent]:
        """Note what a message meant."""
        taken = list(events)
        for event in taken:
            self._note(event)
        return taken

    def reported(self, turn: int = 1) -> Reported | None:
        """What is known of a turn by now."""
        return self.turns[turn].reported()

    def told(self) -> Usage:
        """All that providers reported, summed up."""
        reports = [one.reported() for one in self.turns.values()]
        usages = [one.usage for one in reports if one is not None and one.basis is not Basis.ESTIMATED]
        return Usage(**{name: sum(getattr(usage, name) for usage in usages) for name in COUNTED})

    def _note(self, event: LiveEvent) -> None:
        match event:
            case Asked(turn, model):
                assert turn not in self.stands
                self._open(turn, model, "asked")
            case Began(turn, model):
                assert self.stands.get(turn, "asked") == "asked"
                self._open(turn, model, "begun")
            case Declined(turn, status):
                assert self.stands[turn] == "asked"
                assert 400 <= status < 600
                self.stands[turn] = "over"
            case Ended(turn, awaits_usage):
                assert self.stands[turn] == "begun"
                self.stands[turn] = "awaiting" if awaits_usage else "over"
            case Told(turn):
                assert self.stands[turn] == "awaiting"
                self.stands[turn] = "over"

    def _open(self, turn: int, model: str, stand: str) -> None:
        self.stands[turn] = stand
        self.models[turn] = model or self.models.get(turn, "")
        if turn not in self.turns:
            self.turns[turn] = self.reader.turn(turn)


def numbers(events: Sequence[LiveEvent]) -> list[tuple[str, int]]:
    """Events by name and turn."""
    return [(type(one).__name__, getattr(one, "turn", 0)) for one in events]
