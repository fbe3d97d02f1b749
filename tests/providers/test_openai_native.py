import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_native import (
    of_timings,
    open_completion,
    open_generated,
    open_lm_studio,
    open_scores,
    open_sglang,
)
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.openai_wire import chunk, chunks, judged, last, named, used
from tests.providers.wire import JSON, SSE, Json, read, sse, whole

TIMINGS = {"cache_n": 6, "prompt_n": 4, "prompt_ms": 20.3, "predicted_n": 3, "predicted_ms": 9.0}
LLAMA_STREAM = sse(
    [
        {"index": 0, "content": "Hel", "tokens": [1], "stop": False, "id_slot": 0, "tokens_predicted": 1},
        {"index": 0, "content": "lo", "tokens": [2], "stop": False, "id_slot": 0, "tokens_predicted": 2},
        {
            "content": "",
            "stop": True,
            "model": "q.gguf",
            "tokens_predicted": 3,
            "tokens_evaluated": 10,
            "timings": TIMINGS,
        },
    ],
    "\n",
)
LLAMA = Reported(Usage(input=4, cached_input=6, output=3), "q.gguf")

TGI_STREAM = sse(
    [
        {"index": 1, "token": {"id": 5, "text": " a", "special": False}, "generated_text": None, "details": None},
        {"index": 2, "token": {"id": 6, "text": " b", "special": False}, "generated_text": None, "details": None},
        {
            "index": 3,
            "token": {"id": 2, "text": "</s>", "special": True},
            "generated_text": " a b",
            "details": {"finish_reason": "eos_token", "generated_tokens": 3, "input_length": 7, "seed": None},
        },
    ],
    "\n",
).replace(b"data: ", b"data:")
TGI = Reported(Usage(input=7, output=3))


def sglang(made: int, finish: Json | None = None) -> Json:
    totals = {"prompt_tokens": 9, "completion_tokens": made, "cached_tokens": 5, "finish_reason": finish}
    return {"text": "x" * made, "meta_info": {"id": "r"} | totals}


SGLANG_STREAM = chunks(sglang(1), sglang(2), sglang(4, {"type": "stop"}))
SGLANG = Reported(Usage(input=4, cached_input=5, output=4))

STATS = {"input_tokens": 359, "total_output_tokens": 218, "reasoning_output_tokens": 24, "tokens_per_second": 41.0}
STUDIO = {"model_instance_id": "qwen3-8b", "output": [{"type": "message", "content": "Hi"}], "stats": STATS}
STUDIO_STREAM = named(
    {"type": "chat.start", "model_instance_id": "qwen3-8b"},
    {"type": "reasoning.delta", "content": "Need"},
    {"type": "message.delta", "content": "Hi"},
    {"type": "chat.end", "result": STUDIO},
)
LM_STUDIO = Reported(Usage(input=359, output=194, reasoning=24), "qwen3-8b")

STREAMS = {
    "llama.cpp": (open_completion, LLAMA_STREAM, LLAMA),
    "tgi": (open_generated, TGI_STREAM, TGI),
    "sglang": (open_sglang, SGLANG_STREAM, SGLANG),
    "lm studio": (open_lm_studio, STUDIO_STREAM, LM_STUDIO),
}
WHOLE = {
    "llama.cpp": (open_completion, {"content": "Hello", "model": "q.gguf", "stop": True, "timings": TIMINGS}, LLAMA),
    "tgi": (open_generated, {"generated_text": "a", "details": {"generated_tokens": 3, "prefill": [{}] * 7}}, TGI),
    "tgi list": (
        open_generated,
        [{"generated_text": "a", "details": {"generated_tokens": 3, "prefill": [{}] * 7}}],
        TGI,
    ),
    "sglang": (open_sglang, sglang(4, {"type": "stop"}), SGLANG),
    "sglang list": (open_sglang, [sglang(1), sglang(3)], Reported(Usage(input=8, cached_input=10, output=4))),
    "lm studio": (open_lm_studio, STUDIO, LM_STUDIO),
}


@pytest.mark.parametrize(("opening", "body", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_stream_is_read_the_same_at_every_cut(opening, body, expected):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = opening(SSE, NO_FACTS)
        assert read(reader, *pieces) == expected
        assert reader.is_terminal


@pytest.mark.parametrize(("opening", "body", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_coded_stream_is_read(opening, body, expected):
    assert read(opening(ReplyHead(200, "text/event-stream", "gzip"), NO_FACTS), *bytewise(zipped(body))) == expected


@pytest.mark.parametrize(("opening", "body", "expected"), STREAMS.values(), ids=STREAMS)
def test_a_stream_that_breaks_off_reports_no_more_than_the_whole(opening, body, expected):
    for end in range(len(body)):
        got = read(opening(SSE, NO_FACTS), body[:end])
        if got is not None and got != expected:
            assert judged(got) in ((Basis.ESTIMATED, "counted_deltas"), (Basis.AT_LEAST, "unfinished"))
            assert got.usage.output + got.usage.reasoning <= expected.usage.output + expected.usage.reasoning


@pytest.mark.parametrize(("opening", "document", "expected"), WHOLE.values(), ids=WHOLE)
def test_a_whole_reply_is_read_at_every_cut(opening, document, expected):
    body = whole(document)
    for pieces in in_two(body):
        assert read(opening(JSON, NO_FACTS), *pieces) == expected


@pytest.mark.parametrize("opening", [opening for opening, _, _ in STREAMS.values()], ids=STREAMS)
@pytest.mark.parametrize(
    "event",
    [
        [],
        7,
        None,
        "x",
        {},
        {"timings": 7, "details": 7, "meta_info": [], "stats": "x"},
        {"meta_info": {"prompt_tokens": -1}},
    ],
)
def test_odd_events_report_nothing(opening, event):
    assert read(opening(SSE, NO_FACTS), sse([event])) is None
    assert read(opening(JSON, NO_FACTS), whole(event)) is None


@pytest.mark.parametrize("opening", [open_completion, open_generated, open_sglang])
def test_an_error_ends_a_stream(opening):
    reader: ReplyReader = opening(SSE, NO_FACTS)
    reader.feed(sse([{"error": {"message": "overloaded"}}]))
    assert reader.is_terminal


def test_a_prompt_without_timings_is_told_by_its_length():
    document = {"content": "x", "tokens_evaluated": 10, "tokens_predicted": 3}
    assert read(open_completion(JSON, NO_FACTS, PLAIN), whole(document)) == Reported(Usage(input=10, output=3))


def test_values_of_other_types_make_a_lower_bound():
    got = read(open_completion(JSON, NO_FACTS, PLAIN), whole({"tokens_evaluated": "x", "tokens_predicted": 3}))
    assert got == Reported(Usage(output=3), basis=Basis.AT_LEAST, reason="malformed_usage")


# timings in replies to OpenAI's paths

TIMED = Extras(usage_in="timings", usage_of=of_timings)


def test_timings_stand_in_for_usage_that_nobody_asked_for():
    body = chunks(chunk("a"), chunk("b"), chunk(finish="stop", timings=TIMINGS))
    assert read(open_chat(SSE, NO_FACTS, TIMED), body) == Reported(Usage(input=4, cached_input=6, output=3), "gpt-5")


def test_usage_that_was_asked_for_counts_before_timings():
    body = chunks(chunk("a"), chunk(finish="stop", timings=TIMINGS), last(used(10, 3), timings=TIMINGS))
    assert read(open_chat(SSE, NO_FACTS, TIMED), body) == Reported(Usage(input=10, output=3), "gpt-5")


@pytest.mark.parametrize("odd", [None, 7, {}, {"prompt_n": 4}, {"predicted_n": None}])
def test_timings_that_say_nothing_leave_an_estimate(odd):
    body = chunks(chunk("a"), chunk("b"), chunk(finish="stop", timings=odd))
    assert judged(read(open_chat(SSE, NO_FACTS, TIMED), body)) == (Basis.ESTIMATED, "counted_deltas")


# scores


@pytest.mark.parametrize("usage", [{"total_tokens": 56}, {"prompt_tokens": 56, "total_tokens": 56}])
def test_all_that_is_scored_is_input(usage):
    got = read(open_scores(JSON, NO_FACTS), whole({"model": "bge", "results": [], "usage": usage}))
    assert got == Reported(Usage(input=56), "bge")
