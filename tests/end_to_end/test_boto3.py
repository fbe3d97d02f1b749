"""Bedrock's clients through the sidecar as an HTTP proxy: they keep AWS's host, which they sign, and come without TLS.

`endpoint_url` at the sidecar's own address is in `test_sdk_metering.py`: it needs a provider that checks no signature.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import anthropic
import httpx2
import pytest
from botocore.credentials import Credentials

from sidecar.lifecycle.record import CallKind
from tests.end_to_end import bedrock_wire as wire, boto3_clients
from tests.end_to_end.asking import TURN, Asking, Client
from tests.end_to_end.bedrock_wire import ANSWERS, HOST, MODEL, USAGE, USD, signature_of
from tests.end_to_end.boto3_clients import ACCESS_KEY, SECRET_KEY
from tests.end_to_end.dialect_wire import whole
from tests.end_to_end.scripted_provider import SCRIPT_HEADER, Asked
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

OPERATIONS: Mapping[str, tuple[Client, CallKind, str]] = {
    "Converse": (boto3_clients.bedrock_converse, CallKind.UNARY, "converse"),
    "ConverseStream": (boto3_clients.bedrock_converse, CallKind.STREAM, "converse-stream"),
    "InvokeModel": (boto3_clients.bedrock_invoke, CallKind.UNARY, "invoke"),
    "InvokeModelWithResponseStream": (boto3_clients.bedrock_invoke, CallKind.STREAM, "invoke-with-response-stream"),
}
CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    """Requests for AWS's host go to the provider with scripts."""
    with sdk_road(tmp_path_factory.mktemp("boto3"), scripted=("bedrock",)) as running:
        yield running


def asking(road: SdkRoad, name: str, kind: CallKind, **more: Any) -> Asking:
    """A question for AWS's host, on its way through the sidecar."""
    return Asking(f"http://{HOST}", MODEL, headers_of(name), kind is CallKind.STREAM, proxy=road.sidecar.proxy, **more)


def is_signed_as_it_came(asked: Asked) -> bool:
    """AWS would take the request: the signature is that of what came."""
    return asked.field("authorization").endswith(f"Signature={signature_of(asked, CREDENTIALS)}")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_request_arrives_as_it_was_signed__and_its_row_is_the_bill(road: SdkRoad, operation: str) -> None:
    client, kind, verb = OPERATIONS[operation]
    name = new_name()
    road.provider.script(name, ANSWERS[operation])
    directly = list(client(asking(road, name, kind)._replace(base_url=road.provider.url, proxy=None)))
    through = list(client(asking(road, name, kind)))
    (_, asked), row = road.provider.asked(name), road.row(name)
    assert through == directly
    assert asked.target == f"/model/{MODEL.replace(':', '%3A')}/{verb}"
    assert is_signed_as_it_came(asked)
    assert not [field for field, _ in asked.fields if field.startswith("x-sidecar-")]
    assert (row.upstream, row.provider, row.dialect) == ("bedrock", "bedrock", "bedrock")
    assert (row.model, row.kind, row.method, row.usage) == (MODEL, kind, operation, USAGE)
    assert (row.outcome, row.basis, row.spend_usd) == ("delivered", "exact", USD)


def test_error_that_boto3_tries_again__is_a_call_of_its_own_with_the_first_one_named(road: SdkRoad) -> None:
    name = new_name()
    failed = whole(b'{"message":"it is us"}', "x-amzn-errortype: InternalServerException", status=500)
    road.provider.script(name, failed, ANSWERS["Converse"])
    list(boto3_clients.bedrock_converse(asking(road, name, CallKind.UNARY, retries=1)))
    first, second = road.rows(name, 2)
    assert (first.outcome, first.http_status) == ("rejected", 500)
    assert first.spend_usd == 0
    assert (second.outcome, second.attempt_of, second.spend_usd) == ("delivered", first.id, USD)
    assert all(is_signed_as_it_came(asked) for asked in road.provider.asked(name))


def test_anthropics_client_signs_nearly_every_header__and_all_of_them_arrive(road: SdkRoad) -> None:
    """So it can have no header of ours, which we would take off: its row is known by its model."""
    name, model = new_name(), "anthropic.claude-haiku-4-5-20251001-v1:0"
    road.provider.script(name, ANSWERS["InvokeModel"])
    client = anthropic.AnthropicBedrock(
        aws_access_key=ACCESS_KEY, aws_secret_key=SECRET_KEY, aws_region=wire.REGION, base_url=f"http://{HOST}",
        default_headers={SCRIPT_HEADER: name}, http_client=httpx2.Client(proxy=road.sidecar.proxy), max_retries=0,
    )  # fmt: skip
    with closing(client):
        client.messages.create(model=model, max_tokens=16, messages=TURN)
    (asked,) = road.provider.asked(name)
    assert "x-stainless-lang" in asked.field("authorization")
    assert is_signed_as_it_came(asked)
    assert road.sidecar.logged("call_settled", model=model)["usage"] == USAGE
