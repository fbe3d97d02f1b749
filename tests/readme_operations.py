"""README's table of operations: what opens one is listed here, all else is asked of the code."""

from sidecar.config.groups import OnOrphan, WhenOrphaned
from sidecar.providers.operation import OperationWire, Place
from sidecar.providers.registry import DIALECTS

CREATES = (
    ("gemini", "batches", "/v1beta/models/gemini-3-pro:batchGenerateContent", "batches/ID"),
    ("gemini", "background interactions", "/v1beta/interactions", "ID"),
    ("gemini", "videos (Veo)", "/v1beta/models/veo-3.1:predictLongRunning", "models/veo-3.1/operations/ID"),
    ("gemini", "tuning", "/v1beta/tunedModels", "tunedModels/ID"),
    ("vertex", "batches", "/v1/projects/P/locations/L/batchPredictionJobs", "projects/P/locations/L/batchPredictionJobs/ID"),
    ("vertex", "background interactions", "/v1/projects/P/locations/L/interactions", "ID"),
    (
        "vertex", "videos (Veo)", "/v1/projects/P/locations/L/publishers/google/models/veo-3.1:predictLongRunning",
        "projects/P/locations/L/publishers/google/models/veo-3.1/operations/ID",
    ),
    ("vertex", "tuning", "/v1/projects/P/locations/L/tuningJobs", "projects/P/locations/L/tuningJobs/ID"),
    ("openai", "background responses", "/v1/responses", "ID"),
    ("openai", "batches", "/v1/batches", "ID"),
    ("openai", "fine-tuning", "/v1/fine_tuning/jobs", "ID"),
    ("openai", "eval runs", "/v1/evals/E/runs", "ID"),
    ("openai", "videos", "/v1/videos", "ID"),
    ("azure", "background responses", "/openai/v1/responses", "ID"),
    ("azure", "batches", "/openai/v1/batches", "ID"),
    ("anthropic", "message batches", "/v1/messages/batches", "ID"),
    ("bedrock", "async invoke", "/async-invoke", "ARN"),
    ("bedrock", "batch inference", "/model-invocation-job", "ARN"),
    ("bedrock", "customization", "/model-customization-jobs", "ARN"),
    ("cohere", "batches", "/v2/batches", "ID"),
    ("cohere", "embed jobs", "/v1/embed-jobs", "ID"),
    ("cohere", "fine-tuning", "/v1/finetuning/finetuned-models", "ID"),
    ("mistral", "batches", "/v1/batch/jobs", "ID"),
    ("mistral", "fine-tuning", "/v1/fine_tuning/jobs", "ID"),
    ("groq", "batches", "/openai/v1/batches", "ID"),
    ("xai", "batches", "/v1/batches", "ID"),
    ("xai", "videos", "/v1/videos/generations", "ID"),
    ("together", "batches", "/v1/batches", "ID"),
    ("together", "fine-tuning", "/v1/fine-tunes", "ID"),
    ("fireworks", "batches", "/v1/accounts/A/batchInferenceJobs", "ID"),
    ("openrouter", "batches", "/api/v1/batches", "ID"),
    ("openrouter", "videos", "/api/v1/videos", "ID"),
    ("replicate", "predictions", "/v1/predictions", "ID"),
    ("fal_queue", "queued requests", "/fal-ai/flux/dev", "ID"),
    ("runpod", "jobs", "/v2/E/run", "ID"),
)  # fmt: skip
"""Dialect, what people call it, the path of its create request, and how the provider names one."""


DONE = {WhenOrphaned.CANCEL: "cancelled", WhenOrphaned.WATCH: "watched"}


def wire_of(dialect: str, path: str) -> OperationWire:
    """How one speaks about the operations that a create request opens.

    Raises:
        LookupError: it opens none.
    """
    route = DIALECTS[dialect].route("POST", path)
    if route is None or route.operation is None:
        raise LookupError(f"POST {path} opens no operation of {dialect}")
    return route.operation


def operations_table() -> str:
    """What opens operations, what is done by default when their caller is gone, and how each is cancelled."""
    rows = []
    for dialect, words, path, id in CREATES:
        wire = wire_of(dialect, path)
        ask = None if wire.cancel is None else wire.cancel(Place(path, id))
        call = "none: it runs to its end" if ask is None else f"`{ask.verb} {ask.target}`"
        done = "watched" if ask is None else DONE[getattr(OnOrphan(), wire.kind)]
        rows.append(f"| `{dialect}` | {words} | {wire.kind} | {done} | {call} |\n")
    return (
        "| dialect | what | kind | when its caller is gone | the provider's cancel |\n"
        "| --- | --- | --- | --- | --- |\n" + "".join(rows)
    )
