"""What the dialects of Google ask for about their operations, held beside what google-genai has calls for."""

import pytest

from sidecar.providers.google_batches import BATCHES_WIRE
from sidecar.providers.google_interaction_operations import INTERACTIONS_WIRE
from sidecar.providers.google_jobs import PREDICTIONS_WIRE, TUNING_WIRE
from sidecar.providers.google_long_running import OPERATIONS_WIRE
from sidecar.providers.google_tuned_models import TUNED_MODELS_WIRE
from sidecar.providers.google_video_operations import VIDEOS_WIRE
from sidecar.providers.operation import Place
from sidecar.reaper.google_calls import call_for

V = "/v1beta1/projects/p/locations/us-central1"
FAMILIES = [
    (BATCHES_WIRE, "batches", Place("/v1beta/models/m:batchGenerateContent", "batches/b")),
    (PREDICTIONS_WIRE, "batches", Place(f"{V}/batchPredictionJobs", f"{V[9:]}/batchPredictionJobs/12")),
    (INTERACTIONS_WIRE, "interactions", Place("/v1beta/interactions", "i")),
    (INTERACTIONS_WIRE, "interactions", Place(f"{V}/interactions", "i")),
    (TUNING_WIRE, "tunings", Place(f"{V}/tuningJobs", f"{V[9:]}/tuningJobs/7")),
    (TUNED_MODELS_WIRE, "tunings", Place("/v1beta/tunedModels", "tunedModels/t")),
    (VIDEOS_WIRE, "operations", Place("/v1beta/models/veo-3:predictLongRunning", "models/veo-3/operations/o")),
    (VIDEOS_WIRE, "operations", Place(f"{V}/publishers/google/models/veo-3:predictLongRunning",
                        f"{V[9:]}/publishers/google/models/veo-3/operations/o")),
]  # fmt: skip


@pytest.mark.parametrize(("wire", "collection", "place"), FAMILIES, ids=[place.path for _, _, place in FAMILIES])
def test_state_is_asked_by_the_sdk(wire, collection, place):
    call = call_for(wire.poll(place))
    assert call is not None
    assert (call.collection, call.method) == (collection, "get")


@pytest.mark.parametrize(("wire", "collection", "place"), FAMILIES, ids=[place.path for _, _, place in FAMILIES])
def test_cancel_is_asked_by_the_sdk_where_there_is_one(wire, collection, place):
    if wire.cancel is None:
        assert wire is VIDEOS_WIRE
        return
    call = call_for(wire.cancel(place))
    assert call is not None
    assert (call.collection, call.method) == (collection, "cancel")


def test_other_long_running_operations_have_no_call_of_the_sdk():
    place = Place(f"{V}/endpoints/e:x", f"{V[9:]}/endpoints/e/operations/o")
    assert call_for(OPERATIONS_WIRE.poll(place)) is None
    assert OPERATIONS_WIRE.cancel is not None
    assert call_for(OPERATIONS_WIRE.cancel(place)) is None
