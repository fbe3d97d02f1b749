"""The real google-genai SDK takes videos from the simulator; nobody can cancel them."""

import json
from decimal import Decimal
from typing import Any

import pytest
from google.genai import Client
from google.genai.types import GenerateVideosOperation

from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode
from tests.simulator.callers import ask
from tests.simulator.operation_clients import VEO, billed, google, seen, until


def begun_video(simulator: RunningSimulator, mode: Mode, client: Client, tag: str) -> str:
    """The SDK makes videos on Vertex only, but polls them on both APIs."""
    script = "seconds=0 hold=5 filtered=1"
    if mode is Mode.VERTEX:
        config: Any = {"number_of_videos": 2, "duration_seconds": 6, "resolution": "4k"}
        return client.models.generate_videos(model=VEO, source={"prompt": "a cat"}, config=config).name or ""
    parameters = {"sampleCount": 2, "durationSeconds": 6, "resolution": "4k"}
    body = json.dumps({"instances": [{"prompt": "a cat"}], "parameters": parameters}).encode()
    answer = ask(simulator, f"/v1beta/models/{VEO}:predictLongRunning", body, script=script, tag=tag)
    return str(answer.content["name"])


@pytest.mark.parametrize("mode", Mode)
def test_video__costs_nothing_before_its_end(simulator: RunningSimulator, mode: Mode):
    tag = f"video {mode}"
    with google(simulator, mode, tag, "seconds=0 hold=5 filtered=1") as client:
        operation = GenerateVideosOperation()
        operation.name = begun_video(simulator, mode, client, tag)
        assert not client.operations.get(operation).done
        assert seen(simulator, tag).usd == 0
        assert simulator.release(tag) == 1
        done = until(lambda: client.operations.get(operation), lambda told: told.done)
    assert done.response is not None
    assert len(done.response.generated_videos or []) == 1
    assert done.response.rai_media_filtered_count == 1
    # one of two videos is withheld: 6 seconds at 0.60
    assert billed(simulator, tag) == ("predictLongRunning", "lro", "completed", Decimal("3.60"))
