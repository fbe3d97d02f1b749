"""The real google-genai SDK takes the simulator for Google: every mode and transport, and every way to leave."""

import asyncio
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from google.genai import Client
from google.genai.errors import APIError
from google.genai.types import GenerateImagesConfig

from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode, Transport, sdk_client

# What the SDK itself says when it is used as its documentation tells: nothing that we could change.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
]

MODEL = "gemini-2.5-flash"
SCRIPT = "seconds=0 prompt=1000 output=100 thoughts=50 cached=200 chunks=5"
IN_FULL = Decimal("0.000621")  # 800 x 0.30 + 200 x 0.03 + 150 x 2.50, for a million
ROOT = Path(__file__).parents[2]


def client_for(
    simulator: RunningSimulator,
    mode: Mode,
    tag: str,
    script: str = SCRIPT,
    transport: Transport = Transport.AIOHTTP,
    timeout_seconds: float | None = None,
) -> Client:
    headers = {"X-Simulator": script, "X-Simulator-Call": tag}
    return sdk_client(mode, simulator.url, headers, transport, timeout_seconds)


def bill_of(simulator: RunningSimulator, tag: str) -> list[tuple[str, str, str, Decimal]]:
    simulator.reached(tag, "billed")
    simulator.settled()
    return [(entry.dialect, entry.kind, entry.finished_how, entry.usd) for entry in simulator.bill.of(tag)]


@pytest.mark.parametrize("mode", Mode)
def test_sync__whole_and_streamed(simulator: RunningSimulator, mode: Mode):
    tag = f"sync {mode}"
    with client_for(simulator, mode, tag) as client:
        whole = client.models.generate_content(model=MODEL, contents="hi")
        *_, last = client.models.generate_content_stream(model=MODEL, contents="hi")
    for reply in (whole, last):
        assert reply.usage_metadata is not None
        assert reply.usage_metadata.total_token_count == 1150
        assert reply.candidates is not None
        assert reply.candidates[0].finish_reason == "STOP"
    completed = [(mode, kind, "completed", IN_FULL) for kind in ("unary", "stream")]
    assert bill_of(simulator, tag) == completed


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize("mode", Mode)
def test_async__whole_and_streamed(simulator: RunningSimulator, mode: Mode, transport: Transport):
    tag = f"async {mode} {transport}"

    async def scene() -> None:
        async with client_for(simulator, mode, tag, f"{SCRIPT} gzip=1", transport).aio as client:
            whole = await client.models.generate_content(model=MODEL, contents="hi")
            chunks = [chunk async for chunk in await client.models.generate_content_stream(model=MODEL, contents="hi")]
        assert whole.usage_metadata == chunks[-1].usage_metadata
        assert whole.text == "".join(chunk.text or "" for chunk in chunks)

    asyncio.run(scene())
    completed = [(mode, kind, "completed", IN_FULL) for kind in ("unary", "stream")]
    assert bill_of(simulator, tag) == completed


@pytest.mark.parametrize(
    "script", ["usage=late tail=0.01", "usage=last", "usage=none", "images=1", "filtered=1", "framing=length"]
)
def test_every_way_of_telling__is_read_by_the_sdk(simulator: RunningSimulator, script: str):
    with client_for(simulator, Mode.VERTEX, script, f"{SCRIPT} {script}") as client:
        *_, last = client.models.generate_content_stream(model=MODEL, contents="hi")
        client.models.generate_content(model=MODEL, contents="hi")
    assert (last.usage_metadata is None) == ("none" in script)


@pytest.mark.parametrize("mode", Mode)
def test_embedding_and_counting(simulator: RunningSimulator, mode: Mode):
    tag = f"embedding {mode}"
    with client_for(simulator, mode, tag, "prompt=2000 seconds=0") as client:
        embedded = client.models.embed_content(model="gemini-embedding-001", contents="hi")
        counted = client.models.count_tokens(model=MODEL, contents="hi")
    assert embedded.embeddings is not None
    assert len(embedded.embeddings[0].values or []) == 3072
    assert counted.total_tokens == 2000
    assert [usd for *_, usd in bill_of(simulator, tag)] == [Decimal("0.0003"), 0]


def test_vertex_only__images_old_embeddings_and_computed_tokens(simulator: RunningSimulator):
    with client_for(simulator, Mode.VERTEX, "vertex only", "seconds=0 filtered=0") as client:
        config = GenerateImagesConfig(number_of_images=2)
        painted = client.models.generate_images(model="imagen-4.0-fast-generate-001", prompt="a cat", config=config)
        embedded = client.models.embed_content(model="text-embedding-005", contents=["twelve chars", "more"])
        computed = client.models.compute_tokens(model=MODEL, contents="eight ch")
    assert [image.image.image_bytes[:4] for image in painted.generated_images or [] if image.image] == [b"\x89PNG"] * 2
    assert embedded.embeddings is not None
    assert embedded.embeddings[0].statistics is not None
    assert embedded.embeddings[0].statistics.token_count == 3
    assert computed.tokens_info is not None
    assert computed.tokens_info[0].token_ids == [0, 1]
    assert [usd for *_, usd in bill_of(simulator, "vertex only")] == [Decimal("0.04"), Decimal("0.000000375"), 0]


@pytest.mark.parametrize("mode", Mode)
def test_models__listed_and_described(simulator: RunningSimulator, mode: Mode):
    with client_for(simulator, mode, "models") as client:
        names = [model.name for model in client.models.list()]
        assert client.models.get(model=MODEL).name in names


@pytest.mark.parametrize("transport", Transport)
def test_an_error__is_raised_as_google_would_raise_it(simulator: RunningSimulator, transport: Transport):
    async def scene() -> None:
        async with client_for(simulator, Mode.GEMINI, "error", "status=429", transport).aio as client:
            await client.models.generate_content(model=MODEL, contents="hi")

    with pytest.raises(APIError) as caught:
        asyncio.run(scene())
    assert (caught.value.code, caught.value.status) == (429, "RESOURCE_EXHAUSTED")


def test_an_error_in_the_middle_of_a_stream__is_raised(simulator: RunningSimulator):
    script = f"{SCRIPT} fail_after=2 fail_with=error"
    with client_for(simulator, Mode.GEMINI, "midway", script) as client, pytest.raises(APIError) as caught:
        list(client.models.generate_content_stream(model=MODEL, contents="hi"))
    assert caught.value.code == 500


@pytest.mark.parametrize("on_close", ["runs_on", "stops"])
def test_sync_timeout__the_provider_goes_on_or_stops(simulator: RunningSimulator, on_close: str):
    tag = f"timeout {on_close}"
    script = f"{SCRIPT} hold=2 on_close={on_close}"
    with (
        client_for(simulator, Mode.GEMINI, tag, script, timeout_seconds=0.2) as client,
        pytest.raises(Exception, match="timed out"),
    ):
        client.models.generate_content(model=MODEL, contents="hi")
    simulator.reached(tag, "caller_left")
    simulator.release(tag)
    # stopped after two of five steps: 800 x 0.30 + 200 x 0.03 + (50 + 40) x 2.50, for a million
    expected = ("completed", IN_FULL) if on_close == "runs_on" else ("stopped", Decimal("0.000471"))
    assert bill_of(simulator, tag) == [("gemini", "unary", *expected)]


@pytest.mark.parametrize("transport", Transport)
def test_async_cancel__the_provider_goes_on(simulator: RunningSimulator, transport: Transport):
    tag = f"cancel {transport}"

    async def scene() -> None:
        async with client_for(simulator, Mode.VERTEX, tag, f"{SCRIPT} hold=2", transport).aio as client:
            call = asyncio.create_task(client.models.generate_content(model=MODEL, contents="hi"))
            await asyncio.to_thread(simulator.reached, tag, "held")
            call.cancel()
            await asyncio.wait((call,))
            await asyncio.to_thread(simulator.reached, tag, "caller_left")

    asyncio.run(scene())
    simulator.release(tag)
    assert bill_of(simulator, tag) == [("vertex", "unary", "completed", IN_FULL)]


def test_killed_in_a_stream__the_provider_goes_on(simulator: RunningSimulator):
    program = f"""
from tests.sdk_clients import sdk_client
headers = {{"X-Simulator": "{SCRIPT} hold=2", "X-Simulator-Call": "killed"}}
with sdk_client("gemini", "{simulator.url}", headers) as client:
    for chunk in client.models.generate_content_stream(model="{MODEL}", contents="hi"):
        print("a chunk", flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"a chunk\n"
        process.send_signal(signal.SIGKILL)
    simulator.reached("killed", "caller_left")
    simulator.release("killed")
    assert bill_of(simulator, "killed") == [("gemini", "stream", "completed", IN_FULL)]
