"""What pages and records say."""

import pytest
from hypothesis import given, strategies as st

from sidecar.probing.methods import methods_of
from sidecar.probing.observations import Ending, Look
from sidecar.probing.sources import (
    COMPLETION,
    GENERATION,
    INTERACTION,
    LLAMA_CPP,
    LLAMA_CPP_SLOTS,
    OF_ALL_METHODS,
    RESPONSE,
    SGLANG,
    SOURCES,
    TGI,
    VLLM,
    Source,
    metric,
    sources_of,
)
from sidecar.providers.registry import DIALECTS

PAGE = b"""# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 1.0
vllm:num_requests_running{engine="1",model_name="m"} 2.0
vllm:num_requests_waiting{engine="0"} 0.0
vllm:generation_tokens_total{engine="0"} 1.5e+03
vllm:generation_tokens_created{engine="0"} 1.79e9
llamacpp:requests_processing 0
llamacpp:tokens_predicted_total 77
tgi_batch_current_size NaN
"""
ALL = {source for group in (*SOURCES.values(), *OF_ALL_METHODS.values()) for source in group}


def said(source: Source, body: bytes) -> Look | None:
    return source.read(body, 5)


def test_metrics_are_summed_over_their_labels_and_known_by_their_whole_name():
    assert metric(PAGE, "vllm:num_requests_running") == 3
    assert metric(PAGE, "vllm:generation_tokens_total") == 1_500
    assert metric(PAGE, "vllm:generation_tokens") is None
    assert metric(PAGE, "tgi_batch_current_size") is None


def test_counters_of_engines():
    assert said(VLLM, PAGE) == Look(at=5, is_at_work=True, made=1_500)
    assert said(LLAMA_CPP, PAGE) == Look(at=5, is_at_work=False, made=77)
    assert said(SGLANG, PAGE) is said(TGI, PAGE) is None


def test_engines_that_wait_are_at_work_too():
    page = b'sglang:num_running_reqs{m="x"} 0.0\nsglang:num_queue_reqs{m="x"} 1.0\nsglang:generation_tokens_total{m="x"} 8.0\n'
    assert said(SGLANG, page) == Look(at=5, is_at_work=True, made=8)
    assert said(TGI, b"tgi_batch_current_size 2\ntgi_queue_size 0\n") == Look(at=5, is_at_work=True)


def test_slots():
    assert said(LLAMA_CPP_SLOTS, b'[{"id":0,"is_processing":true},{"id":1,"is_processing":false}]') == Look(
        at=5, is_at_work=True
    )
    assert said(LLAMA_CPP_SLOTS, b'{"error": {"code": 501}}') is None


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ("completed", Ending.WHOLE),
        ("incomplete", Ending.WHOLE),
        ("cancelled", Ending.STOPPED),
        ("failed", Ending.STOPPED),
    ],
)
def test_records_say_how_it_ended(status, ending):
    body = b'{"id": "resp_1", "object": "response", "status": "%b"}' % status.encode()
    assert said(RESPONSE, body) == Look(at=5, ending=ending, is_final=True)
    body = b'{"id": "1", "status": "%b", "usage": {"total_output_tokens": 7}}' % status.encode()
    assert said(INTERACTION, body) == Look(at=5, ending=ending, is_final=True, made=7)


def test_records_of_work_that_goes_on_are_not_final():
    assert said(RESPONSE, b'{"id": "resp_1", "status": "in_progress"}') == Look(at=5)


def test_tokens_of_a_response_are_those_of_its_usage():
    usage = b'{"input_tokens": 9, "output_tokens": 40, "output_tokens_details": {"reasoning_tokens": 30}, "total_tokens": 49}'
    look = said(RESPONSE, b'{"id": "resp_1", "status": "completed", "usage": ' + usage + b"}")
    assert look is not None
    assert look.made == 40


def test_openrouter_is_asked_for_tokens_and_not_for_its_word():
    body = b'{"data": {"total_cost": 0.1, "native_tokens_completion": 50, "native_tokens_reasoning": 20, "cancelled": true}}'
    assert said(GENERATION, body) == Look(at=5, made=50, is_final=True)
    assert said(GENERATION, b'{"error": {"code": 404}}') is None


def test_a_completion_that_is_stored_has_come_to_its_end__one_that_is_not_says_nothing():
    assert said(COMPLETION, b'{"data": [{"usage": {"completion_tokens": 8}}]}') == Look(
        at=5, made=8, ending=Ending.WHOLE, is_final=True
    )
    assert said(COMPLETION, b'{"data": []}') is None


def test_where_records_are_asked_for():
    assert RESPONSE.target("resp_1", "p1") == "/v1/responses/resp_1"
    assert RESPONSE.target("a/../b?c", "p1") == "/v1/responses/a%2F..%2Fb%3Fc"
    assert GENERATION.target("gen-1", "p1") == "/api/v1/generation?id=gen-1"
    assert COMPLETION.target("", "p1") == "/v1/chat/completions?metadata%5Bsidecar-probe%5D=p1&limit=1"
    assert RESPONSE.target("", "p1") is GENERATION.target("", "p1") is INTERACTION.target("", "p1") is None


def test_llama_cpp_is_not_looked_at_so_often_that_abandoned_calls_live_on():
    assert min(source.every_seconds for source in (LLAMA_CPP, LLAMA_CPP_SLOTS)) > 1.0


def test_every_source_is_of_a_method_that_can_be_asked():
    assert set(OF_ALL_METHODS) <= set(DIALECTS)
    for dialect, method in SOURCES:
        assert method in [one.name for one in methods_of(dialect)]
        assert sources_of(dialect, method)
    assert sources_of("anthropic", "messages") == sources_of("ollama", "chat") == ()


@given(
    st.sampled_from(sorted(ALL, key=lambda source: source.name)), st.binary(max_size=300) | st.text().map(str.encode)
)
def test_readers_bear_whatever_they_are_fed(source, body):
    assert said(source, body) is None or isinstance(said(source, body), Look)
