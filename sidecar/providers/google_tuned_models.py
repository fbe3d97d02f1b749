"""The Gemini API's tuned models, which are tuned as they are made (google-wire 2, 4; python-genai 3.4.0, `tunings`).

Making one is answered by an operation that names the model; the SDK polls and cancels by the model's name, so that is what it is
known by here. What it cost nobody tells.
"""

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.google_jobs import wire_of
from sidecar.providers.google_long_running import JOB_WORDS, rpc_progress
from sidecar.providers.observing import id_of
from sidecar.providers.operation import Progress
from sidecar.providers.operation_documents import Described, Shape

P = Progress

WORDS = {"STATE_UNSPECIFIED": P.RUNNING, "CREATING": P.RUNNING, "ACTIVE": P.SUCCEEDED, "FAILED": P.FAILED} | JOB_WORDS
"""Of a tuned model (python-genai 3.4.0, `t_tuning_job_status`)."""


def judged(told: Described) -> Progress:
    """By the model's state, or as its operation has it."""
    is_open = told.progress is P.RUNNING
    return rpc_progress(told.value("done"), told.value("error")) if is_open else told.progress


def model_of(told: Described, name: str) -> str:
    """The model's name, of a model and of its operation (`tunedModels/m/operations/o`)."""
    metadata = told.value("metadata")
    named = id_of(metadata.get("tunedModel")) if isinstance(metadata, dict) else ""
    return named or name.partition("/operations/")[0]


TUNED = Shape(
    words=WORDS,
    id="name",
    state="state",
    model="baseModel",
    created_at="createTime",
    mark="displayName",
    judge=judged,
    named=model_of,
)

TUNED_MODELS_WIRE = wire_of(TUNED, "tunedModels", OperationKind.TUNING)
"""Its cancel is what python-genai 3.4.0 sends and no discovery document has (google-wire 4): it may be answered with 404."""
