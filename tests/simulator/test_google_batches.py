"""The real google-genai SDK takes its batches of the Gemini API from the simulator, and each is on the bill once, exact."""

from typing import Any

import pytest
from google.genai.errors import APIError
from google.genai.types import JobState

from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode
from tests.simulator.operation_clients import FLASH, ROW, ROW_USD, billed, google, seen, until

INLINE: Any = [{"contents": [{"parts": [{"text": text}], "role": "user"}]} for text in ("one", "two", "three")]


def test_gemini_batch__done_and_told_row_by_row(simulator: RunningSimulator):
    with google(simulator, Mode.GEMINI, "g batch", f"seconds=0.05 {ROW} failed_rows=1") as client:
        job = client.batches.create(model=FLASH, src=INLINE, config={"display_name": "mine"})
        assert (job.state, job.display_name, job.model) == (JobState.JOB_STATE_PENDING, "mine", f"models/{FLASH}")
        assert job.name is not None
        name = job.name
        done = until(lambda: client.batches.get(name=name), lambda told: told.state == JobState.JOB_STATE_SUCCEEDED)
        assert next(iter(client.batches.list())).name == name
    assert done.dest is not None
    failed, *rows = done.dest.inlined_responses or []
    assert failed.error is not None
    assert [row.response.usage_metadata.total_token_count for row in rows if row.response] == [1120, 1120]  # type: ignore[union-attr]
    assert billed(simulator, "g batch") == ("batchGenerateContent", "batch", "completed", 2 * ROW_USD)


def test_gemini_batch__cancelled_after_two_rows_costs_two_rows(simulator: RunningSimulator):
    with google(simulator, Mode.GEMINI, "g cancel", f"seconds=0 never_ending=1 {ROW}") as client:
        job = client.batches.create(model=FLASH, src=INLINE)
        assert job.name is not None
        name = job.name
        client.batches.cancel(name=name)
        until(lambda: client.batches.get(name=name), lambda told: told.state == JobState.JOB_STATE_CANCELLED)
        with pytest.raises(APIError) as caught:
            client.batches.cancel(name=name)
    assert (caught.value.code, caught.value.status) == (400, "FAILED_PRECONDITION")
    assert billed(simulator, "g cancel") == ("batchGenerateContent", "batch", "cancelled", 2 * ROW_USD)
    assert [cancel.answer for cancel in seen(simulator, "g cancel").cancels] == [200, 400]


def test_gemini_batch_of_a_file__its_answers_are_a_file(simulator: RunningSimulator):
    with google(simulator, Mode.GEMINI, "g file", f"seconds=0 rows=4 {ROW}") as client:
        job = client.batches.create(model=FLASH, src="files/abc")
        assert job.name is not None
        name = job.name
        done = until(lambda: client.batches.get(name=name), lambda told: told.state == JobState.JOB_STATE_SUCCEEDED)
        assert done.dest is not None
        assert done.dest.file_name is not None
        lines = client.files.download(file=done.dest.file_name).splitlines()
    assert len(lines) == 4
    assert billed(simulator, "g file")[3] == 4 * ROW_USD
