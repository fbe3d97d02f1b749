"""The real google-genai SDK takes Vertex's jobs from the simulator: batch predictions and trainings."""

from decimal import Decimal

import pytest
from google.genai.types import JobState, TuningDataset

from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode
from tests.simulator.operation_clients import FLASH, ROW, ROW_USD, billed, google, until


def test_vertex_batch__states_names_and_counts(simulator: RunningSimulator):
    with google(simulator, Mode.VERTEX, "v batch", f"seconds=0.2 think=0.1 rows=5 {ROW}") as client:
        job = client.batches.create(model=FLASH, src="gs://b/in.jsonl", config={"dest": "gs://b/out"})
        assert job.state == JobState.JOB_STATE_PENDING
        assert job.name is not None
        assert job.name.startswith("projects/a-project/locations/us-central1/batchPredictionJobs/")
        name = job.name
        done = until(lambda: client.batches.get(name=name), lambda told: told.state == JobState.JOB_STATE_SUCCEEDED)
        assert name in [listed.name for listed in client.batches.list()]
    assert done.completion_stats is not None
    assert done.completion_stats.successful_count == 5
    assert done.output_info is not None
    assert billed(simulator, "v batch") == ("batchPredictionJobs", "batch", "completed", 5 * ROW_USD)


def test_vertex_batch__cancelling_then_cancelled(simulator: RunningSimulator):
    with google(simulator, Mode.VERTEX, "v cancel", f"seconds=0 hold=3 cancel=slow:0.1 {ROW}") as client:
        job = client.batches.create(model=FLASH, src="gs://b/in.jsonl", config={"dest": "gs://b/out"})
        assert job.name is not None
        name = job.name
        client.batches.cancel(name=name)
        assert client.batches.get(name=name).state == JobState.JOB_STATE_CANCELLING
        done = until(lambda: client.batches.get(name=name), lambda told: told.state == JobState.JOB_STATE_CANCELLED)
    assert done.error is not None
    assert done.error.code == 1
    assert done.completion_stats is not None
    assert (done.completion_stats.successful_count, done.completion_stats.incomplete_count) == (3, 7)
    assert billed(simulator, "v cancel") == ("batchPredictionJobs", "batch", "cancelled", 3 * ROW_USD)


@pytest.mark.filterwarnings("ignore:The SDK's tuning implementation is experimental")
def test_vertex_tuning__tokens_by_the_step(simulator: RunningSimulator):
    with google(simulator, Mode.VERTEX, "tuning", "seconds=0 prompt=200000 chunks=4 hold=1") as client:
        data = TuningDataset(gcs_uri="gs://b/t.jsonl")
        job = client.tunings.tune(base_model=FLASH, training_dataset=data)
        assert job.name is not None
        name = job.name
        assert until(lambda: client.tunings.get(name=name), lambda told: told.start_time).base_model == FLASH
        client.tunings.cancel(name=name)
        done = until(lambda: client.tunings.get(name=name), lambda told: told.state == JobState.JOB_STATE_CANCELLED)
    assert done.tuning_data_stats is not None
    assert billed(simulator, "tuning") == ("tuningJobs", "tuning", "cancelled", Decimal("0.25"))  # 50,000 x 5
