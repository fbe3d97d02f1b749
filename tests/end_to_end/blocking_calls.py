"""How the callers of Bedrock make their calls: with boto3, which blocks a thread for each."""

import json
from contextlib import closing
from threading import local
from time import monotonic
from typing import Any

import boto3
from botocore.config import Config

from tests.end_to_end.mixed_plans import IMPATIENCE, Plan

PATIENCE_SECONDS = 60.0


class Bedrock:
    """boto3's clients, which block. A caller vanishes by its read timeout, or closes its stream when its time is over."""

    def __init__(self, proxy: str) -> None:
        self._session = boto3.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1")
        self._headers = local()
        self._clients = {
            (temper, patience): self._client(f"{proxy}/bedrock{temper}", patience or PATIENCE_SECONDS)
            for temper in ("", "-stops")
            for patience in (None, *IMPATIENCE)
        }

    def _client(self, url: str, patience: float) -> Any:
        config = Config(
            read_timeout=patience,
            retries={"total_max_attempts": 1},
            max_pool_connections=100,
            parameter_validation=False,
        )
        client = self._session.client("bedrock-runtime", endpoint_url=url, config=config)
        client.meta.events.register("before-send.bedrock-runtime", self._head)
        return client

    def _head(self, request: Any, **_: Any) -> None:
        request.headers.update(self._headers.of_this_call)

    def make(self, plan: Plan) -> bool:
        """Make the call; whether its answer was read to the end."""
        self._headers.of_this_call = plan.headers
        client = self._clients["-stops" if plan.stops else "", plan.vanishes_after]
        deadline = monotonic() + (plan.vanishes_after or PATIENCE_SECONDS)
        answer = self._converse(plan, client) if plan.doing.startswith("converse") else self._invoke(plan, client)
        if "stream" in plan.doing:
            return _read_until(answer, deadline)
        if hasattr(answer, "read"):
            answer.read()
        return True

    def _converse(self, plan: Plan, client: Any) -> Any:
        turns = [{"role": "user", "content": [{"text": plan.prompt}]}]
        if "stream" in plan.doing:
            return client.converse_stream(modelId=plan.model, messages=turns)["stream"]
        return client.converse(modelId=plan.model, messages=turns)["output"]

    def _invoke(self, plan: Plan, client: Any) -> Any:
        turns = [{"role": "user", "content": plan.prompt}]
        body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1000, "messages": turns})
        method = client.invoke_model_with_response_stream if "stream" in plan.doing else client.invoke_model
        return method(modelId=plan.model, body=body)["body"]

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()


def _read_until(stream: Any, deadline: float) -> bool:
    with closing(stream):
        return all(monotonic() < deadline for _ in stream)
