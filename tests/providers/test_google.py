import json

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers import google
from sidecar.providers.gemini import GEMINI
from sidecar.providers.google import LONGEST_PATH, METHODS, MOST_ROUTES, remembered_route, route_of
from sidecar.providers.google_predict import ImageSizeReader
from sidecar.providers.vertex import VERTEX

IN_PROJECT = "/v1beta1/projects/p1/locations/us-central1"

ROUTED = [
    # path, method, model: google-wire 1.1 and 1.2
    ("/v1/models/gemini-3-flash:generateContent", "generateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-3-flash:generateContent", "generateContent", "gemini-3-flash"),
    ("/v1alpha/models/gemini-3-flash:streamGenerateContent?alt=sse", "streamGenerateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-3-flash:streamGenerateContent", "streamGenerateContent", "gemini-3-flash"),
    ("/v1beta/models/gemini-embedding-2:embedContent", "embedContent", "gemini-embedding-2"),
    ("/v1/models/gemini-embedding-2:batchEmbedContents", "batchEmbedContents", "gemini-embedding-2"),
    ("/v1beta/models/imagen-4.0-generate-001:predict", "predict", "imagen-4.0-generate-001"),
    ("/v1beta/models/gemini-3-flash:countTokens", "countTokens", "gemini-3-flash"),
    ("/v1beta/tunedModels/my-tune-123:generateContent", "generateContent", "my-tune-123"),
    ("/v1beta/dynamic/d-1:streamGenerateContent", "streamGenerateContent", "d-1"),
    ("/v1/models/anthropic/claude-x:generateContent", "generateContent", "anthropic/claude-x"),
    ("/v1/models/gemini@001:generateContent", "generateContent", "gemini@001"),
    ("/v1/models/a:b:generateContent", "generateContent", "a:b"),
    (f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:generateContent", "generateContent", "gemini-3-pro"),
    (
        f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse",
        "streamGenerateContent",
        "gemini-3-pro",
    ),
    (f"{IN_PROJECT}/publishers/google/models/text-embedding-005:predict", "predict", "text-embedding-005"),
    (f"{IN_PROJECT}/publishers/google/models/imagen-4.0@001:predict", "predict", "imagen-4.0@001"),
    (f"{IN_PROJECT}/publishers/google/models/gemini-3-pro:computeTokens", "computeTokens", "gemini-3-pro"),
    (f"{IN_PROJECT}/endpoints/1234567890:generateContent", "generateContent", "1234567890"),
    (f"{IN_PROJECT}/endpoints/1234567890:predict", "predict", "1234567890"),
    (f"{IN_PROJECT}/models/987:predict", "predict", "987"),
    ("/v1beta1/publishers/google/models/m:generateContent", "generateContent", "m"),  # express
    ("/prefix/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", "generateContent", "m"),
    ("/gw/v9/publishers/google/models/m:generateContent", "generateContent", "m"),
    ("/publishers/google/models/m:generateContent", "generateContent", "m"),  # COLLECTION scope, no base path
    ("/models/m:generateContent", "generateContent", "m"),
    ("/models/gateway/v1/models/m:generateContent", "generateContent", "m"),
    ("/v1/models/m%3AgenerateContent", "generateContent", "m"),
    ("/v1/models/m%3agenerateContent?alt=sse&key=K", "generateContent", "m"),
    ("/v1/models/gemini%40001:generateContent", "generateContent", "gemini@001"),
    ("/v1/models/anthropic%2Fclaude-x:generateContent", "generateContent", "anthropic/claude-x"),
]

PASSED_BY = [
    # everything else under the prefix: google-wire 1.2
    "/v1beta/models/veo-3.1:predictLongRunning",
    f"{IN_PROJECT}/publishers/google/models/veo-3.1:fetchPredictOperation",
    "/v1beta/models/m:batchGenerateContent",
    "/v1beta/models/m:asyncBatchEmbedContent",
    f"{IN_PROJECT}/publishers/anthropic/models/claude-x:rawPredict",
    f"{IN_PROJECT}/publishers/anthropic/models/claude-x:streamRawPredict",
    f"{IN_PROJECT}/publishers/anthropic/models/claude-x:generateContent",
    "/v1beta1/publishers/mistralai/models/m:predict",
    "/v1beta1/publishers/mistralai%2Fmodels/m:predict",
    f"{IN_PROJECT}/endpoints/1:explain",
    f"{IN_PROJECT}/endpoints/openapi/chat/completions",
    "/v1beta/batches/b1:cancel",
    f"{IN_PROJECT}/batchPredictionJobs",
    "/v1beta/interactions",
    "/v1beta/interactions/i1/cancel",
    "/v1beta/models/m/operations/o1",
    "/v1beta/cachedContents",
    "/v1beta/openai/chat/completions",
    "/upload/v1beta/files",
    "/v1beta/models",
    "/v1beta/models/m",
    "/v1beta/models/:generateContent",
    "/v1beta/models/m:generateContent/",
    "/v1beta/models/m:generateContent:",
    "/v1beta/models/m:GenerateContent",
    "/v1beta/models/m%253AgenerateContent",
    "/v1beta/models/m?x=:generateContent",
    "models/m:generateContent",
    "/v1beta/x:generateContent",
    "/v1beta/tunedModels/a/b:generateContent",
    ":generateContent",
    "/",
    "",
    "*",
    "%",
    ":",
]


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
@pytest.mark.parametrize(("path", "method", "model"), ROUTED)
def test_a_call_is_known_by_its_path(dialect, path, method, model):
    route = dialect.route("POST", path)
    assert route is not None
    assert (route.method, route.model) == (method, model)


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
@pytest.mark.parametrize("path", PASSED_BY)
def test_everything_else_passes(dialect, path):
    assert dialect.route("POST", path) is None


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "post", ""])
def test_only_a_post_is_a_call(method):
    assert GEMINI.route(method, ROUTED[0][0]) is None


@pytest.mark.parametrize(
    ("method", "kind", "is_billable"),
    [
        ("generateContent", CallKind.UNARY, True),
        ("streamGenerateContent", CallKind.STREAM, True),
        ("embedContent", CallKind.UNARY, True),
        ("batchEmbedContents", CallKind.UNARY, True),
        ("predict", CallKind.UNARY, True),
        ("countTokens", CallKind.UNARY, False),
        ("computeTokens", CallKind.UNARY, False),
    ],
)
def test_each_method_has_a_kind_and_a_bill(method, kind, is_billable):
    route = GEMINI.route("POST", f"/v1/models/m:{method}")
    assert route is not None
    assert (route.kind, route.is_billable) == (kind, is_billable)
    assert set(METHODS) >= {method}


def test_only_predict_needs_its_request_read():
    assert [name for name, method in METHODS.items() if method.open_request] == ["predict"]
    assert METHODS["predict"].open_request is ImageSizeReader


# memory


def test_a_route_is_worked_out_once():
    path = "/v1/models/worked-out-once:generateContent"
    assert GEMINI.route("POST", path) is VERTEX.route("POST", path + "?alt=sse")


def test_no_query_is_remembered_since_it_may_hold_a_key(monkeypatch):
    asked: list[str] = []
    monkeypatch.setattr(google, "remembered_route", asked.append)
    GEMINI.route("POST", "/v1/models/m:generateContent?key=SECRET")
    assert asked == ["/v1/models/m:generateContent"]


def test_hostile_paths_do_not_fill_the_memory():
    for number in range(MOST_ROUTES + 10):
        GEMINI.route("POST", f"/v1/{number}/models/m:generateContent")
    before = remembered_route.cache_info()
    route = GEMINI.route("POST", "/v1/models/" + "x" * LONGEST_PATH + ":generateContent")
    assert route is not None
    assert remembered_route.cache_info() == before
    assert before.currsize == MOST_ROUTES


@given(
    st.text(max_size=40)
    | st.lists(st.sampled_from(["/models/", "m", ":", "%", "%3A", "generateContent", "?", "/", "@"])).map("".join)
)
def test_no_path_raises(path):
    GEMINI.route("POST", path)
    route_of(path)


# refusals and errors


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
@pytest.mark.parametrize("path", ["", "/", "/?alt=sse"])
def test_a_request_without_a_path_is_told_its_cause(dialect, path):
    sentence = dialect.refusal("POST", path)
    assert sentence is not None
    for word in ("GOOGLE_VERTEX_BASE_URL", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "project=", "location="):
        assert word in sentence


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/"), ("POST", "/v1/models/m:generateContent"), ("POST", "/x"), ("OPTIONS", "*")]
)
def test_other_requests_are_not_refused(method, path):
    assert VERTEX.refusal(method, path) is None


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (409, "ABORTED"),
        (413, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (499, "CANCELLED"),
        (500, "INTERNAL"),
        (502, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
        (599, "INTERNAL"),
    ],
)
def test_our_errors_come_in_googles_envelope(status, name):
    body = json.loads(GEMINI.error_body(status, 'it "broke"'))
    assert body == {"error": {"code": status, "message": 'it "broke"', "status": name}}


@pytest.mark.parametrize("dialect", [GEMINI, VERTEX], ids=["gemini", "vertex"])
def test_work_runs_on_when_the_connection_closes(dialect):
    assert dialect.on_close.of(CallKind.STREAM) is dialect.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
