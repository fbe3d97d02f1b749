"""A recorder that has seen one of everything: every family of the catalogue has a sample on its page."""

from typing import Any

from sidecar.clock import SECOND
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.recorder import Recorder
from tests.telemetry.conftest import START, a_record, an_operation

ODD_MODEL = 'odd "name" \\ here'
PROVIDER, UPSTREAM = "google", "gemini"


def seen_everything(recorder: Recorder) -> Recorder:
    """Let a recorder see one of everything that has a family of its own."""
    call = recorder.admitted(PROVIDER, ODD_MODEL, CallKind.STREAM)
    recorder.left(call, "c1", LeftReason.RST, START + SECOND, 0.001)
    recorder.settled(call, a_record(outcome="orphan_finished", left_at=START + SECOND))
    recorder.operations.opened(an_operation())
    recorder.operations.opened(an_operation("o2"))
    recorder.operations.settled(an_operation("o2", **CANCELLED))
    recorder.exchange(PROVIDER, 200, 0.0001)
    recorder.upstream_failed(PROVIDER, UPSTREAM, "reset", "why")
    recorder.upstream_connect(UPSTREAM, "made")
    recorder.live(PROVIDER).open.value += 1
    program = recorder.program
    program.upstream_connections = lambda: {(UPSTREAM, "idle"): 1}
    program.mode, program.prices_listed_at = "observe", START
    return recorder


CANCELLED: dict[str, Any] = {
    "outcome": "cancelled", "cancel_result": "confirmed", "lapsed_at": START, "ended_at": START + 7 * SECOND,
    "settled_at": START + 127 * SECOND,
}  # fmt: skip
