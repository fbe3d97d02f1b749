import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.log import Log, LogFormat, LogLevel, open_log

Record = Callable[..., CallRecord]


class FixedClock:
    def now(self) -> Moment:
        return 1_790_000_000 * SECOND

    def monotonic_ns(self) -> int:
        return 0


@contextmanager
def written(level: LogLevel = "info", format: LogFormat = "json") -> Iterator[tuple[Log, list[str]]]:
    file, lines = io.BytesIO(), list[str]()
    log = open_log(FixedClock(), level, format, file)
    yield log, lines
    log.close()
    lines += file.getvalue().decode().splitlines()


def test_a_settled_call_is_one_line_of_json(record: Record):
    with written() as (log, lines):
        log.call_settled(record())
    (line,) = map(json.loads, lines)
    assert (line["event"], line["level"], line["outcome"]) == ("call_settled", "info", "delivered")
    assert line["timestamp"] == line["settled_at"]


def test_a_settled_operation_is_one_line_of_json(operation: Callable[..., OperationRecord]):
    with written() as (log, lines):
        log.operation_settled(operation(outcome="succeeded", settled_at=1_790_000_000 * SECOND, path="/v1?key=secret"))
    (line,) = map(json.loads, lines)
    assert (line["event"], line["level"], line["id"], line["outcome"]) == (
        "operation_settled",
        "info",
        "o1",
        "succeeded",
    )
    assert line["path"] == "/v1?key=[masked]"


def test_what_happens_to_an_operation_says_which_it_is(operation: Callable[..., OperationRecord]):
    with written() as (log, lines):
        log.operation_event("operation_orphaned", operation(), reason="lease_lapsed", evidence=None)
        log.operation_event("operation_cancel_unconfirmed", operation(), is_warning=True)
        log.mass_suspicion(90, 100, "the clock jumped")
    orphaned, given_up, suspicion = map(json.loads, lines)
    assert (orphaned["level"], orphaned["id"], orphaned["reason"]) == ("info", "o1", "lease_lapsed")
    assert "evidence" not in orphaned
    assert (given_up["level"], given_up["kind"]) == ("warning", "background")
    assert (suspicion["suspected"], suspicion["known"], suspicion["why"]) == (90, 100, "the clock jumped")


def test_other_events_carry_moment_level_and_fields():
    with written() as (log, lines):
        log.events.warning("draining", calls=3)
    assert lines == ['{"timestamp":"2026-09-21T14:13:20.000000Z","level":"warning","event":"draining","calls":3}']


def test_below_the_level_nothing_is_written(record: Record, operation: Callable[..., OperationRecord]):
    with written("warning") as (log, lines):
        log.events.info("quiet")
        log.call_settled(record())
        log.operation_settled(operation())
        log.events.error("loud")
    assert [json.loads(line)["event"] for line in lines] == ["loud"]


def test_an_exception_is_text_in_the_line_and_its_secrets_are_masked():
    with written() as (log, lines):
        try:
            raise ValueError("http://u/?key=abc")
        except ValueError:
            log.events.exception("failed")
    (line,) = map(json.loads, lines)
    assert "ValueError: http://u/?key=[masked]" in line["exception"]
    assert "abc" not in lines[0]


def test_the_console_shows_the_same_to_people_without_local_variables(record: Record):
    with written(format="console") as (log, lines):
        log.call_settled(record())
        secret = "not to be seen"
        try:
            raise ValueError(len(secret))
        except ValueError:
            log.events.exception("failed")
    assert "call_settled" in lines[0]
    assert "outcome=delivered" in lines[0]
    assert lines[-1] == "ValueError: 14"
    assert secret not in "\n".join(line for line in lines if "secret =" not in line)


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b2J", "a\nforged=1", "a\x85b", "a \u2028b", "\u202eabc"])
def test_no_field_and_no_error_commands_a_terminal_or_begins_a_line(record: Record, hostile: str):
    with written(format="console") as (log, lines):
        log.call_settled(record(model=hostile, caller=hostile, labels={"team": hostile}))
        log.upstream_failed("openai", "resolve", hostile)
        try:
            raise ValueError(hostile.replace("\n", "\r"))  # a traceback has lines of its own
        except ValueError:
            log.events.exception("failed")
    assert len([line for line in lines if "[info" in line or "[warning" in line]) == 2
    assert all(line.isprintable() for line in lines), lines


def test_the_console_shows_fields_in_the_order_of_the_line(record: Record):
    with written(format="console") as (log, lines):
        log.call_settled(record("c1", outcome="rescued", rescued_by="c2"))
        log.call_settled(record("c2", outcome="joined", attempt_of="c1"))
    assert "outcome=rescued rescued_by=c2 http_status=200" in lines[0]
    assert "outcome=joined attempt_of=c1 http_status=200" in lines[1]
    assert all(line.index(" id=") < line.index(" outcome=") < line.index(" basis=") for line in lines)


def test_lines_that_were_dropped_are_told_in_the_logs_own_format():
    file: Any = io.BytesIO()
    log = open_log(FixedClock(), file=file)
    log._lines._most_lines = 0
    log.events.info("lost")
    log._lines._most_lines = 10
    log.events.info("kept")
    log.close()
    events = [json.loads(line) for line in file.getvalue().splitlines()]
    assert [(event["event"], event.get("lines")) for event in events] == [("kept", None), ("log_lines_dropped", 1)]


def test_nobodys_global_logging_is_touched():
    before = logging.getLogger().handlers[:], logging.getLogger().level, structlog.is_configured()
    with written() as (log, _):
        log.events.info("x")
    assert (logging.getLogger().handlers[:], logging.getLogger().level, structlog.is_configured()) == before


@pytest.mark.parametrize("format", ["json", "console"])
def test_without_a_file_it_goes_to_standard_output(format: str):
    program = (
        "from sidecar.clock import SystemClock; from sidecar.telemetry.log import open_log\n"
        f"open_log(SystemClock(), format={format!r}).events.info('hello', model='\\udc80')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"hello" in done.stdout
    assert done.stdout.endswith(b"\n")
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


def test_level_is_changed_while_it_is_used__it_holds_from_the_next_line_on(record: Record):
    with written() as (log, lines):
        log.events.debug("one")
        log.level = "debug"
        log.events.debug("two")
        log.level = "error"
        log.events.warning("three")
        log.call_settled(record())
        log.events.error("four")
        log.level = "info"
        log.call_settled(record())
    assert [json.loads(line)["event"] for line in lines] == ["two", "four", "call_settled"]
    assert log.level == "info"
