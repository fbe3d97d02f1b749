import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported, Role
from sidecar.providers.mistral import MISTRAL
from tests.providers.compatible import (
    asked,
    chunk,
    completion,
    opened,
    reports_everywhere,
    route,
    sse,
    streams_everywhere,
    used,
)
from tests.providers.wire import SSE, read, whole

ROUTED = [
    # verb, path, method, role: providers-wire 3 (mistral.batch) and 5
    ("POST", "/v1/chat/completions", "chat.completions", Role.CALL),
    ("POST", "/v1/fim/completions", "fim.completions", Role.CALL),
    ("POST", "/v1/agents/completions", "agents.completions", Role.CALL),
    ("POST", "/v1/embeddings", "embeddings", Role.CALL),
    ("POST", "/v1/ocr", "ocr", Role.CALL),
    ("POST", "/v1/moderations", "moderations", Role.CALL),
    ("POST", "/v1/chat/moderations", "moderations", Role.CALL),
    ("POST", "/v1/classifications", "classifications", Role.CALL),
    ("POST", "/v1/audio/transcriptions", "audio.transcriptions", Role.CALL),
    ("POST", "/v1/batch/jobs", "batch.jobs", Role.SUBMIT),
    ("GET", "/v1/batch/jobs", "batch.jobs.list", Role.FREE),
    ("GET", "/v1/batch/jobs/b1", "batch.jobs.get", Role.POLL),
    ("POST", "/v1/batch/jobs/b1/cancel", "batch.jobs.cancel", Role.CANCEL),
    ("POST", "/v1/fine_tuning/jobs", "fine_tuning.jobs", Role.SUBMIT),
    ("POST", "/v1/fine_tuning/jobs/f1/cancel", "fine_tuning.jobs.cancel", Role.CANCEL),
    ("GET", "/v1/models", "models", Role.FREE),
    ("GET", "/v1/files/f1/content", "files", Role.FREE),
]
TOLD = Reported(Usage(input=9, output=3), "m1")
STREAM = [chunk("Hel"), chunk("lo"), chunk("!", finish="stop", usage=used(9, 3))]


@pytest.mark.parametrize(("verb", "path", "method", "role"), ROUTED)
def test_a_request_is_known_by_its_path(verb, path, method, role):
    found = route(MISTRAL, verb, path)
    assert (found.method, found.role) == (method, role)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/fim/completions", "/v1/agents/completions"])
def test_a_chat_of_any_sort_is_read(path):
    streams_everywhere(MISTRAL, sse(STREAM), TOLD, path)
    reports_everywhere(MISTRAL, completion(used(9, 3)), TOLD, path)


def test_a_stream_that_breaks_off_is_counted_by_its_deltas():
    got = read(opened(MISTRAL, SSE), sse(STREAM[:2], b""))
    assert got == Reported(Usage(output=2), "m1", basis=Basis.ESTIMATED, reason="counted_deltas")


def test_pages_are_units():
    document = {
        "pages": [{"index": 0, "markdown": "x" * 999}],
        "model": "mistral-ocr-2505",
        "usage_info": {"pages_processed": 29},
    }
    reports_everywhere(MISTRAL, document, Reported(Usage(units=29), "mistral-ocr-2505"), "/v1/ocr")


@pytest.mark.parametrize("info", [None, {}, {"doc_size_bytes": 7}, {"pages_processed": None}])
def test_no_pages_are_no_usage(info):
    assert read(opened(MISTRAL, path="/v1/ocr"), whole({"model": "m", "usage_info": info})) is None


@pytest.mark.parametrize("pages", [-1, "many", [], 2**40])
def test_odd_pages_are_a_lower_bound(pages):
    got = read(opened(MISTRAL, path="/v1/ocr"), whole({"usage_info": {"pages_processed": pages}}))
    assert got == Reported(Usage(), basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"usage_info": {"pages_pr'])
def test_what_is_no_reply_reports_nothing(body):
    assert read(opened(MISTRAL, path="/v1/ocr"), body) is None


def test_seconds_of_sound_and_cached_tokens_are_told_apart():
    got = read(opened(MISTRAL), whole(completion(used(9, 3, prompt_audio_seconds=12, num_cached_tokens=4))))
    assert got == Reported(Usage(input=5, cached_input=4, output=3, audio_seconds=12), "m1")


@pytest.mark.parametrize("odd", [None, -1, "long", [], {}])
def test_odd_seconds_change_nothing(odd):
    assert read(opened(MISTRAL), whole(completion(used(9, 3, prompt_audio_seconds=odd)))) == TOLD


def test_requests_name_their_model():
    assert asked(MISTRAL, "/v1/ocr", {"model": "mistral-ocr-latest", "document": {}}).model == "mistral-ocr-latest"
    assert asked(MISTRAL, "/v1/fim/completions", {"model": "codestral", "stream": True}).is_stream is True
    assert asked(MISTRAL, "/v1/agents/completions", {"agent_id": "a1"}).model == ""
    assert asked(MISTRAL, "/v1/batch/jobs", {"model": "m1", "input_files": []}).model == "m1"


def test_work_runs_on():
    assert MISTRAL.on_close.of(CallKind.STREAM) is MISTRAL.on_close.of(CallKind.UNARY) is OnClose.RUNS_ON
    assert MISTRAL.hosts == ("api.mistral.ai",)


def test_a_stream_need_not_be_asked_for_its_usage():
    assert not route(MISTRAL, "POST", "/v1/chat/completions").asks_usage
