"""A sidecar's road to a scripted Google, the asker that uses it, and what there is to ask."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sidecar.providers.answer import Answer, Credential
from sidecar.providers.operation import Ask
from sidecar.proxy.asking import Bounds, UpstreamAsker
from sidecar.reaper.google_asker import GoogleAsker
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection, Request
from tests.reaper.test_credentials import an_operation

KEY = Credential(((b"x-goog-api-key", b"canary-key"),), "caller")
TOKEN = Credential(((b"authorization", b"Bearer ya29.canary"), (b"x-goog-user-project", b"q")), "caller")
V = "/v1beta1/projects/p-1/locations/us-central1"
NAME = "projects/p-1/locations/us-central1/publishers/google/models/veo-3/operations/o-1"
VIDEO = f'{{"operationName": "{NAME}"}}'.encode()
BATCH = b'{"name":"batches/b","metadata":{"state":"BATCH_STATE_CANCELLED"},"done":true,"error":{"code":13}}'


class Rig:
    """A sidecar's road to a scripted Google, and the asker that uses it."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.asker = GoogleAsker(UpstreamAsker(road.context, Bounds(timeout_seconds=5.0)))

    def asking(self, ask: Ask, credential: Credential | None = KEY, **record: str) -> "asyncio.Task[Answer]":
        return asyncio.create_task(self.asker.ask(an_operation(**record), ask, credential))

    async def asked(self) -> tuple[Connection, Request]:
        async with asyncio.timeout(30):  # the SDK is loaded by the first
            while not self.road.provider.accepted:
                await asyncio.sleep(0.01)
        return await self.road.provider.call()


@asynccontextmanager
async def a_rig() -> AsyncIterator[Rig]:
    async with a_road() as road:
        rig = Rig(road)
        yield rig
        await rig.asker.close()


def is_of_the_sdk(request: Request) -> bool:
    return any(line.lower().startswith(b"user-agent: google-genai-sdk/") for line in request.lines)


CALLS = [
    (Ask("GET", "/v1beta/batches/b"), KEY, b""),
    (Ask("POST", "/v1beta/batches/b:cancel"), KEY, b""),
    (Ask("GET", "/v1beta/interactions/i"), KEY, b"?stream=false"),
    (Ask("POST", "/v1beta/interactions/i/cancel"), KEY, b""),
    (Ask("GET", "/v1beta/models/veo-3/operations/o-1"), KEY, b""),
    (Ask("POST", "/v1/tunedModels/t:cancel"), KEY, b""),
    (Ask("GET", "/base/v1/batches/b"), TOKEN, b""),
    (Ask("GET", f"{V}/batchPredictionJobs/12"), TOKEN, b""),
    (Ask("POST", f"{V}/batchPredictionJobs/12:cancel"), TOKEN, b""),
    (Ask("POST", f"{V}/interactions/i/cancel"), TOKEN, b""),
    (Ask("GET", f"{V}/tuningJobs/7"), TOKEN, b""),
    (Ask("POST", f"{V}/tuningJobs/7:cancel"), TOKEN, b""),
    (Ask("POST", f"{V}/publishers/google/models/veo-3:fetchPredictOperation", VIDEO), TOKEN, b""),
]
