from fnmatch import fnmatchcase

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported, Role
from sidecar.providers.engines import LLAMA_CPP, LM_STUDIO, SGLANG, TGI, TRT_LLM, VLLM
from tests.providers.openai_wire import used
from tests.providers.wire import JSON, read, whole

ENGINES = [VLLM, SGLANG, TGI, LLAMA_CPP, LM_STUDIO, TRT_LLM]
ROUTES = [
    (VLLM, "POST", "/inference/v1/generate", "generate", Role.CALL),
    (VLLM, "POST", "/inference/v1/abort_requests", "abort_requests", Role.FREE),
    (VLLM, "POST", "/abort_requests", "abort_requests", Role.FREE),
    (VLLM, "POST", "/v1/score", "score", Role.CALL),
    (VLLM, "POST", "/v2/rerank", "rerank", Role.CALL),
    (VLLM, "POST", "/pooling", "pooling", Role.CALL),
    (VLLM, "POST", "/classify", "classify", Role.CALL),
    (VLLM, "POST", "/tokenize", "tokenize", Role.FREE),
    (VLLM, "POST", "/detokenize", "tokenize", Role.FREE),
    (VLLM, "GET", "/metrics", "state", Role.FREE),
    (VLLM, "GET", "/health", "state", Role.FREE),
    (VLLM, "POST", "/v1/responses/resp_1/cancel", "responses.cancel", Role.CANCEL),
    (SGLANG, "POST", "/generate", "generate", Role.CALL),
    (SGLANG, "POST", "/encode", "encode", Role.CALL),
    (SGLANG, "POST", "/abort_request", "abort_request", Role.FREE),
    (SGLANG, "GET", "/get_model_info", "state", Role.FREE),
    (TGI, "POST", "/", "generate", Role.CALL),
    (TGI, "POST", "/generate", "generate", Role.CALL),
    (TGI, "POST", "/generate_stream", "generate_stream", Role.CALL),
    (TGI, "POST", "/chat_tokenize", "chat_tokenize", Role.FREE),
    (TGI, "GET", "/info", "state", Role.FREE),
    (LLAMA_CPP, "POST", "/completion", "completion", Role.CALL),
    (LLAMA_CPP, "POST", "/completions", "completion", Role.CALL),
    (LLAMA_CPP, "POST", "/v1/completions", "completions", Role.CALL),
    (LLAMA_CPP, "POST", "/chat/completions", "chat.completions", Role.CALL),
    (LLAMA_CPP, "POST", "/infill", "infill", Role.CALL),
    (LLAMA_CPP, "POST", "/embedding", "embedding", Role.CALL),
    (LLAMA_CPP, "POST", "/reranking", "rerank", Role.CALL),
    (LLAMA_CPP, "POST", "/apply-template", "apply-template", Role.FREE),
    (LLAMA_CPP, "POST", "/slots/0", "slots", Role.FREE),
    (LLAMA_CPP, "GET", "/v1/stream", "stream", Role.FREE),
    (LLAMA_CPP, "DELETE", "/v1/stream", "stream", Role.FREE),
    (LM_STUDIO, "POST", "/api/v1/chat", "chat", Role.CALL),
    (LM_STUDIO, "POST", "/api/v0/chat/completions", "chat.completions", Role.CALL),
    (LM_STUDIO, "GET", "/api/v0/models", "models", Role.FREE),
    (LM_STUDIO, "POST", "/api/v1/models/load", "models", Role.FREE),
    (TRT_LLM, "GET", "/prometheus/metrics", "state", Role.FREE),
    (TRT_LLM, "POST", "/v1/videos", "videos", Role.SUBMIT),
]


@pytest.mark.parametrize(("engine", "verb", "path", "name", "role"), ROUTES)
def test_an_engine_has_paths_of_its_own(engine, verb, path, name, role):
    route = engine.route(verb, path)
    assert route is not None
    assert (route.method, route.role) == (name, role)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"])
def test_an_engine_answers_openais_paths_and_anthropics(engine, path):
    route = engine.route("POST", path)
    assert route is not None
    assert route.role is Role.CALL


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_is_a_provider_of_its_own(engine):
    assert engine.provider == engine.name
    assert not any(
        fnmatchcase(host, glob) for host in ("api.openai.com", "localhost", "10.0.0.7", "") for glob in engine.hosts
    )


@pytest.mark.parametrize(("engine", "refuses"), [(VLLM, True), (TGI, False)])
def test_a_post_to_the_root_is_a_mistake_unless_the_engine_answers_there(engine, refuses):
    assert (engine.refusal("POST", "/") is not None) == refuses
    assert TGI.route("POST", "/elsewhere/") is None


def test_a_path_that_only_streams_says_so():
    route = TGI.route("POST", "/generate_stream")
    assert route is not None
    assert route.kind is CallKind.STREAM


def test_scores_are_read():
    route = VLLM.route("POST", "/v1/rerank")
    assert route is not None
    got = read(route.open_reply(JSON, NO_FACTS), whole({"usage": {"total_tokens": 9}}))
    assert got == Reported(Usage(input=9))


def test_llama_cpp_tells_without_being_asked():
    route = LLAMA_CPP.route("POST", "/v1/chat/completions")
    assert route is not None
    timings = {"prompt_n": 4, "cache_n": 6, "predicted_n": 3}
    assert read(route.open_reply(JSON, NO_FACTS), whole({"timings": timings})) == Reported(
        Usage(input=4, cached_input=6, output=3)
    )
    both = whole({"timings": timings, "usage": used(10, 3)})
    assert read(route.open_reply(JSON, NO_FACTS), both) == Reported(Usage(input=10, output=3))


@pytest.mark.parametrize("engine", ENGINES)
def test_only_vllm_can_be_asked_for_usage_in_every_chunk(engine):
    route = engine.route("POST", "/v1/chat/completions")
    assert route is not None
    assert (route.asks_usage, route.asks_in_chunks) == (True, engine is VLLM)
