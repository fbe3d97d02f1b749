"""Anthropic's streams: `message_start` says what came in, `message_delta` what was made, and nothing in between.

The usage of `message_start` is exact but for its output, a placeholder of 1 to 4 tokens that is not counted (providers-wire
4). What a stream that was cut had made by then is told from the text that passed, and marked as an estimate.
"""

from contextlib import suppress

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, Unreadable, decoded
from sidecar.bodies.sse import ServerSentEvents
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic_reported import read_message, read_usage, reported_of
from sidecar.providers.anthropic_usage import ReportedUsage, Text, merged
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported
from sidecar.providers.estimate import tokens_of
from sidecar.providers.frame import Repeat, holes_at
from sidecar.providers.names import name_of
from sidecar.providers.reported import COUNTED
from sidecar.providers.stream import StreamReader

HOLES = holes_at(text=("text", "thinking", "partial_json"))


class Delta(Struct, gc=False):
    """A piece of a content block, or how the message ended. Signatures and citations are not the model's tokens."""

    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: Text = None


class Event(Struct, gc=False):
    """What an event of a stream is to us; `completion` and what follows it are of the legacy `/v1/complete`."""

    type: str = ""
    delta: Delta | None = None
    message: Raw = NULL
    usage: Raw = NULL
    completion: Text = None
    stop_reason: Text = None
    model: Text = None


class UnsureEvent(Struct, gc=False):
    """The same of an event in which some value is not what it should be."""

    type: str = ""
    message: Raw = NULL
    usage: Raw = NULL


EVENT = msgspec.json.Decoder(Event)
UNSURE_EVENT = msgspec.json.Decoder(UnsureEvent)


def event_in(document: bytes) -> Event:
    """An event, as far as it can be read."""
    try:
        return EVENT.decode(document)
    except UNREADABLE:
        pass
    with suppress(Unreadable):
        return decoded(EVENT, document)
    with suppress(Unreadable):
        unsure = decoded(UNSURE_EVENT, document)
        return Event(unsure.type, message=unsure.message, usage=unsure.usage)
    return Event()


class MessageTally:
    """What the events of one message have said until now, in whatever framing they came."""

    __slots__ = (
        "_doubt", "_has_ended", "_has_output", "_made", "_model", "_report", "_stop_reason", "_thought", "is_terminal",
    )  # fmt: skip

    def __init__(self) -> None:
        self.is_terminal = False
        self._report = ReportedUsage()
        self._doubt = ""
        self._model = ""
        self._stop_reason: Text = None
        self._has_output = False
        """The report's output is one that `message_delta` gave."""
        self._has_ended = False
        """The message says why it stopped: what it reported last is all."""
        self._made = self._thought = 0
        """Bytes of text that passed since the output was last reported."""

    def note(self, event: bytes) -> Repeat | None:
        """Look at the next event; None when it told anything but text."""
        return self.note_event(event_in(event))

    def note_event(self, event: Event) -> Repeat | None:
        """The same with an event that is decoded."""
        delta = event.delta
        if delta is not None and event.type == "content_block_delta":
            return self.count(delta.text or delta.partial_json, delta.thinking)
        if event.type == "message_start":
            self._start(event.message)
        elif event.type == "message_delta":
            self._note_delta(event)
        elif event.type == "completion":
            self._note_completion(event)
        elif event.type == "message_stop" or event.type == "error":
            self.is_terminal = True
            self._has_ended = self._has_ended or event.type == "message_stop"
        return None

    def count(self, made: str, thought: str) -> Repeat | None:
        """A piece of the answer, or of the thinking before it."""
        repeat = self._make if made else self._think
        text = bytes_of(made or thought)
        repeat(text)
        return (repeat, text) if text else None

    def _make(self, text: int) -> None:
        self._made += text

    def _think(self, text: int) -> None:
        self._thought += text

    @property
    def report(self) -> ReportedUsage | None:
        """The usage as it was reported, without the placeholder; None when none was."""
        return self._report if self._report != ReportedUsage() else None

    def reported(self) -> Reported | None:
        """The usage of the whole message, or of what has passed."""
        is_whole = self._has_output and self._has_ended and not (self._made or self._thought)
        whole = reported_of(self._report, self._model, self._stop_reason, self._doubt)
        if is_whole:
            return whole
        used = whole.usage if whole is not None else Usage()
        made, thought = used.output + tokens_of(self._made), used.reasoning + tokens_of(self._thought)
        used = msgspec.structs.replace(used, output=made, reasoning=thought)
        if used == Usage():
            return None
        return Reported(used, self._model, whole.tier if whole is not None else "", Basis.ESTIMATED, COUNTED)

    def _start(self, message: Raw) -> None:
        with suppress(Unreadable):
            start, doubt = read_message(message)
            self._model = name_of(start.model)
            if start.usage is not None:
                start.usage.output_tokens = start.usage.output_tokens_details = None
                self._report, self._doubt = start.usage, self._doubt or doubt

    def _note_delta(self, event: Event) -> None:
        if event.delta is not None and event.delta.stop_reason:
            self._stop_reason, self._has_ended = event.delta.stop_reason, True
        report, doubt = read_usage(event.usage)
        if report is None:
            return
        self._doubt = self._doubt or doubt
        self._report = merged(self._report, report)
        if report.output_tokens is not None:
            self._has_output, self._made, self._thought = True, 0, 0

    def _note_completion(self, event: Event) -> None:
        self._made += bytes_of(event.completion or "")
        self._model = name_of(event.model) or self._model
        self.is_terminal = self.is_terminal or bool(event.stop_reason)


def bytes_of(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def message_stream(head: ReplyHead) -> ReplyReader:
    """The reader of a stream of Anthropic's events."""
    return StreamReader(head, ServerSentEvents(), MessageTally(), HOLES)
