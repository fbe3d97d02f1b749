"""Operations of those who speak OpenAI's language and have some of their own: Mistral, Together, xAI, Fireworks, OpenRouter; and
Cohere's."""

import json
from decimal import Decimal

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers import cohere, fireworks, mistral, together, xai
from sidecar.providers.cohere import COHERE
from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts
from sidecar.providers.fireworks import FIREWORKS, SOME_IMAGES
from sidecar.providers.mistral import MISTRAL
from sidecar.providers.names import mark_of
from sidecar.providers.openrouter import OPENROUTER
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from sidecar.providers.operation_documents import NOTHING_BILLED
from sidecar.providers.together import TOGETHER
from sidecar.providers.xai import XAI
from tests.providers.families import asks_of_itself, family, routed, seen, stands
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, STOPPING, SUCCEEDED, facts_of, observed, told
from tests.providers.wire import JSON, Json

OLD_JOBS = "/v1/accounts/a/batchJobs"
JOBS, MISTRALS = "/v1/accounts/a/batchInferenceJobs", family(MISTRAL, "/v1/batch/jobs")
BATCH_OF = {dialect.name: family(dialect, "/v1/batches") for dialect in (TOGETHER, XAI, OPENROUTER)}
COHERES, EMBEDS = family(COHERE, "/v2/batches"), family(COHERE, "/v1/embed-jobs")
TUNES, QUEUE = family(TOGETHER, "/v1/fine-tunes"), family(TOGETHER, "/v1/queue/submit")
FIREWORKS_BATCH, LATER = family(FIREWORKS, JOBS), family(FIREWORKS, "/inference/v1/workflows/accounts/f/models/kontext")
TUNED, XAI_VIDEO = family(COHERE, "/v1/finetuning/finetuned-models"), family(XAI, "/v1/videos/generations")


# === where they are asked about ===


@pytest.mark.parametrize(
    ("dialect", "path", "name", "asks"),
    [
        (MISTRAL, "/v1/batch/jobs", "j1", ("/v1/batch/jobs/j1", "/v1/batch/jobs/j1/cancel", "/v1/batch/jobs?page_size=100")),
        (TOGETHER, "/v1/batches", "b1", ("/v1/batches/b1", "/v1/batches/b1/cancel", "/v1/batches?limit=100")),
        (TOGETHER, "/v1/fine-tunes", "ft-1", ("/v1/fine-tunes/ft-1", "/v1/fine-tunes/ft-1/cancel", "/v1/fine-tunes?limit=100")),
        (XAI, "/v1/batches", "b1", ("/v1/batches/b1", "/v1/batches/b1:cancel", "/v1/batches?limit=100")),
        (XAI, "/v1/videos/generations", "r1", ("/v1/videos/r1", None, None)),
        (COHERE, "/v2/batches", "b1", ("/v2/batches/b1", "/v2/batches/b1:cancel", "/v2/batches?page_size=100")),
        (COHERE, "/v1/embed-jobs", "e1", ("/v1/embed-jobs/e1", "/v1/embed-jobs/e1/cancel", "/v1/embed-jobs")),
        (COHERE, "/v1/finetuning/finetuned-models", "m1", ("/v1/finetuning/finetuned-models/m1", None, None)),
        (FIREWORKS, JOBS, "j1", (f"{JOBS}/j1", f"{JOBS}/j1:cancel", None)),
        (FIREWORKS, OLD_JOBS, "j1", (f"{OLD_JOBS}/j1", f"{OLD_JOBS}/j1:cancel", None)),
        (
            FIREWORKS, "/v1/accounts/a/reinforcementFineTuningJobs", "j1",
            ("/v1/accounts/a/reinforcementFineTuningJobs/j1", "/v1/accounts/a/reinforcementFineTuningJobs/j1:cancel", None),
        ),
        (OPENROUTER, "/api/v1/batches", "b1", ("/api/v1/batches/b1", None, "/api/v1/batches?limit=100")),
        (OPENROUTER, "/api/v1/videos", "v1", ("/api/v1/videos/v1", None, None)),
    ],
)  # fmt: skip
def test_an_operation_is_asked_about_where_its_provider_has_it(dialect, path, name, asks) -> None:
    poll, cancel, find = asks
    expected = {"poll": f"GET {poll}", "cancel": f"POST {cancel}", "find": f"GET {find}"}
    wanted = {what for what, target in zip(expected, asks, strict=True) if target}
    assert asks_of_itself(dialect, path, name) == {what: expected[what] for what in wanted}


def test_a_request_in_togethers_queue_is_named_with_its_model() -> None:
    """docs.together.ai: the status asks for both in the query, the cancel in the body."""
    place = Place("/v1/queue/submit", "my-org/video/r-1")
    assert QUEUE.poll(place) == Ask("GET", "/v1/queue/status?request_id=r-1&model=my-org%2Fvideo")
    assert QUEUE.cancel is not None
    assert QUEUE.cancel(place) == Ask("POST", "/v1/queue/cancel", b'{"request_id":"r-1","model":"my-org/video"}')
    opened = told(QUEUE.open_reply(JSON, RequestFacts("my-org/video")), b'{"request_id":"r-1"}')
    assert opened == Observed(RUNNING, "my-org/video/r-1")
    cancels = routed(TOGETHER, "/v1/queue/cancel").open_request
    assert facts_of(cancels, {"request_id": "r-1", "model": "my-org/video"}).operation_id == "r-1"


def test_an_image_of_fireworks_is_asked_about_by_its_id_in_the_body() -> None:
    place = Place("/inference/v1/workflows/accounts/f/models/kontext", "r1")
    assert LATER.poll(place) == Ask(
        "POST", "/inference/v1/workflows/accounts/f/models/kontext/get_result", b'{"id":"r1"}'
    )
    assert LATER.cancel is None
    asks = routed(FIREWORKS, place.path + "/get_result").open_request
    assert facts_of(asks, {"id": "r1"}) == RequestFacts(operation_id="r1")
    assert seen(LATER, {"request_id": "r1"}) == Observed(RUNNING, "r1")
    assert seen(LATER, {"id": "r1", "status": "Ready", "result": {}}) == Observed(SUCCEEDED, "r1", reported=SOME_IMAGES)


# === what their words mean ===

XAI_COUNTS = ("num_requests", "num_pending", "num_success", "num_error", "num_cancelled")
WORDS: list[tuple[OperationWire, str, str, dict[str, Progress]]] = [
    (MISTRALS, "id", "status", mistral.WORDS),
    (BATCH_OF["together"], "id", "status", together.BATCH_WORDS),
    (TUNES, "id", "status", together.TUNE_WORDS),
    (QUEUE, "request_id", "status", together.QUEUE_WORDS),
    (COHERES, "id", "status", cohere.BATCH_WORDS),
    (EMBEDS, "job_id", "status", cohere.EMBED_WORDS),
    (TUNED, "id", "status", cohere.TUNING_WORDS),
    (FIREWORKS_BATCH, "name", "state", fireworks.JOB_WORDS),
    (LATER, "id", "status", fireworks.WORKFLOW_WORDS),
    (XAI_VIDEO, "request_id", "status", xai.VIDEO_WORDS),
]
ENDS_OF_EACH = {
    "mistral": {"SUCCESS": SUCCEEDED, "FAILED": FAILED, "TIMEOUT_EXCEEDED": FAILED, "CANCELLED": CANCELLED},
    "together": {"COMPLETED": SUCCEEDED, "FAILED": FAILED, "EXPIRED": FAILED, "CANCELLED": CANCELLED},
    "xai_video": {"done": SUCCEEDED, "expired": FAILED, "failed": FAILED},
    "embed": {"complete": SUCCEEDED, "failed": FAILED, "cancelled": CANCELLED},
}


@pytest.mark.parametrize(("wire", "name", "state", "words"), WORDS)
def test_every_word_is_read_by_its_table_and_any_other_means_that_it_runs(
    wire: OperationWire, name: str, state: str, words: dict[str, Progress]
) -> None:
    for word, progress in (words | {"PONDERING": RUNNING}).items():
        assert stands(wire, {name: "x/o1", state: word}) is progress


def test_the_ends_are_those_of_the_reference() -> None:
    """providers-wire 5; what is no end of these is asked again."""
    ends = {SUCCEEDED, FAILED, CANCELLED}
    tables = {
        "mistral": mistral.WORDS, "together": together.BATCH_WORDS, "xai_video": xai.VIDEO_WORDS, "embed": cohere.EMBED_WORDS,
    }  # fmt: skip
    for name, table in tables.items():
        assert {word: progress for word, progress in table.items() if progress in ends} == ENDS_OF_EACH[name]
    assert mistral.WORDS["CANCELLATION_REQUESTED"] is STOPPING


@pytest.mark.parametrize(
    ("counts", "cancel_time", "progress"),
    [
        ((0, 0, 0, 0, 0), None, RUNNING), ((5, 4, 1, 0, 0), None, RUNNING), ((5, 4, 1, 0, 0), "2026-01-01T00:00:00Z", STOPPING),
        ((5, 0, 5, 0, 0), None, SUCCEEDED), ((5, 0, 4, 1, 0), None, SUCCEEDED), ((5, 0, 0, 5, 0), None, FAILED),
        ((5, 0, 3, 0, 2), "2026-01-01T00:00:00Z", CANCELLED), ((0, 0, 0, 0, 0), "2026-01-01T00:00:00Z", STOPPING),
    ],
)  # fmt: skip
def test_a_batch_of_xai_stands_where_its_counts_say(counts, cancel_time, progress) -> None:
    state = dict(zip(XAI_COUNTS, counts, strict=True))
    assert stands(BATCH_OF["xai"], {"batch_id": "b1", "cancel_time": cancel_time, "state": state}) is progress


# === what they used ===


def test_a_job_of_mistral_is_added_up_from_its_output_file() -> None:
    job: Json = {
        "id": "j1", "object": "batch", "input_files": ["f1", "f2"], "endpoint": "/v1/chat/completions", "status": "SUCCESS",
        "model": "mistral-small", "output_file": "f9", "created_at": 5, "completed_at": 9, "total_requests": 2,
        "succeeded_requests": 2, "errors": [],
    }  # fmt: skip
    found = seen(MISTRALS, job)
    assert found == Observed(SUCCEEDED, "j1", "mistral-small", None, 9_000_000, "f9", 5_000_000, mark_of("f1,f2"))
    assert MISTRALS.results is not None
    assert MISTRALS.results(Place("/v1/batch/jobs", "j1"), found) == Ask("GET", "/v1/files/f9/content")
    assert seen(MISTRALS, job | {"status": "CANCELLED", "succeeded_requests": 0}).reported == NOTHING_BILLED
    opens = routed(MISTRAL, "/v1/batch/jobs").open_request
    assert facts_of(opens, {"input_files": ["f1", "f2"], "model": "m"}) == RequestFacts("m", mark=mark_of("f1,f2"))


def test_a_batch_of_together_comes_in_an_envelope_when_it_is_opened() -> None:
    batch = {"id": "b1", "status": "COMPLETED", "model_id": "m", "input_file_id": "f1", "output_file_id": "f2"}
    for document in (batch, {"job": batch, "warning": ""}):
        assert seen(BATCH_OF["together"], document) == Observed(SUCCEEDED, "b1", "m", results="f2", mark=mark_of("f1"))
    assert BATCH_OF["together"].found_in is not None
    assert len(BATCH_OF["together"].found_in(json.dumps([batch, batch]).encode())) == 2


def test_a_batch_of_xai_says_what_it_cost() -> None:
    state = dict(zip(XAI_COUNTS, (1, 0, 1, 0, 0), strict=True))
    batch = {"batch_id": "b1", "name": "n", "state": state, "cost_breakdown": {"total_cost_usd_ticks": 25_000_000_000}}
    found = seen(BATCH_OF["xai"], batch)
    assert found == Observed(SUCCEEDED, "b1", reported=Reported(Usage(), cost_usd=Decimal("2.5")), mark=mark_of("n"))
    assert BATCH_OF["xai"].found_in is not None
    assert BATCH_OF["xai"].found_in(json.dumps({"batches": [batch]}).encode()) == (found,)


def test_a_deferred_chat_of_xai_is_left_alone() -> None:
    """Its answer is fetched once, and by its caller."""
    assert routed(XAI, "/v1/chat/completions").operation is None
    assert routed(XAI, "/v1/chat/deferred-completion/r1", "GET").operation is None


def test_a_video_of_xai_that_is_there_is_done() -> None:
    video = {
        "video": {"url": "https://v", "duration": 6},
        "model": "grok-video",
        "usage": {"cost_in_usd_ticks": 10**10},
    }
    found = seen(XAI_VIDEO, video | {"request_id": "r1"})
    assert (found.progress, found.reported) == (SUCCEEDED, Reported(Usage(), "grok-video", cost_usd=Decimal(1)))


def test_a_batch_of_cohere_counts_its_tokens_in_strings() -> None:
    batch = {"id": "b1", "status": "BATCH_STATUS_COMPLETED", "model": "command-a", "input_tokens": "70", "output_tokens": "9",
             "input_dataset_id": "d1", "created_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    assert seen(COHERES, {"batch": batch}) == Observed(
        SUCCEEDED, "b1", "command-a", Reported(Usage(input=70, output=9)), created_at=1_767_225_600_000_000,
        mark=mark_of("d1"),
    )  # fmt: skip
    assert observed(COHERES, {}) is None  # the reply to a cancel


def test_an_embed_job_is_billed_as_an_embedding() -> None:
    job = {"job_id": "e1", "status": "complete", "model": "embed-v4", "meta": {"billed_units": {"input_tokens": 12}}}
    assert seen(EMBEDS, job).reported == Reported(Usage(input=12))
    opens = routed(COHERE, "/v1/embed-jobs").open_request
    assert facts_of(opens, {"model": "embed-v4", "dataset_id": "d1"}) == RequestFacts("embed-v4", mark=mark_of("d1"))


def test_a_job_of_fireworks_is_called_by_its_last_name() -> None:
    progress = {"inputTokens": 90, "cachedInputTokenCount": 30, "outputTokens": 8}
    job = {"name": "accounts/a/batchInferenceJobs/j1", "state": "JOB_STATE_COMPLETED", "model": "accounts/f/models/m",
           "createTime": "2026-01-01T00:00:00Z", "jobProgress": progress}  # fmt: skip
    assert seen(FIREWORKS_BATCH, job) == Observed(
        SUCCEEDED, "j1", "accounts/f/models/m", Reported(Usage(input=60, cached_input=30, output=8)),
        created_at=1_767_225_600_000_000,
    )  # fmt: skip
    assert FIREWORKS_BATCH.tier == "batch"
    assert family(FIREWORKS, "/v1/accounts/a/supervisedFineTuningJobs").kind is OperationKind.TUNING


def test_what_openrouter_asks_for_a_video_stands_in_its_usage() -> None:
    videos = family(OPENROUTER, "/api/v1/videos")
    found = seen(videos, {"id": "v1", "status": "completed", "usage": {"cost": 0.4}})
    assert found.reported == Reported(Usage(), cost_usd=Decimal("0.4"))
    own_key = seen(videos, {"id": "v1", "status": "completed", "seconds": 8, "usage": {"cost": 0.1, "is_byok": True}})
    assert own_key.reported is not None
    assert (own_key.reported.usage.video_seconds, own_key.reported.basis) == (8, Basis.AT_LEAST)
    assert seen(videos, {"id": "v1", "status": "pending"}) == Observed(RUNNING, "v1")
    assert seen(
        BATCH_OF["openrouter"], {"id": "b1", "status": "completed", "usage": {"prompt_tokens": 3}}
    ).reported == (Reported(Usage(input=3)))


def test_no_family_opens_what_its_request_does_not_ask_for() -> None:
    for dialect in (MISTRAL, TOGETHER, XAI, FIREWORKS, OPENROUTER):
        assert not routed(dialect, "/v1/chat/completions").opens(NO_FACTS)
