"""The real SDK of OpenAI takes batches and fine-tuning jobs from the simulator."""

import json
from decimal import Decimal

import openai
import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.operation_clients import ANSWER, GPT, MINI, billed, gpt, until


def test_openai_batch__usage_of_its_rows_and_their_file(simulator: RunningSimulator):
    with gpt(simulator, "o batch", f"seconds=0.1 rows=4 failed_rows=1 model={GPT} {ANSWER}") as client:
        begun = client.batches.create(
            input_file_id="file-1", endpoint="/v1/chat/completions", completion_window="24h", metadata={"mine": "yes"}
        )
        done = until(lambda: client.batches.retrieve(begun.id), lambda told: told.status == "completed")
        listed = next(iter(client.batches.list(limit=1)))
        lines = client.files.content(done.output_file_id or "").text.splitlines()
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(begun.id)
    assert (begun.status, listed.id, done.metadata) == ("validating", begun.id, {"mine": "yes"})
    assert done.request_counts is not None
    assert done.request_counts.model_dump() == {"total": 4, "completed": 3, "failed": 1}
    assert done.usage is not None
    assert (done.usage.input_tokens, done.usage.output_tokens) == (3000, 300)
    assert [json.loads(line)["response"]["body"]["usage"]["total_tokens"] for line in lines] == [1100] * 3
    # half of 3 x (1000 x 0.25 + 100 x 2), for a million
    assert billed(simulator, "o batch") == ("batches", "batch", "completed", Decimal("0.000675"))


def test_openai_batch__cancelled_keeps_what_is_done(simulator: RunningSimulator):
    with gpt(simulator, "o cancel", f"seconds=0 hold=2 cancel=slow:0.1 {ANSWER}") as client:
        begun = client.batches.create(input_file_id="file-1", endpoint="/v1/responses", completion_window="24h")
        assert client.batches.cancel(begun.id).status == "cancelling"
        done = until(lambda: client.batches.retrieve(begun.id), lambda told: told.status == "cancelled")
    assert done.usage is not None
    assert done.usage.total_tokens == 2200
    assert done.output_file_id is not None
    # half of 2 x (1000 x 0.15 + 100 x 0.60), for a million
    assert billed(simulator, "o cancel") == ("batches", "batch", "cancelled", Decimal("0.00021"))


def test_fine_tuning__trained_tokens_at_the_end(simulator: RunningSimulator):
    with gpt(simulator, "tuned", "seconds=0.1 prompt=50000") as client:
        begun = client.fine_tuning.jobs.create(model=MINI, training_file="file-1")
        done = until(lambda: client.fine_tuning.jobs.retrieve(begun.id), lambda told: told.status == "succeeded")
    assert done.trained_tokens == 50_000
    assert billed(simulator, "tuned") == ("fine_tuning.jobs", "tuning", "completed", Decimal("0.15"))


def test_fine_tuning__cancelled(simulator: RunningSimulator):
    with gpt(simulator, "untuned", "seconds=0 prompt=50000 chunks=5 hold=1") as client:
        begun = client.fine_tuning.jobs.create(model=MINI, training_file="file-1")
        gone = client.fine_tuning.jobs.cancel(begun.id)
    assert (gone.status, gone.trained_tokens) == ("cancelled", None)
    assert billed(simulator, "untuned") == ("fine_tuning.jobs", "tuning", "cancelled", Decimal("0.03"))
