"""Clients of boto3 for Bedrock. The SDK signs what it sends, and tries again by itself."""

import json
from collections.abc import Generator
from contextlib import closing
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from tests.end_to_end.asking import PATIENCE_SECONDS, PROMPT, TURN, Asking, items_of

ACCESS_KEY, SECRET_KEY = "AKIAEXAMPLE", "a-secret"
_BOTOCORE = botocore.session.get_session()
"""Keeps the service models, which take long to read."""
MESSAGE: Any = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1024, "messages": TURN}


def bedrock_client(asking: Asking) -> Any:
    """A client of `bedrock-runtime`.

    Headers are added behind the signing: what is signed has to arrive, and the sidecar takes `X-Sidecar-*` off.
    """
    client = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1", botocore_session=_BOTOCORE).client(
        "bedrock-runtime",
        endpoint_url=asking.base_url,
        config=Config(
            proxies={"http": asking.proxy} if asking.proxy else None,
            retries={"mode": "standard", "total_max_attempts": 1 + asking.retries},
            read_timeout=PATIENCE_SECONDS,
        ),
    )

    def add(request: Any, **_: Any) -> None:
        for name, value in asking.headers.items():
            request.headers[name] = value

    client.meta.events.register("before-send.bedrock-runtime", add)
    return client


def bedrock_converse(asking: Asking) -> Generator[Any, None, None]:
    """`converse` and `converse_stream`."""
    turn = [{"role": "user", "content": [{"text": PROMPT}]}]
    with closing(bedrock_client(asking)) as client:
        method = client.converse_stream if asking.is_stream else client.converse
        told = method(modelId=asking.model, messages=turn)
        told.pop("ResponseMetadata")
        yield from items_of(told["stream"] if asking.is_stream else told, asking)


def bedrock_invoke(asking: Asking) -> Generator[Any, None, None]:
    """`invoke_model` and `invoke_model_with_response_stream`, of a model of Anthropic's."""
    with closing(bedrock_client(asking)) as client:
        method = client.invoke_model_with_response_stream if asking.is_stream else client.invoke_model
        body = method(modelId=asking.model, body=json.dumps(MESSAGE))["body"]
        if not asking.is_stream:
            yield json.loads(body.read())
            return
        yield from (json.loads(event["chunk"]["bytes"]) for event in items_of(body, asking))
