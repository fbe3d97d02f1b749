"""Batches in OpenAI's language: what the object tells, and what only its output file does."""

import json

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported
from sidecar.providers.names import mark_of
from sidecar.providers.openai import OPENAI
from sidecar.providers.operation import Ask, Observed, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.providers.families import family, routed
from tests.providers.operation_wire import FAILED, SUCCEEDED, facts_of, observed
from tests.providers.wire import JSON, Json, read

BATCHES = family(OPENAI, "/v1/batches")
BATCH: Json = {
    "id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "model": "gpt-5-mini-2025-08-07", "errors": None,
    "input_file_id": "file-1", "completion_window": "24h", "status": "completed", "output_file_id": "file-2",
    "error_file_id": None, "created_at": 1_700_000_000, "completed_at": 1_700_003_600, "expires_at": 1_700_086_400,
    "request_counts": {"total": 3, "completed": 2, "failed": 1}, "metadata": None,
    "usage": {
        "input_tokens": 200, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 90,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 290,
    },
}  # fmt: skip
NO_USAGE: Json = {
    "input_tokens": 0, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 0, "total_tokens": 0,
    "output_tokens_details": {"reasoning_tokens": 0},
}  # fmt: skip
BATCHED = Reported(Usage(input=200, output=90), "gpt-5-mini-2025-08-07")


def test_a_batch_is_marked_by_its_input_and_billed_at_its_tier() -> None:
    opened = routed(OPENAI, "/v1/batches")
    assert BATCHES.tier == "batch"
    assert BATCHES.kind is OperationKind.BATCH
    asked = {"input_file_id": "file-1", "endpoint": "/v1/responses", "completion_window": "24h"}
    assert facts_of(opened.open_request, asked).mark == mark_of("file-1")


def test_a_batch_tells_its_usage_and_needs_no_results_then() -> None:
    assert observed(BATCHES, BATCH) == Observed(
        SUCCEEDED, "batch_1", "gpt-5-mini-2025-08-07", BATCHED, 1_700_003_600_000_000, "", 1_700_000_000_000_000,
        mark_of("file-1"),
    )  # fmt: skip


def test_a_batch_that_expired_is_billed_for_what_was_done() -> None:
    found = observed(BATCHES, BATCH | {"status": "expired", "completed_at": None, "expired_at": 1_700_086_400})
    assert found is not None
    assert (found.progress, found.reported, found.ended_at) == (FAILED, BATCHED, 1_700_086_400_000_000)


def test_a_cancelled_batch_of_which_no_line_was_completed_costs_nothing() -> None:
    nothing = {"total": 3, "completed": 0, "failed": 0}
    found = observed(BATCHES, BATCH | {"status": "cancelled", "usage": NO_USAGE, "request_counts": nothing})
    assert found is not None
    assert (found.reported, found.results) == (NOTHING_BILLED, "")


def test_where_counts_are_missing_nothing_is_claimed() -> None:
    found = observed(
        BATCHES, BATCH | {"status": "cancelled", "usage": None, "request_counts": None, "output_file_id": None}
    )
    assert found is not None
    assert (found.reported, found.results) == (None, "")


def test_a_running_batch_has_used_at_least_so_much() -> None:
    found = observed(BATCHES, BATCH | {"status": "in_progress", "completed_at": None})
    assert found is not None
    assert found.reported == Reported(
        Usage(input=200, output=90), "gpt-5-mini-2025-08-07", basis=Basis.AT_LEAST, reason="end_not_seen"
    )


def test_a_batch_without_usage_is_added_up_from_its_output_file() -> None:
    """Groq's batch object has none (groq 1.7, `types/batch_retrieve_response.py`)."""
    found = observed(BATCHES, {name: value for name, value in BATCH.items() if name not in ("usage", "model")})
    assert found is not None
    assert found.reported is None
    assert BATCHES.results is not None
    assert BATCHES.open_results is not None
    assert BATCHES.results(Place("/openai/v1/batches", "batch_1"), found) == Ask(
        "GET", "/openai/v1/files/file-2/content"
    )
    row = {
        "response": {"status_code": 200, "body": {"model": "m", "usage": {"prompt_tokens": 2, "completion_tokens": 1}}}
    }
    rows = json.dumps(row).encode() + b"\n"
    assert read(BATCHES.open_results(JSON, NO_FACTS), rows + rows) == Reported(Usage(input=4, output=2), "m")


def test_a_batch_whose_name_was_lost_is_found_by_its_input() -> None:
    assert BATCHES.found_in is not None
    listing = {
        "object": "list",
        "data": [BATCH, BATCH | {"id": "batch_2", "input_file_id": "file-9"}],
        "has_more": False,
    }
    found = BATCHES.found_in(json.dumps(listing).encode())
    assert [(one.provider_id, one.mark, one.created_at) for one in found] == [
        ("batch_1", mark_of("file-1"), 1_700_000_000_000_000),
        ("batch_2", mark_of("file-9"), 1_700_000_000_000_000),
    ]
