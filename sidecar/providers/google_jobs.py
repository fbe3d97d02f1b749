"""Jobs of Vertex's, as their documents describe them: batches of predictions, and tuning (google-wire 2, 3, 4, 10).

A batch's rows stand in the caller's own storage (`outputInfo`), which we are not let into: the reply has nothing but counts of
rows, so a job with rows that succeeded reports nothing, and its spend is not known. "Only completed requests are charged": one
without any is free.

What a tuning costs are the tokens trained on, told afterwards in `tuningDataStats`. They have a price of their own and are no
input of a model, so they are counted as the provider's units.
"""

from functools import partial

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_long_running import JOB_WORDS, number_in
from sidecar.providers.google_request import plain
from sidecar.providers.google_targets import cancel_at, key, listing, path_of, read_at
from sidecar.providers.observing import Extract, whole_observed
from sidecar.providers.operation import Ask, Observed, OperationWire, Place
from sidecar.providers.operation_documents import NOTHING_BILLED, Described, Shape, described_by, listed_by


def predicted(job: Described) -> Reported | None:
    """Nothing billed, where rows were counted and none succeeded; None where that is not told."""
    stats = job.value("completionStats")
    if not job.has_ended() or not isinstance(stats, dict) or number_in(stats.get("successfulCount")):
        return None
    return NOTHING_BILLED if number_in(stats.get("failedCount")) or number_in(stats.get("incompleteCount")) else None


STATISTICS = ("supervisedTuningDataStats", "preferenceOptimizationDataStats", "reinforcementTuningDataStats")
"""Of `tuningDataStats`; a job has one of them (python-genai 3.4.0)."""


def trained(job: Described) -> Reported | None:
    """The tokens that were trained on; None where they are not told."""
    told = job.value("tuningDataStats")
    kinds = [told.get(name) for name in STATISTICS] if isinstance(told, dict) else []
    tokens = sum(number_in(kind.get("totalBillableTokenCount")) for kind in kinds if isinstance(kind, dict))
    return Reported(Usage(units=tokens)) if tokens and job.has_ended() else None


JOB = Shape(words=JOB_WORDS, id="name", state="state", created_at="createTime", ended_at=("endTime",))
PREDICTIONS = msgspec.structs.replace(JOB, mark="displayName", report=predicted)
TUNING = msgspec.structs.replace(JOB, model="baseModel", mark="tunedModelDisplayName", report=trained)


def plainly(extract: Extract, document: bytes) -> Observed | None:
    """The same with the model's name alone (`publishers/google/models/m` is `m`); None of what has no name, as a cancel's answer.

    Raises:
        Unreadable: the document is none.
    """
    observed = extract(document)
    if observed is None or not observed.provider_id:
        return None
    return msgspec.structs.replace(observed, model=plain(observed.model))


# === our own requests ===


def member(place: Place) -> str:
    """What was created in a collection: `../batchPredictionJobs/{id}`."""
    return f"{path_of(place)}/{key(place)}"


def find(place: Place) -> Ask:
    """The listing of the project's jobs at this location."""
    return listing(path_of(place), place)


def wire_of(shape: Shape, collection: str, kind: OperationKind, unreported: str = "", tier: str = "") -> OperationWire:
    """How jobs of that shape are spoken of, which are made, read, listed and cancelled in one collection.

    A cancel is asynchronous, best effort, and answered by an empty object.
    """
    return OperationWire(
        kind=kind,
        open_reply=whole_observed(partial(plainly, described_by(shape))),
        poll=read_at(member),
        cancel=cancel_at(member),
        find=find,
        found_in=listed_by(shape, collection),
        unreported=unreported,
        tier=tier,
    )


PREDICTIONS_WIRE = wire_of(PREDICTIONS, "batchPredictionJobs", OperationKind.BATCH, "results_in_storage", "batch")
TUNING_WIRE = wire_of(TUNING, "tuningJobs", OperationKind.TUNING)
