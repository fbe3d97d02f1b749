"""Names of the GenAI conventions, and our disjoint tokens told as theirs, which contain each other."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import COUNTED, TOKEN_CLASSES
from sidecar.providers.contract import Role
from sidecar.providers.registry import DIALECTS
from sidecar.telemetry.genai import OPERATIONS, PROVIDERS, operation_name, provider_name, tokens_of, usage_attributes

USAGE = {
    "input": 300, "cached_input": 50, "output": 100, "reasoning": 40, "tool_use": 7, "cache_write_input": 20,
    "cache_write_hour_input": 5, "audio_input": 30, "cached_audio_input": 10, "cached_image_input": 4,
    "image_input": 96, "image_output": 60,
}  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("gemini", "gcp.gemini"), ("vertex", "gcp.vertex_ai"), ("openai", "openai"), ("anthropic", "anthropic"),
        ("bedrock", "aws.bedrock"), ("azure", "azure.ai.openai"), ("mistral", "mistral_ai"), ("xai", "x_ai"),
        ("cohere", "cohere"), ("my-vllm", "my-vllm"),
    ],
)  # fmt: skip
def test_providers_have_the_conventions_names(ours: str, theirs: str):
    assert provider_name(ours) == theirs


def test_every_provider_that_is_renamed_is_one():
    assert set(PROVIDERS) <= {dialect.provider for dialect in DIALECTS.values()}


@pytest.mark.parametrize(
    ("dialect", "path", "name"),
    [
        ("openai", "/v1/chat/completions", "chat"), ("openai", "/v1/responses", "chat"),
        ("openai", "/v1/completions", "text_completion"), ("openai", "/v1/embeddings", "embeddings"),
        ("openai", "/v1/images/generations", "generate_content"), ("anthropic", "/v1/messages", "chat"),
        ("gemini", "/v1beta/models/m:generateContent", "generate_content"),
        ("gemini", "/v1beta/models/m:streamGenerateContent", "generate_content"),
        ("gemini", "/v1beta/models/m:embedContent", "embeddings"), ("gemini", "/v1beta/interactions", "generate_content"),
        ("bedrock", "/model/m/converse-stream", "chat"), ("bedrock", "/model/m/invoke", "generate_content"),
        ("cohere", "/v2/chat", "chat"), ("cohere", "/v2/rerank", "rerank"), ("ollama", "/api/generate", "text_completion"),
    ],
)  # fmt: skip
def test_a_method_is_told_by_the_conventions_word_where_there_is_one(dialect: str, path: str, name: str):
    route = DIALECTS[dialect].route("POST", path)
    assert route is not None
    assert operation_name(route.method) == name


@pytest.mark.parametrize(
    ("dialect", "path", "name"),
    [
        ("gemini", "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent", "generate_content"),
        ("gemini", "/ws/google.ai.generativelanguage.v1alpha.GenerativeService.BidiGenerateMusic", "generate_content"),
        ("vertex", "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent", "generate_content"),
        ("openai", "/v1/realtime", "generate_content"), ("openai", "/v1/responses", "chat"),
        ("openai", "/v1/live/sessions", "generate_content"), ("azure", "/openai/v1/realtime", "generate_content"),
        ("xai", "/v1/responses", "chat"),
    ],
)  # fmt: skip
def test_answers_in_sockets_are_told_by_the_conventions_word(dialect: str, path: str, name: str):
    route = DIALECTS[dialect].route("GET", path)
    assert route is not None
    assert route.role is Role.LIVE
    assert operation_name(route.method) == name


def test_what_is_many_inferences_or_none_is_told_by_its_kind():
    assert operation_name("batches", OperationKind.BATCH) == "batch"
    assert operation_name("fine_tuning.jobs", OperationKind.TUNING) == "tuning"
    assert operation_name("responses", OperationKind.BACKGROUND) == "chat"
    assert operation_name("videos", OperationKind.LRO) == "generate_content"


def test_of_a_call_that_was_lost_early_the_most_general_is_told():
    assert operation_name(None) == operation_name("") == "generate_content"


def test_the_words_are_the_conventions_own():
    assert set(OPERATIONS.values()) == {"chat", "text_completion", "generate_content", "embeddings"}


def test_disjoint_tokens_become_totals_and_their_parts():
    assert usage_attributes(tokens_of(USAGE, "exact")) == {
        "gen_ai.usage.input_tokens": 357, "gen_ai.usage.output_tokens": 140, "gen_ai.usage.cache_read.input_tokens": 50,
        "gen_ai.usage.cache_write.input_tokens": 25, "gen_ai.usage.reasoning.output_tokens": 40,
        "gen_ai.usage.audio.input_tokens": 40, "gen_ai.usage.audio.cache_read.input_tokens": 10,
        "gen_ai.usage.image.input_tokens": 100, "gen_ai.usage.image.output_tokens": 60,
    }  # fmt: skip


def test_by_modality_they_add_up_and_what_nobody_broke_down_is_unknown():
    tokens = tokens_of(USAGE, "at_least")
    assert tokens is not None
    assert tokens.input == {"audio": 40, "image": 100, "unknown": 217}
    assert tokens.output == {"image": 60, "unknown": 80}
    assert (tokens.cache_read, tokens.reasoning) == ({"audio": 10, "image": 4, "unknown": 36}, {"unknown": 40})


@pytest.mark.parametrize("basis", [None, "estimated"])
def test_what_the_provider_did_not_report_is_not_told(basis: str | None):
    assert tokens_of(USAGE, basis) is None
    assert usage_attributes(None) == {}


def test_a_report_of_no_tokens_is_told_as_0():
    assert usage_attributes(tokens_of({}, "exact")) == {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}


@given(st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 10**6)))
def test_totals_hold_every_token_and_parts_are_never_more(usage: dict[str, int]):
    tokens = tokens_of(usage, "exact")
    assert tokens is not None
    assert min(count for parts in (tokens.input, tokens.output) for count in parts.values()) >= 0
    assert sum(tokens.input.values()) + sum(tokens.output.values()) >= sum(usage.get(name, 0) for name in TOKEN_CLASSES)
    assert sum(tokens.cache_read.values()) >= usage.get("cached_input", 0)
    assert sum(tokens.reasoning.values()) <= sum(tokens.output.values())
