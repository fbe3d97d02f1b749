"""Google's operations in the simulator: asked about, cancelled and confirmed by google-genai, read by the dialect's readers."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.answer import Answer
from sidecar.providers.contract import NO_FACTS, ReplyHead
from sidecar.providers.google_batches import BATCHES_WIRE
from sidecar.providers.google_interaction_operations import INTERACTIONS_WIRE
from sidecar.providers.google_jobs import PREDICTIONS_WIRE
from sidecar.providers.operation import Ask, Observed, OperationWire, Place, Progress
from sidecar.proxy.asking import UpstreamAsker
from sidecar.reaper.google_asker import GoogleAsker
from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.proxy.road import a_road
from tests.reaper.google_rig import KEY, TOKEN
from tests.reaper.test_credentials import an_operation

pytestmark = pytest.mark.anyio

V = "/v1beta1/projects/p/locations/us-central1"
CONTENTS = [{"parts": [{"text": "one"}], "role": "user"}]
BATCH = {
    "batch": {"displayName": "b", "inputConfig": {"requests": {"requests": [{"request": {"contents": CONTENTS}}]}}}
}
JOB = {"displayName": "j", "model": "publishers/google/models/gemini-2.5-flash"}
INTERACTION = {"model": "gemini-2.5-flash", "input": "one", "background": True}
FAMILIES = [
    (BATCHES_WIRE, "/v1beta/models/gemini-2.5-flash:batchGenerateContent", BATCH),
    (PREDICTIONS_WIRE, f"{V}/batchPredictionJobs", JOB),
    (INTERACTIONS_WIRE, "/v1beta/interactions", INTERACTION),
]


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def observed(wire: OperationWire, answer: Answer) -> Observed:
    reader = wire.open_reply(ReplyHead(answer.status, answer.content_type, answer.content_coding), NO_FACTS)
    reader.feed(answer.body)
    reader.finish()
    told = reader.observed()
    assert told is not None, answer.body
    return told


def asked_to_cancel(simulator: RunningSimulator, tag: str) -> Seen:
    (one,) = [operation for operation in simulator.operations if operation.tag == tag]
    return one


@pytest.mark.parametrize(("wire", "path", "body"), FAMILIES, ids=["batch", "job", "interaction"])
async def test_running_operation_is_cancelled_once_and_confirmed(
    simulator: RunningSimulator, wire: OperationWire, path: str, body: Any
) -> None:
    async with a_road(port=simulator.port) as road:
        upstreams = UpstreamAsker(road.context)
        asker = GoogleAsker(upstreams)
        record: OperationRecord = an_operation(path=path)
        marked = ((b"x-simulator", b"seconds=0 never_ending=1"), (b"x-simulator-call", path.encode()))
        opened = await upstreams.send(record, Ask("POST", path, json.dumps(body).encode()), KEY.fields + marked)
        place = Place(path, observed(wire, opened).provider_id)
        record = msgspec.structs.replace(record, provider_id=place.provider_id)
        credential = TOKEN if path.startswith(V) else KEY
        assert observed(wire, await asker.ask(record, wire.poll(place), credential)).progress is Progress.RUNNING
        assert wire.cancel is not None
        assert (await asker.ask(record, wire.cancel(place), credential)).status == 200
        async with asyncio.timeout(5):
            while observed(wire, await asker.ask(record, wire.poll(place), credential)).progress in (
                Progress.RUNNING, Progress.STOPPING,
            ):  # fmt: skip
                await asyncio.sleep(0.01)
        end = observed(wire, await asker.ask(record, wire.poll(place), credential))
        assert end.progress is Progress.CANCELLED
        assert [cancel.answer for cancel in asked_to_cancel(simulator, path).cancels] == [200]
        await asker.close()
