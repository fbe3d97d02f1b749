"""The log: one JSON object a line, one line a settled call, through structlog.

`open_log` builds it and returns it; nothing is configured at import, and neither structlog's nor the standard
library's global settings are touched. A call's line has a fixed set of fields, none of them free text, so it goes
straight to the encoder; everything else passes structlog's processors and the redaction.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, BinaryIO, Final, Literal, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger

from sidecar.clock import Clock
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.event import call_line, encode, shown, stamp
from sidecar.telemetry.lines import LineWriter, Sink
from sidecar.telemetry.operation_event import identity, operation_fields
from sidecar.telemetry.redaction import redact

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]
Event = MutableMapping[str, Any]
Renderer = Callable[[object, str, Event], bytes]
LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Threshold:
    """The least serious level that is written. Belongs to the log and may be changed while it is used."""

    def __init__(self, level: LogLevel) -> None:
        self.level: LogLevel = level

    def __call__(self, _logger: object, method: str, event: Event) -> Event:
        """Drop what is below: a processor, because structlog's own filter is a class made for one level."""
        if LEVELS.get(method, logging.CRITICAL) < LEVELS[self.level]:
            raise structlog.DropEvent
        return event


class Log:
    """Where events go. `events` takes everything but settled calls: `log.events.info("draining", calls=3)`."""

    def __init__(
        self, events: FilteringBoundLogger, lines: LineWriter, format: LogFormat, threshold: Threshold
    ) -> None:
        self.events = events
        self._lines = lines
        self._is_json = format == "json"
        self._threshold = threshold
        self.level = threshold.level

    @property
    def level(self) -> LogLevel:
        """The least serious level that is written. May be set at any time, and holds from the next event on."""
        return self._threshold.level

    @level.setter
    def level(self, level: LogLevel) -> None:
        self._threshold.level = level
        self._shows_calls = LEVELS[level] <= LEVELS["info"]  # a line for each call: asked here once, and not for each

    def call_settled(self, record: CallRecord) -> None:
        """Write the one line of a settled call: the fields of its record that are set, and its durations."""
        if not self._shows_calls:
            return
        if self._is_json:
            self._lines.write(encode(call_line(record)) + b"\n")
        else:
            self.events.info("call_settled", **shown(call_line(record)))

    def upstream_failed(self, upstream: str, error: str, problem: str) -> None:
        """Say why an exchange with an upstream broke: a caller whose connection broke with it can't be told."""
        self.events.warning("upstream_failed", upstream=upstream, error=error, problem=problem)

    def operation_settled(self, record: OperationRecord) -> None:
        """Write the one line of a settled operation: the fields of its record that are set, and its durations."""
        if self._shows_calls:
            self.events.info("operation_settled", **operation_fields(record))

    def operation_event(
        self, event: str, record: OperationRecord, *, is_warning: bool = False, **facts: object
    ) -> None:
        """Write what happened to an operation, with what is needed to recognize it. `facts` that are None are left out."""
        write = self.events.warning if is_warning else self.events.info
        write(event, **identity(record), **{name: fact for name, fact in facts.items() if fact is not None})

    def mass_suspicion(self, suspected: int, known: int, why: str) -> None:
        """Write that so many callers seem to be gone at once that none of them is taken for gone."""
        self.events.warning("mass_suspicion", suspected=suspected, known=known, why=why)

    def close(self) -> None:
        """Write what waits; events that come later are written at once."""
        self._lines.close()


def open_log(clock: Clock, level: LogLevel = "info", format: LogFormat = "json", file: Sink | None = None) -> Log:
    """A log of `level` and above, as JSON lines or as text for people.

    It goes to `file`, else to standard output. Close it before the program ends; the interpreter's exit does it otherwise.
    """
    render = _json if format == "json" else _console(has_colors=file is None and sys.stdout.isatty())
    with_head = _with_head(clock)

    def told_dropped(lines: int) -> bytes:
        return (
            render(None, "warning", with_head(None, "warning", {"event": "log_lines_dropped", "lines": lines})) + b"\n"
        )

    lines = LineWriter(file or unbuffered(sys.stdout), told_dropped)
    threshold = Threshold(level)
    events = structlog.wrap_logger(
        structlog.BytesLogger(cast(BinaryIO, lines)),
        processors=[threshold, with_head, structlog.processors.format_exc_info, redact, render],
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
    )
    return Log(cast(FilteringBoundLogger, events.bind()), lines, format, threshold)


def unbuffered(stream: TextIO) -> Sink:
    """The stream's file without Python's buffer, whose last flush at exit would fail once more on a broken pipe."""
    return open(stream.fileno(), "wb", buffering=0, closefd=False)


def _with_head(clock: Clock) -> Callable[[object, str, Event], Event]:
    """A processor that puts the moment and the level in front."""

    def with_head(_logger: object, level: str, event: Event) -> Event:
        return {"timestamp": stamp(clock.now()), "level": level, "event": event.pop("event", ""), **event}

    return with_head


def _json(_logger: object, _level: str, event: Event) -> bytes:
    return encode(event)


def _console(has_colors: bool) -> Renderer:
    """Text for people, in the order of the events' own fields: sorted by name, `outcome` would stand far from `rescued_by`.

    Tracebacks without local variables: structlog's default shows them, and they hold credentials. What is not printable is
    escaped here: structlog takes `repr` of text only where a space or the like stands in it, and never of a traceback.
    """
    plain = structlog.dev.plain_traceback
    render = structlog.dev.ConsoleRenderer(colors=has_colors, sort_keys=False, exception_formatter=plain)

    def as_text(logger: object, level: str, event: Event) -> bytes:
        fields = {name: _visible(name, value) for name, value in event.items()}
        return render(cast(Any, logger), level, fields).encode(errors="backslashreplace")

    return as_text


def _visible(name: str, value: object) -> object:
    """The value of a field with nothing in it that commands a terminal; only a traceback has lines."""
    if not isinstance(value, str) or value.isprintable():
        return value
    if name == "exception" and "\n" in value:
        return "\n".join(str(_visible(name, line)) for line in value.split("\n"))
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in value)
