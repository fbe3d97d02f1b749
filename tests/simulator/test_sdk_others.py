"""The real SDKs of OpenAI, Anthropic and AWS take the simulator for their provider, and what they are told is on the bill."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import anthropic
import boto3
import openai
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from sidecar.simulator.server import RunningSimulator

SCRIPT = "seconds=0 prompt=1000 cached=200 output=100 chunks=5"
TURN: Any = [{"role": "user", "content": "hi"}]
PIECE: Any = [{"role": "user", "content": [{"text": "hi"}]}]
HAIKU, SONNET, GPT = "anthropic.claude-haiku-4-5-20251001-v1:0", "claude-sonnet-5", "gpt-5-mini"
GPT_USD = Decimal("0.000405")  # 800 x 0.25 + 200 x 0.025 + 100 x 2, for a million
SONNET_USD = Decimal("0.00264")  # 800 x 2 + 200 x 0.20 + 100 x 10
HAIKU_USD = Decimal("0.001452")  # 800 x 1.10 + 200 x 0.11 + 100 x 5.50


@pytest.fixture
def gpt(simulator: RunningSimulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="k", base_url=f"{simulator.url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
def claude(simulator: RunningSimulator) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key="k", base_url=simulator.url, max_retries=0) as client:
        yield client


@pytest.fixture
def bedrock(simulator: RunningSimulator) -> Iterator[Any]:
    session = boto3.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1")
    config = Config(retries={"total_max_attempts": 1})
    client = session.client("bedrock-runtime", endpoint_url=simulator.url, config=config)
    client.meta.events.register("before-send.bedrock-runtime", _tagged)
    yield client
    client.close()


def _tagged(request: Any, **_: Any) -> None:
    request.headers.update({"X-Simulator": TAGS["script"], "X-Simulator-Call": TAGS["tag"]})


TAGS = {"script": SCRIPT, "tag": ""}


def headed(tag: str, script: str = SCRIPT) -> dict[str, str]:
    TAGS.update(tag=tag, script=script)
    return {"X-Simulator": script, "X-Simulator-Call": tag}


def billed(simulator: RunningSimulator, tag: str) -> list[tuple[str, str, str, Decimal]]:
    simulator.settled()
    return [(entry.dialect, entry.method, entry.kind, entry.usd) for entry in simulator.bill.of(tag)]


def test_openai_chat__whole_and_streamed(simulator: RunningSimulator, gpt: openai.OpenAI):
    extra: Any = {"extra_headers": headed("chat"), "model": GPT, "messages": TURN}
    whole = gpt.chat.completions.create(**extra)
    *_, last = gpt.chat.completions.create(**extra, stream=True, stream_options={"include_usage": True})
    assert whole.usage is not None
    assert whole.usage.model_dump() == last.usage.model_dump()
    assert billed(simulator, "chat") == [("openai", "chat.completions", kind, GPT_USD) for kind in ("unary", "stream")]


def test_openai_responses__whole_and_streamed(simulator: RunningSimulator, gpt: openai.OpenAI):
    extra: Any = {"extra_headers": headed("responses"), "model": GPT, "input": "hi"}
    whole = gpt.responses.create(**extra)
    with gpt.responses.stream(**extra) as stream:
        told = stream.get_final_response()
    assert whole.usage == told.usage
    assert whole.output_text == told.output_text
    assert billed(simulator, "responses") == [("openai", "responses", kind, GPT_USD) for kind in ("unary", "stream")]


def test_openai_completions_embeddings_and_images(simulator: RunningSimulator, gpt: openai.OpenAI):
    headers = headed("pieces", "seconds=0")
    text = gpt.completions.create(model="gpt-3.5-turbo-instruct", prompt="hi", max_tokens=2, extra_headers=headers)
    vectors = gpt.embeddings.create(model="text-embedding-3-large", input=["twelve chars"], extra_headers=headers)
    painted = gpt.images.generate(model="gpt-image-1.5", prompt="a ship", n=1, extra_headers=headers)
    assert text.usage is not None
    assert text.usage.completion_tokens == 2
    assert len(vectors.data[0].embedding) == 3072
    assert painted.usage is not None
    assert painted.usage.output_tokens == 1056
    usd = [usd for *_, usd in billed(simulator, "pieces")]
    # 4 x 1.50 + 2 x 2; 3 x 0.13; 1 x 5 + 1056 x 32
    assert usd == [Decimal("0.00001"), Decimal("0.00000039"), Decimal("0.033797")]


def test_openai_async__a_stream_that_is_left_is_charged_so_far(simulator: RunningSimulator):
    async def scene() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{simulator.url}/v1", max_retries=0) as client:
            extra: Any = {"extra_headers": headed("left", f"{SCRIPT} hold=2 on_close=stops")}
            stream = await client.chat.completions.create(model=GPT, messages=TURN, stream=True, **extra)
            await asyncio.to_thread(simulator.reached, "left", "held")
            await stream.close()

    asyncio.run(scene())
    # 800 x 0.25 + 200 x 0.025 + 40 x 2, for a million
    assert [usd for *_, usd in billed(simulator, "left")] == [Decimal("0.000285")]


@pytest.mark.parametrize("make", [lambda c: c.models.list().data[0].id, lambda c: c.models.retrieve("gpt-4o-mini").id])
def test_openai_models(gpt: openai.OpenAI, make: Any):
    assert isinstance(make(gpt), str)


@pytest.mark.parametrize(
    ("status", "error"), [(400, openai.BadRequestError), (404, openai.NotFoundError), (429, openai.RateLimitError)]
)
def test_openai_errors__are_raised_as_openai_would_raise_them(gpt: openai.OpenAI, status: int, error: type[Exception]):
    with pytest.raises(error, match="declines it"):
        gpt.chat.completions.create(model=GPT, messages=TURN, extra_headers=headed("error", f"status={status}"))


def test_openai_error_in_the_middle_of_a_stream__is_raised(gpt: openai.OpenAI):
    extra: Any = {"extra_headers": headed("midway", f"{SCRIPT} fail_after=2 fail_with=error")}
    with pytest.raises(openai.APIError, match="The work failed"):
        list(gpt.chat.completions.create(model=GPT, messages=TURN, stream=True, **extra))


def test_anthropic__whole_streamed_and_counted(simulator: RunningSimulator, claude: anthropic.Anthropic):
    extra: Any = {"extra_headers": headed("messages"), "model": SONNET, "messages": TURN}
    whole = claude.messages.create(**extra, max_tokens=100)
    with claude.messages.stream(**extra, max_tokens=100) as stream:
        told = stream.get_final_message()
    assert whole.usage.model_dump() == told.usage.model_dump()
    assert [block.to_dict() for block in whole.content] == [block.to_dict() for block in told.content]
    assert claude.messages.count_tokens(**extra).input_tokens == 1000
    usd = [("anthropic", "messages", kind, SONNET_USD) for kind in ("unary", "stream")]
    assert billed(simulator, "messages") == [*usd, ("anthropic", "messages.count_tokens", "unary", Decimal(0))]


def test_anthropic__what_is_written_to_caches(simulator: RunningSimulator, claude: anthropic.Anthropic):
    headers = headed("caches", f"{SCRIPT} cache_write=100 cache_write_hour=50")
    usage = claude.messages.create(model=SONNET, messages=TURN, max_tokens=9, extra_headers=headers).usage
    assert (usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens) == (650, 200, 150)
    # 650 x 2 + 200 x 0.20 + 100 x 2.50 + 50 x 4 + 100 x 10, for a million
    assert [usd for *_, usd in billed(simulator, "caches")] == [Decimal("0.00279")]


@pytest.mark.parametrize(
    ("script", "error"),
    [("status=429", anthropic.RateLimitError), ("status=529", anthropic.APIStatusError)],
)
def test_anthropic_errors__are_raised(claude: anthropic.Anthropic, script: str, error: type[Exception]):
    with pytest.raises(error, match="declines it"):
        claude.messages.create(model=SONNET, messages=TURN, max_tokens=9, extra_headers=headed("error", script))


def test_anthropic_error_in_the_middle_of_a_stream__is_raised(claude: anthropic.Anthropic):
    headers = headed("midway", f"{SCRIPT} fail_after=2 fail_with=error")
    with pytest.raises(anthropic.APIStatusError, match="The work failed"):
        list(claude.messages.create(model=SONNET, messages=TURN, max_tokens=9, stream=True, extra_headers=headers))


def test_anthropic_models(claude: anthropic.Anthropic):
    assert SONNET in [model.id for model in claude.models.list()]


def test_bedrock_converse__whole_and_streamed(simulator: RunningSimulator, bedrock: Any):
    headed("converse")
    whole = bedrock.converse(modelId=HAIKU, messages=PIECE)
    told = list(bedrock.converse_stream(modelId=HAIKU, messages=PIECE)["stream"])
    assert whole["usage"] == told[-1]["metadata"]["usage"]
    usd = [
        ("bedrock", method, kind, HAIKU_USD) for method, kind in (("converse", "unary"), ("converse-stream", "stream"))
    ]
    assert billed(simulator, "converse") == usd


def test_bedrock_invoke__whole_and_streamed(simulator: RunningSimulator, bedrock: Any):
    headed("invoke")
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": TURN})
    whole = bedrock.invoke_model(modelId=HAIKU, body=body)
    counted = whole["ResponseMetadata"]["HTTPHeaders"]["x-amzn-bedrock-output-token-count"]
    assert (json.load(whole["body"])["usage"]["output_tokens"], counted) == (100, "100")
    *_, last = bedrock.invoke_model_with_response_stream(modelId=HAIKU, body=body)["body"]
    assert json.loads(last["chunk"]["bytes"])["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == 100
    assert [usd for *_, usd in billed(simulator, "invoke")] == [HAIKU_USD] * 2


def test_bedrock_errors__are_raised(bedrock: Any):
    headed("error", "status=429")
    with pytest.raises(ClientError, match="ThrottlingException"):
        bedrock.converse(modelId=HAIKU, messages=PIECE)
    headed("midway", f"{SCRIPT} fail_after=2 fail_with=error")
    stream = bedrock.converse_stream(modelId=HAIKU, messages=PIECE)["stream"]
    with closing(stream), pytest.raises(EventStreamError, match="modelStreamErrorException"):
        list(stream)
