"""Every row of google-wire 1.2, and the request lines that were captured for it."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import Role, Route
from sidecar.providers.google_routes import RESOURCES, SOCKETS, VERBS, route_of

IN_PROJECT = "/v1beta1/projects/p1/locations/us-central1"
VEO = f"{IN_PROJECT}/publishers/google/models/veo-3.1-generate-preview"
UNARY, STREAM = CallKind.UNARY, CallKind.STREAM
CALL, FREE, SUBMIT, POLL, CANCEL = Role.CALL, Role.FREE, Role.SUBMIT, Role.POLL, Role.CANCEL

BY_VERB = [
    # path, method, model
    ("/v1/models/gemini-3-flash:generateContent", "generateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-3-flash:generateContent", "generateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-3-flash:streamGenerateContent", "streamGenerateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-embedding-2:embedContent", "embedContent", "gemini-embedding-2"),
    ("/v1/models/gemini-embedding-2:batchEmbedContents", "batchEmbedContents", "gemini-embedding-2"),
    ("/v1beta/models/imagen-4.0-generate-001:predict", "predict", "imagen-4.0-generate-001"),
    ("/v1beta/models/gemini-3-flash:countTokens", "countTokens", "gemini-3-flash"),
    ("/v1beta/tunedModels/my-tune-123:generateContent", "generateContent", "my-tune-123"),
    ("/v1beta/dynamic/d-1:streamGenerateContent", "streamGenerateContent", "d-1"),
    ("/v1/models/anthropic/claude-x:generateContent", "generateContent", "anthropic/claude-x"),
    (f"{IN_PROJECT}/publishers/anthropic/models/claude-x:generateContent", "generateContent", "claude-x"),
    ("/v1/models/gemini@001:generateContent", "generateContent", "gemini@001"),
    ("/v1/models/a:b:generateContent", "generateContent", "a:b"),
    (f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:generateContent", "generateContent", "gemini-3-pro"),
    (f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:streamGenerateContent", "streamGenerateContent", "gemini-3-pro"),
    (f"{IN_PROJECT}/publishers/google/models/text-embedding-005:predict", "predict", "text-embedding-005"),
    (f"{IN_PROJECT}/publishers/google/models/imagen-4.0@001:predict", "predict", "imagen-4.0@001"),
    (f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:computeTokens", "computeTokens", "gemini-3-pro"),
    (f"{IN_PROJECT}/endpoints/1234567890:generateContent", "generateContent", "1234567890"),
    (f"{IN_PROJECT}/endpoints/1234567890:predict", "predict", "1234567890"),
    (f"{IN_PROJECT}/endpoints/1:explain", "explain", "1"),
    (f"{IN_PROJECT}/endpoints/1:directPredict", "directPredict", "1"),
    (f"{IN_PROJECT}/endpoints/1:directRawPredict", "directRawPredict", "1"),
    (f"{IN_PROJECT}/endpoints/1:serverStreamingPredict", "serverStreamingPredict", "1"),
    (f"{IN_PROJECT}/models/987:predict", "predict", "987"),
    ("/v1beta1/publishers/google/models/m:generateContent", "generateContent", "m"),  # express
    ("/v1beta1/publishers/mistralai/models/m:predict", "predict", "m"),
    ("/prefix/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", "generateContent", "m"),
    ("/gw/v9/publishers/google/models/m:generateContent", "generateContent", "m"),  # COLLECTION scope
    ("/publishers/google/models/m:generateContent", "generateContent", "m"),
    ("/models/m:generateContent", "generateContent", "m"),
    ("/models/gateway/v1/models/m:generateContent", "generateContent", "m"),
    ("/openai/v1/models/m:generateContent", "generateContent", "m"),
    ("/v1/models/m%3AgenerateContent", "generateContent", "m"),
    ("/v1/models/gemini%40001:generateContent", "generateContent", "gemini@001"),
    ("/v1/models/anthropic%2Fclaude-x:generateContent", "generateContent", "anthropic/claude-x"),
    (f"{VEO}:predictLongRunning", "predictLongRunning", "veo-3.1-generate-preview"),
    ("/v1beta/models/veo-3.1:predictLongRunning", "predictLongRunning", "veo-3.1"),
    (f"{VEO}:fetchPredictOperation", "fetchPredictOperation", "veo-3.1-generate-preview"),
    ("/v1beta/models/m:batchGenerateContent", "batchGenerateContent", "m"),
    ("/v1beta/models/m:asyncBatchEmbedContent", "asyncBatchEmbedContent", "m"),
]  # fmt: skip

ROLES = {
    "generateContent": (CALL, UNARY), "streamGenerateContent": (CALL, STREAM), "embedContent": (CALL, UNARY),
    "batchEmbedContents": (CALL, UNARY), "predict": (CALL, UNARY), "explain": (CALL, UNARY), "directPredict": (CALL, UNARY),
    "directRawPredict": (CALL, UNARY), "serverStreamingPredict": (CALL, STREAM), "countTokens": (FREE, UNARY),
    "computeTokens": (FREE, UNARY), "predictLongRunning": (SUBMIT, UNARY), "fetchPredictOperation": (POLL, UNARY),
    "batchGenerateContent": (SUBMIT, UNARY), "asyncBatchEmbedContent": (SUBMIT, UNARY),
}  # fmt: skip

BY_PATH = [
    # verb, path, method, role
    ("POST", "/v1beta/interactions", "interactions.create", CALL),
    ("POST", "/v1/interactions", "interactions.create", CALL),
    ("POST", f"{IN_PROJECT}/interactions", "interactions.create", CALL),
    ("POST", f"{IN_PROJECT}/interactionsHttp", "interactions.create", CALL),
    ("POST", f"{IN_PROJECT}/interactions:create", "interactions.create", CALL),
    ("POST", f"{IN_PROJECT}/interactions:createStream", "interactions.create", CALL),
    ("GET", "/v1beta/interactions/i1", "interactions.get", POLL),
    ("GET", f"{IN_PROJECT}/interactionsHttp/i1", "interactions.get", POLL),
    ("GET", f"{IN_PROJECT}/interactions/i1:poll", "interactions.get", POLL),
    ("GET", f"{IN_PROJECT}/interactions/i1:stream", "interactions.get", POLL),
    ("POST", "/v1beta/interactions/i1/cancel", "interactions.cancel", CANCEL),
    ("POST", f"{IN_PROJECT}/interactionsHttp/i1/cancel", "interactions.cancel", CANCEL),
    ("POST", "/v1beta1/interactions/i1:cancel", "interactions.cancel", CANCEL),
    ("DELETE", "/v1beta/interactions/i1", "interactions.delete", FREE),
    ("POST", "/v1beta/decisions", "decisions.create", CALL),
    ("POST", "/v1beta/cachedContents", "cachedContents.create", CALL),
    ("POST", f"{IN_PROJECT}/cachedContents", "cachedContents.create", CALL),
    ("GET", "/v1beta/cachedContents", "cachedContents", FREE),
    ("PATCH", "/v1beta/cachedContents/c1", "cachedContents", FREE),
    ("DELETE", "/v1beta/cachedContents/c1", "cachedContents", FREE),
    ("POST", "/v1beta/triggers/t1/executions", "triggers.executions.create", SUBMIT),
    ("GET", "/v1beta/triggers/t1/executions", "triggers.executions.get", POLL),
    ("POST", "/v1beta/triggers", "triggers", FREE),
    ("GET", "/v1beta/batches/b1", "batches.get", POLL),
    ("GET", "/v1beta/batches", "batches.list", FREE),
    ("DELETE", "/v1beta/batches/b1", "batches.delete", FREE),
    ("POST", "/v1beta/batches/b1:cancel", "batches.cancel", CANCEL),
    ("POST", f"{IN_PROJECT}/batchPredictionJobs", "batchPredictionJobs.create", SUBMIT),
    ("GET", f"{IN_PROJECT}/batchPredictionJobs", "batchPredictionJobs.list", FREE),
    ("GET", f"{IN_PROJECT}/batchPredictionJobs/7", "batchPredictionJobs.get", POLL),
    ("POST", f"{IN_PROJECT}/batchPredictionJobs/7:cancel", "batchPredictionJobs.cancel", CANCEL),
    ("DELETE", f"{IN_PROJECT}/batchPredictionJobs/7", "batchPredictionJobs.delete", FREE),
    ("POST", f"{IN_PROJECT}/tuningJobs", "tuningJobs.create", SUBMIT),
    ("GET", f"{IN_PROJECT}/tuningJobs/t1", "tuningJobs.get", POLL),
    ("POST", f"{IN_PROJECT}/tuningJobs/t1:cancel", "tuningJobs.cancel", CANCEL),
    ("POST", "/v1beta/tunedModels", "tunedModels.create", SUBMIT),
    ("POST", "/v1/tunedModels/t1:cancel", "tunedModels.cancel", CANCEL),
    ("GET", "/v1beta/tunedModels/t1", "tunedModels.get", POLL),
    ("GET", "/v1beta/tunedModels", "tunedModels.list", FREE),
    ("DELETE", "/v1beta/tunedModels/t1", "tunedModels.delete", FREE),
    ("GET", f"{IN_PROJECT}/tuningJobs", "tuningJobs.list", FREE),
    ("DELETE", f"{IN_PROJECT}/tuningJobs/t1", "tuningJobs.delete", FREE),
    ("GET", "/v1beta/models/veo-3.1/operations/o1", "operations.get", POLL),
    ("GET", "/v1beta/operations/o1", "operations.get", POLL),
    ("GET", "/operations/o1", "operations.get", POLL),
    ("GET", "/v1beta/models/veo-3.1/operations", "models", FREE),
    ("POST", "/v1/tunedModels/t1/operations/o1:cancel", "operations.cancel", CANCEL),
    ("POST", f"{IN_PROJECT}/operations/o1:cancel", "operations.cancel", CANCEL),
    ("POST", f"{IN_PROJECT}/endpoints/E/operations/o1:cancel", "operations.cancel", CANCEL),
    ("POST", "/v1beta/fileSearchStores/s1:importFile", "fileSearchStores.import", SUBMIT),
    ("POST", "/upload/v1beta/fileSearchStores/s1:uploadToFileSearchStore", "fileSearchStores.import", SUBMIT),
    ("GET", "/v1beta/fileSearchStores/s1/operations/o1", "operations.get", POLL),
    ("GET", "/v1beta/fileSearchStores/s1", "fileSearchStores", FREE),
    ("GET", "/v1beta/models", "models", FREE),
    ("GET", "/v1beta/models/gemini-3-flash", "models", FREE),
    ("GET", "/v1beta1/publishers/google/models/gemini-3-pro", "models", FREE),
    ("POST", "/upload/v1beta/files", "files", FREE),
    ("POST", "/v1beta/files", "files", FREE),
    ("GET", "/v1beta/files/f1:download", "files", FREE),
    ("GET", "/download/v1beta/files/f1:download", "files", FREE),
    ("DELETE", "/v1beta/files/f1", "files", FREE),
    ("GET", "/v1beta/voices", "resources", FREE),
    ("POST", "/v1beta/agents", "resources", FREE),
    ("GET", "/v1beta/environments/e1", "resources", FREE),
    ("PATCH", "/v1beta/webhooks/w1", "resources", FREE),
    ("POST", "/v1beta/credentials", "resources", FREE),
    ("POST", "/v1alpha/auth_tokens", "resources", FREE),
]

UNKNOWN = [
    ("POST", "/v1beta/models"),
    ("POST", "/v1beta/models/m"),
    ("POST", "/v1beta/models/:generateContent"),
    ("POST", "/v1beta/models/m:generateContent/"),
    ("POST", "/v1beta/models/m:generateContent:"),
    ("POST", "/v1beta/models/m:GenerateContent"),
    ("POST", "/v1beta/models/m%253AgenerateContent"),
    ("POST", "models/m:generateContent"),
    ("POST", "/v1beta/x:generateContent"),
    ("POST", "/v1beta/tunedModels/a/b:generateContent"),
    ("POST", "/v1beta/batches"),
    ("POST", "/v1beta/batches/b1"),
    ("POST", "/v1beta/interactions/i1"),
    ("POST", "/v1beta/interactions\n"),
    ("POST", "/v1beta/myinteractions"),
    ("PUT", "/v1beta/interactions/i1"),
    ("POST", f"{IN_PROJECT}/reasoningEngines/1:query"),
    ("POST", ":generateContent"),
    ("post", "/v1beta/models/m:generateContent"),
    *((verb, path) for verb in ("POST", "GET", "") for path in ("/", "", "*", "%", ":")),
]


def routed(verb: str, path: str) -> Route:
    route = route_of(verb, path)
    assert route is not None
    return route


@pytest.mark.parametrize(("path", "method", "model"), BY_VERB)
def test_a_call_is_known_by_its_verb(path, method, model):
    route = routed("POST", path)
    assert (route.method, route.model, route.role, route.kind) == (method, model, *ROLES[method])
    assert not route.needs_body, "the path says what it is"
    assert route.on_close is None


def test_every_verb_has_its_test():
    assert set(ROLES) == set(VERBS) == {method for _, method, _ in BY_VERB}


@pytest.mark.parametrize("verb", ["GET", "DELETE", "PATCH", "PUT"])
def test_a_verb_is_a_call_only_when_it_is_posted(verb):
    route = route_of(verb, "/v1beta/models/m:generateContent")
    assert route is None or route.role is FREE


@pytest.mark.parametrize(("verb", "path", "method", "role"), BY_PATH)
def test_a_resource_is_known_by_its_path(verb, path, method, role):
    route = routed(verb, path)
    assert (route.method, route.role) == (method, role)
    assert (route.needs_body, route.open_request is not None) == (
        (True, True) if role is CALL else (route.needs_body, route.needs_body)
    )


def test_every_resource_has_its_test():
    assert {row.method for row in RESOURCES if row not in SOCKETS} == {method for _, _, method, _ in BY_PATH}


@pytest.mark.parametrize(("verb", "path"), UNKNOWN)
def test_what_is_unknown_is_no_route(verb, path):
    assert route_of(verb, path) is None


def test_a_typed_stream_is_one_before_its_body_is_read():
    assert routed("POST", f"{IN_PROJECT}/interactions:createStream").kind is STREAM
    assert routed("POST", f"{IN_PROJECT}/interactions:create").kind is UNARY


def test_an_operations_path_names_the_model():
    assert routed("GET", "/v1beta/models/veo-3.1/operations/o1").model == "veo-3.1"
    assert routed("GET", "/v1beta/operations/o1").model == ""


def test_the_tiers_header_is_asked_for_where_it_tells_the_price():
    assert routed("POST", "/v1/models/m:generateContent").reply_headers == ("x-gemini-service-tier",)
    assert routed("POST", "/v1/interactions").reply_headers == ("x-gemini-service-tier",)
    assert routed("POST", "/v1/models/m:countTokens").reply_headers == ()


@given(
    st.sampled_from(["POST", "GET", "DELETE", ""]),
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(["/models/", "m", ":", "%", "%3A", "generateContent", "/", "@", "/publishers/", "rawPredict",
                         "/openai", "/endpoints/", "/interactions", "/operations/", "/batches"])
    ).map("".join),
)  # fmt: skip
def test_no_path_raises(verb, path):
    route_of(verb, path)


@pytest.mark.parametrize(
    "path",
    ["/v1beta/models/{}:generateContent", "/v1/publishers/anthropic/models/{}:rawPredict", "/v1/models/{}:predict"],
)
def test_what_is_too_long_to_be_a_model_is_none(path):
    """A path has room for 64 KiB of it, and a row, a log line and a price each take the name."""
    route = route_of("POST", path.format("m" * 129))
    assert route is not None
    assert route.model == ""
