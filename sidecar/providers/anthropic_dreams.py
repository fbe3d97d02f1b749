"""Anthropic's dreams: a memory store is read and rewritten in the background (anthropic-python 2.12, `types/beta/beta_dream.py`).

A dream says in all its states what it has used. Sessions are no operations: one idles between turns, its usage is that of all
turns, and the event that interrupts a turn ends no session (providers-wire 5).
"""

from msgspec import Raw

from sidecar.bodies.lenient import NULL
from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.anthropic_reported import read_usage, reported_of
from sidecar.providers.contract import Reported
from sidecar.providers.observing import whole_observed
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_below
from sidecar.providers.operation_documents import Described, Shape, described_by, model_in
from sidecar.providers.reported import at_least

WORDS = {
    "pending": Progress.RUNNING, "running": Progress.RUNNING, "completed": Progress.SUCCEEDED, "failed": Progress.FAILED,
    "canceled": Progress.CANCELLED,
}  # fmt: skip
STILL_COUNTING = "still_counting"


def dreamt(told: Described) -> Reported | None:
    """What a dream has used; that of a canceled one may still grow."""
    raw: Raw = told.fields.get("usage", NULL)
    usage, doubt = read_usage(raw)
    reported = reported_of(usage, model_in(told.value("model")), None, doubt) if usage is not None else None
    if reported is None or told.progress is not Progress.CANCELLED:
        return reported
    return at_least(reported, STILL_COUNTING)


DREAM = Shape(words=WORDS, kind=("type", "dream"), ended_at=("ended_at",), report=dreamt)
DREAMS = OperationWire(
    OperationKind.LRO,
    whole_observed(described_by(DREAM)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
)
