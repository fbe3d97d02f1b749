"""Which family of operations a request opens, asks about or cancels, and that our own requests would be known as such."""

import pytest

from sidecar.lifecycle.operation_record import key_of
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, Role, Route
from sidecar.providers.google_batches import BATCHES_WIRE
from sidecar.providers.google_interaction_operations import INTERACTIONS_WIRE
from sidecar.providers.google_jobs import PREDICTIONS_WIRE, TUNING_WIRE
from sidecar.providers.google_long_running import IMPORTS_WIRE, OPERATIONS_WIRE
from sidecar.providers.google_routes import RESOURCES, VERBS, route_of
from sidecar.providers.google_triggers import TRIGGERS_WIRE
from sidecar.providers.google_tuned_models import TUNED_MODELS_WIRE
from sidecar.providers.google_video_operations import VIDEOS_WIRE
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress

SUBMIT, POLL, CANCEL, CALL = Role.SUBMIT, Role.POLL, Role.CANCEL, Role.CALL
PROJECT = "/v1beta1/projects/p1/locations/us-central1"
VEO = f"{PROJECT}/publishers/google/models/veo-3.1"
VEO_NAME = f"{VEO[9:]}/operations/o1"

ABOUT = [
    # verb, path, role, family, id
    ("POST", "/v1beta/models/m:batchGenerateContent", SUBMIT, BATCHES_WIRE, ""),
    ("POST", "/v1beta/models/m:asyncBatchEmbedContent", SUBMIT, BATCHES_WIRE, ""),
    ("GET", "/v1beta/batches/b1", POLL, BATCHES_WIRE, "b1"),
    ("POST", "/v1beta/batches/b1:cancel", CANCEL, BATCHES_WIRE, "b1"),
    ("POST", f"{PROJECT}/batchPredictionJobs", SUBMIT, PREDICTIONS_WIRE, ""),
    ("GET", f"{PROJECT}/batchPredictionJobs/7", POLL, PREDICTIONS_WIRE, "7"),
    ("POST", f"{PROJECT}/batchPredictionJobs/7%3Acancel", CANCEL, PREDICTIONS_WIRE, "7"),
    ("POST", f"{PROJECT}/tuningJobs", SUBMIT, TUNING_WIRE, ""),
    ("GET", f"{PROJECT}/tuningJobs/7", POLL, TUNING_WIRE, "7"),
    ("POST", f"{PROJECT}/tuningJobs/7:cancel", CANCEL, TUNING_WIRE, "7"),
    ("POST", "/v1beta/tunedModels", SUBMIT, TUNED_MODELS_WIRE, ""),
    ("GET", "/v1beta/tunedModels/t1", POLL, TUNED_MODELS_WIRE, "t1"),
    ("POST", "/v1beta/tunedModels/t1:cancel", CANCEL, TUNED_MODELS_WIRE, "t1"),
    ("GET", "/v1beta/tunedModels/t1/operations/o1", POLL, TUNED_MODELS_WIRE, "t1"),
    ("POST", "/v1/tunedModels/t1/operations/o1:cancel", CANCEL, TUNED_MODELS_WIRE, "t1"),
    ("POST", "/v1beta/interactions", CALL, INTERACTIONS_WIRE, ""),
    ("POST", f"{PROJECT}/interactions:createStream", CALL, INTERACTIONS_WIRE, ""),
    ("GET", "/v1beta/interactions/i1", POLL, INTERACTIONS_WIRE, "i1"),
    ("GET", f"{PROJECT}/interactionsHttp/i1:poll", POLL, INTERACTIONS_WIRE, "i1"),
    ("POST", f"{PROJECT}/interactionsHttp/i1/cancel", CANCEL, INTERACTIONS_WIRE, "i1"),
    ("POST", f"{PROJECT}/interactions/i1:cancel", CANCEL, INTERACTIONS_WIRE, "i1"),
    ("POST", "/v1beta/triggers/t1/executions", SUBMIT, TRIGGERS_WIRE, ""),
    ("POST", "/v1beta/models/veo-3.1:predictLongRunning", SUBMIT, VIDEOS_WIRE, ""),
    ("POST", f"{VEO}:predictLongRunning", SUBMIT, VIDEOS_WIRE, ""),
    ("POST", f"{VEO}:fetchPredictOperation", POLL, VIDEOS_WIRE, ""),
    ("GET", "/v1beta/models/veo-3.1/operations/o1", POLL, VIDEOS_WIRE, "o1"),
    ("POST", "/v1beta/fileSearchStores/s1:importFile", SUBMIT, IMPORTS_WIRE, ""),
    ("GET", "/v1beta/fileSearchStores/s1/operations/o1", POLL, IMPORTS_WIRE, "o1"),
    ("GET", "/v1beta/fileSearchStores/s1/upload/operations/o1", POLL, IMPORTS_WIRE, "o1"),
    ("GET", f"{PROJECT}/operations/o1", POLL, OPERATIONS_WIRE, "o1"),
    ("POST", f"{PROJECT}/operations/o1:cancel", CANCEL, OPERATIONS_WIRE, "o1"),
    ("POST", f"{PROJECT}/endpoints/E/operations/o1:cancel", CANCEL, OPERATIONS_WIRE, "o1"),
]


def routed(verb: str, path: str) -> Route:
    route = route_of(verb, path)
    assert route is not None
    return route


@pytest.mark.parametrize(("verb", "path", "role", "wire", "identity"), ABOUT)
def test_a_request_names_its_family_and_its_operation(verb, path, role, wire, identity):
    route = routed(verb, path)
    assert (route.role, route.operation, route.operation_id) == (role, wire, identity)


@pytest.mark.parametrize(("verb", "path", "role", "wire", "identity"), ABOUT)
def test_what_opens_an_operation(verb, path, role, wire, identity):
    route = routed(verb, path)
    assert route.opens(NO_FACTS) == (role is SUBMIT)
    assert route.opens(RequestFacts(is_background=True)) == (role in (SUBMIT, CALL))


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/v1beta/models/m:generateContent"),
        ("GET", "/v1beta/batches"),
        ("DELETE", "/v1beta/batches/b1"),
        ("DELETE", "/v1beta/interactions/i1"),
        ("POST", "/upload/v1beta/fileSearchStores/s1:uploadToFileSearchStore"),
        ("GET", "/v1beta/triggers/t1/executions"),
        ("POST", "/v1beta/decisions"),
    ],
)
def test_other_requests_are_about_no_operation(verb, path):
    assert routed(verb, path).operation is None


CREATED = [
    # create path, name in its reply
    ("/v1beta/models/m:batchGenerateContent", "batches/b1"),
    (f"{PROJECT}/batchPredictionJobs", "projects/77/locations/us-central1/batchPredictionJobs/7"),
    (f"{PROJECT}/tuningJobs", "projects/77/locations/us-central1/tuningJobs/7"),
    ("/v1beta/tunedModels", "tunedModels/t1"),
    ("/v1beta/interactions", "i1"),
    (f"{PROJECT}/interactionsHttp", "i1"),
    (f"{PROJECT}/interactions:create", "i1"),
    ("/v1beta/models/veo-3.1:predictLongRunning", "models/veo-3.1/operations/o1"),
    (f"{VEO}:predictLongRunning", VEO_NAME),
    ("/v1beta/fileSearchStores/s1:importFile", "fileSearchStores/s1/operations/o1"),
]


def is_known(ask: Ask, wire: OperationWire, name: str, role: Role) -> bool:
    """Whether a request like ours, sent by a caller, would be taken for what it is."""
    route = routed(ask.verb, ask.target.partition("?")[0])
    identity = route.operation_id
    if ask.body and route.open_request:
        reader = route.open_request(RequestHead())
        reader.feed(ask.body)
        reader.finish()
        identity = reader.facts().operation_id
    return (route.role, route.operation, key_of(identity)) == (role, wire, key_of(name))


@pytest.mark.parametrize(("path", "name"), CREATED)
def test_our_own_polls_and_cancels_look_like_the_callers(path, name):
    wire = routed("POST", path).operation
    assert wire is not None
    place = Place(path, name)
    assert is_known(wire.poll(place), wire, name, POLL)
    assert wire.cancel is None or is_known(wire.cancel(place), wire, name, CANCEL)
    if wire.find:
        assert routed("GET", wire.find(place).target.partition("?")[0]).role is Role.FREE


def test_a_method_opens_operations_of_one_family():
    families: dict[str, OperationWire] = {}
    for row in RESOURCES:
        if row.operation and row.role in (SUBMIT, CALL):
            assert families.setdefault(row.method, row.operation) is row.operation
    assert not families.keys() & VERBS.keys()


def test_results_are_a_free_read():
    place = Place("/v1beta/models/m:batchGenerateContent", "batches/b1")
    assert BATCHES_WIRE.results is not None
    ask = BATCHES_WIRE.results(place, Observed(Progress.SUCCEEDED, "batches/b1", results="files/f1"))
    assert ask is not None
    assert routed(ask.verb, ask.target.partition("?")[0]).role is Role.FREE
