"""Operations in OpenAI's language by their families: how they are asked about and cancelled (providers-wire 3 to 5).

The shapes are those of openai-python 3.54 (`types/fine_tuning`, `types/evals`, `types/beta/threads`, `types/video.py`). Azure has
the same with its own paths, and `api-version` in the query is kept. Who speaks the language and differs in one family gives a
wire of his own for it (`openai_routes.rows`).
"""

from collections.abc import Mapping

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.figures import Figures
from sidecar.providers.observing import either_observed, whole_observed
from sidecar.providers.openai_background import responses, usage_by
from sidecar.providers.openai_batches import BATCHES, LISTED
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_request import variant_of
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_at, ask_below, ask_list
from sidecar.providers.operation_documents import Described, Shape, described_by, listed_by
from sidecar.providers.result_rows import Sum

P = Progress
Wires = Mapping[str, OperationWire | None]
"""By the name of the family, which the methods of its rows begin with. None: a family that nothing is known of here."""


# === fine-tuning ===

TUNING_WORDS = {
    "validating_files": P.RUNNING, "queued": P.RUNNING, "running": P.RUNNING, "paused": P.RUNNING,
    "succeeded": P.SUCCEEDED, "failed": P.FAILED, "cancelled": P.CANCELLED,
}  # fmt: skip


def trained(told: Described) -> Reported | None:
    """Tokens that were trained on, as units: a model's price for reading or writing tokens is none for training on them.

    They are billed for supervised training; reinforcement is billed by the hour, which nothing here tells (providers-wire 4).
    """
    figures = Figures({"trained_tokens": told.value("trained_tokens")})
    return figures.told(Usage(units=figures.count("trained_tokens"))) if told.has_ended() else None


TUNING = Shape(words=TUNING_WORDS, ended_at=("finished_at",), mark="training_file", report=trained)
FINE_TUNING = OperationWire(
    OperationKind.TUNING,
    whole_observed(described_by(TUNING)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    find=ask_list(LISTED),
    found_in=listed_by(TUNING),
)
"""Pausing is no cancel: a paused one goes on when it is told to, and holds its checkpoint."""


# === evals ===

EVAL_WORDS = {
    "queued": P.RUNNING, "in_progress": P.RUNNING, "completed": P.SUCCEEDED, "failed": P.FAILED, "canceled": P.CANCELLED,
}  # fmt: skip
"""`canceled` has one l here."""


def sampled(told: Described) -> Reported | None:
    """What the models of a run used, together."""
    total = Sum()
    models = told.value("per_model_usage")
    for model in models if isinstance(models, list) else ():
        figures = Figures(model)
        prompt, cached = figures.count("prompt_tokens"), figures.count("cached_tokens")
        cached = min(prompt, cached)
        usage = Usage(input=prompt - cached, cached_input=cached, output=figures.count("completion_tokens"))
        if (reported := figures.told(usage, figures.name("model_name"))) is not None:
            total.add(reported)
    return total.reported()


EVAL = Shape(words=EVAL_WORDS, mark="name", report=sampled)
EVALS = OperationWire(
    OperationKind.BATCH,
    whole_observed(described_by(EVAL)),
    poll=ask_below(),
    cancel=ask_below("/cancel", "POST"),
    find=ask_list(LISTED),
    found_in=listed_by(EVAL),
)
"""Runs of evals, at the price of ordinary calls."""


# === runs of assistants ===

RUN_WORDS = {
    "queued": P.RUNNING, "in_progress": P.RUNNING, "requires_action": P.RUNNING, "cancelling": P.STOPPING,
    "completed": P.SUCCEEDED, "incomplete": P.SUCCEEDED, "failed": P.FAILED, "expired": P.FAILED, "cancelled": P.CANCELLED,
}  # fmt: skip


def in_its_thread(told: Described, run: str) -> str:
    """A run's name with its thread's, which a request that makes both does not have in its path."""
    thread = told.value("thread_id")
    return f"threads/{thread}/runs/{run}" if isinstance(thread, str) and thread else ""


RUN = Shape(
    words=RUN_WORDS,
    kind=("object", "thread.run"),
    ended_at=("completed_at", "cancelled_at", "failed_at"),
    named=in_its_thread,
    report=usage_by(PLAIN),
)
THREAD = r"/threads(?:/[^/]+)?/runs"
RUNS = OperationWire(
    OperationKind.BACKGROUND,
    either_observed(described_by(RUN), described_by(RUN), hint=b'"thread.run"'),
    poll=ask_at(THREAD, "/{id}", id_bytes="/"),
    cancel=ask_at(THREAD, "/{id}/cancel", "POST", id_bytes="/"),
)


# === videos ===

VIDEO_WORDS = {
    "queued": P.RUNNING, "pending": P.RUNNING, "in_progress": P.RUNNING, "completed": P.SUCCEEDED, "failed": P.FAILED,
    "expired": P.FAILED, "cancelled": P.CANCELLED,
}  # fmt: skip
"""`pending`, `expired` and `cancelled` are OpenRouter's."""


def filmed(told: Described) -> Reported | None:
    """The seconds of a video that was made, and the size that their price hangs on."""
    if told.progress is not P.SUCCEEDED:
        return None
    figures = Figures({"seconds": told.value("seconds")})
    usage = Usage(video_seconds=figures.count("seconds"), variant=variant_of(told.value("size"), None))
    return figures.told(usage) if usage.video_seconds else None


VIDEO_OPENING = r"/videos(?:/(?:edits|extensions|[^/]+/remix))?"
VIDEO = Shape(words=VIDEO_WORDS, ended_at=("completed_at",), report=filmed)


def videos(shape: Shape = VIDEO) -> OperationWire:
    """Videos. There is no cancel, and `DELETE` is for those that are finished; OpenAI closed its own on 2026-09-24."""
    return OperationWire(
        OperationKind.LRO,
        whole_observed(described_by(shape)),
        poll=ask_at(VIDEO_OPENING, "/videos/{id}"),
        cancel=None,
    )


VIDEOS = videos()


def wires(extras: Extras = PLAIN) -> dict[str, OperationWire | None]:
    """The families of the language, by the names that the methods of their rows begin with."""
    return {
        "responses": responses(extras),
        "batches": BATCHES,
        "fine_tuning.jobs": FINE_TUNING,
        "evals.runs": EVALS,
        "threads.runs": RUNS,
        "videos": VIDEOS,
    }
