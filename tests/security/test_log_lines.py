"""Threat 19: whatever callers and providers are called, an event is one line, and no line commands the terminal that shows it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.end_to_end.prometheus import free_port
from tests.readme import ROOT
from tests.security.canary_calls import Raw, ask
from tests.security.indiscreet import indiscreet_provider

PATIENCE_SECONDS = 30.0
FORGED = '{"level":"info","event":"forged"}'
HOSTILE = f"\n{FORGED}\n\x1b[2J\x1b]0;title\x07\x9b2J\x85{FORGED}\u2028{FORGED}\u202e\r\0"
IN_HEADERS = f"\x9b2J\x85{FORGED}"
"""What may stand in a field of a request: bytes above 127, no controls."""
SAYS = {"Content-Type": "application/json", "X-Sidecar-Caller": IN_HEADERS, "X-Sidecar-Label-Team": IN_HEADERS}
FORMATS = ("json", "console")


def _asking(path: str, **more: str) -> Raw:
    body = {"model": f"gpt{HOSTILE}", "user": HOSTILE, "background": "responses" in path}
    return Raw(path, json.dumps(body).encode(), SAYS | {name.replace("_", "-"): text for name, text in more.items()})


CALLS = {
    "call": _asking("/loud/v1/chat/completions"),
    "operation": _asking("/loud/v1/responses", X_Sidecar_Lease=IN_HEADERS),
    "reason": _asking("/loud/v1/chat/completions", X_Misbehave="reason"),
    "field": _asking("/loud/v1/chat/completions", X_Misbehave="field"),
    "chunk": _asking("/loud/v1/chat/completions", X_Misbehave="chunk"),
    "500": _asking("/loud/v1/chat/completions", X_Misbehave="500"),
    "nowhere": _asking("/nowhere/v1/chat/completions"),
    "path": _asking(f"/gemini/v1beta/models/a%0a{IN_HEADERS.encode().hex()}%1b%5b2J:generateContent"),
    "wishes": _asking("/loud/v1/chat/completions", X_Sidecar_On_Departure=IN_HEADERS, X_Sidecar_Rescue=IN_HEADERS),
}


@contextmanager
def log_of(folder: Path, loud: str, format: str) -> Iterator[tuple[str, Path]]:
    """The proxy's URL of a sidecar, and the file that its log goes to."""
    port, log = free_port(), folder / "log"
    upstreams = {"LOUD": loud, "NOWHERE": "http://nobody.invalid", "GEMINI": loud}
    told = {f"UPSTREAMS__{name}__URL": url for name, url in upstreams.items()} | {
        "UPSTREAMS__LOUD__DIALECT": "openai", "UPSTREAMS__NOWHERE__DIALECT": "openai", "LOG__FORMAT": format,
        "LOG__LEVEL": "debug", "PROXY__LISTEN": f"127.0.0.1:{port}", "CONTROL__LISTEN": "127.0.0.1:0",
        "OBSERVE__LISTEN": "127.0.0.1:0", "LABELS__ALLOW": "[team]", "DRAIN__LINGER_SECONDS": "0",
    }  # fmt: skip
    variables = {**os.environ, **{f"SIDECAR_{name}": text for name, text in told.items()}, "PYTHONPATH": str(ROOT)}
    with log.open("wb") as out, (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", "serve"], cwd=folder, env=variables, stdout=out, stderr=errors
        )
    try:
        _until(lambda: b"serving" in log.read_bytes())
        yield f"http://127.0.0.1:{port}", log
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _has_settled(log: Path, calls: int) -> bool:
    return log.read_bytes().count(b"call_settled") >= calls


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What was logged, by format, of the same calls."""
    told = {}
    for format in FORMATS:
        with indiscreet_provider() as (loud, _), log_of(tmp_path_factory.mktemp(format), loud, format) as (proxy, log):
            for name, raw in CALLS.items():
                ask(proxy, name, raw)
            _until(partial(_has_settled, log, 5))
        told[format] = log.read_text()
    return told


@pytest.mark.parametrize("format", FORMATS)
def test_no_line_holds_what_is_more_than_text(logs: dict[str, str], format: str) -> None:
    assert [ascii(line) for line in logs[format].split("\n") if not line.isprintable()] == []


@pytest.mark.parametrize("format", FORMATS)
def test_what_callers_say_is_in_the_log_nevertheless(logs: dict[str, str], format: str) -> None:
    assert logs[format].count("forged") > 5


def test_every_line_is_one_event_of_ours(logs: dict[str, str]) -> None:
    events = [json.loads(line)["event"] for line in logs["json"].splitlines()]
    assert "forged" not in events
    assert {"serving", "call_settled", "upstream_failed", "drained"} <= set(events)


def test_every_line_begins_with_its_moment(logs: dict[str, str]) -> None:
    assert [line for line in logs["console"].splitlines() if line and not line.startswith("20")] == []
