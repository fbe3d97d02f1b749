import json
from urllib.parse import quote

import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.bedrock import BEDROCK, ROUTES, request_in, serves
from sidecar.providers.bedrock_usage import REPLY_HEADERS
from sidecar.providers.contract import NO_FACTS, RequestHead, Role
from sidecar.providers.registry import DIALECTS
from tests.providers.bedrock_wire import CONVERSE, FRAMES, JSON, tokens
from tests.providers.wire import read, whole

UNARY, STREAM = CallKind.UNARY, CallKind.STREAM
ARN = "arn:aws:bedrock:us-east-1:111122223333:async-invoke/abc"

CALLS = [
    ("converse", "Converse", UNARY),
    ("converse-stream", "ConverseStream", STREAM),
    ("invoke", "InvokeModel", UNARY),
    ("invoke-with-response-stream", "InvokeModelWithResponseStream", STREAM),
    ("invoke-with-bidirectional-stream", "InvokeModelWithBidirectionalStream", STREAM),
]
OTHERS = [
    ("POST", "/model/anthropic.claude-x-v1%3A0/count-tokens", "CountTokens", Role.FREE),
    ("POST", "/async-invoke", "StartAsyncInvoke", Role.SUBMIT),
    ("GET", f"/async-invoke/{quote(ARN, safe='')}", "GetAsyncInvoke", Role.POLL),
    ("GET", "/async-invoke?maxResults=3", "ListAsyncInvokes", Role.FREE),
    ("POST", "/model-invocation-job", "CreateModelInvocationJob", Role.SUBMIT),
    ("GET", "/model-invocation-job/abc", "GetModelInvocationJob", Role.POLL),
    ("POST", f"/model-invocation-job/{quote(ARN, safe='')}/stop", "StopModelInvocationJob", Role.CANCEL),
    ("POST", "/model-customization-jobs", "CreateModelCustomizationJob", Role.SUBMIT),
    ("GET", "/model-customization-jobs/abc", "GetModelCustomizationJob", Role.POLL),
    ("POST", "/model-customization-jobs/abc/stop", "StopModelCustomizationJob", Role.CANCEL),
    ("POST", "/evaluation-jobs", "CreateEvaluationJob", Role.SUBMIT),
    ("GET", "/evaluation-jobs/abc", "GetEvaluationJob", Role.POLL),
    ("POST", "/evaluation-job/abc/stop", "StopEvaluationJob", Role.CANCEL),
    ("GET", "/model-invocation-jobs", "ListJobs", Role.FREE),
    ("GET", "/foundation-models", "ListModels", Role.FREE),
    ("GET", "/inference-profiles/us.x", "ListModels", Role.FREE),
]
MODELS = {
    "anthropic.claude-x-v1%3A0": "anthropic.claude-x-v1:0",
    "us.anthropic.claude-x-v1:0": "us.anthropic.claude-x-v1:0",
    quote("arn:aws:bedrock:us-east-1::foundation-model/meta.llama-v1:0", safe=""): "meta.llama-v1:0",
    quote("arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0", safe=""): "eu.x-v1:0",
    "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x-v1:0": "eu.x-v1:0",
    quote(
        "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", safe=""
    ): "application-inference-profile/abc",
}


@pytest.mark.parametrize(("verb", "method", "kind"), CALLS)
@pytest.mark.parametrize(("written", "model"), MODELS.items())
def test_a_call_is_known_by_its_path(verb, method, kind, written, model):
    route = BEDROCK.route("POST", f"/model/{written}/{verb}")
    assert route is not None
    assert (route.method, route.kind, route.model, route.role) == (method, kind, model, Role.CALL)
    assert (route.needs_body, route.reply_headers) == (False, REPLY_HEADERS)


@pytest.mark.parametrize(("verb", "path", "method", "role"), OTHERS)
def test_what_is_no_call_is_known_too(verb, path, method, role):
    route = BEDROCK.route(verb, path)
    assert route is not None
    assert (route.method, route.role) == (method, role)


def test_every_row_has_a_request_that_it_knows():
    assert {row.method for row in ROUTES} == {call[1] for call in CALLS} | {other[2] for other in OTHERS}


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/model/x/converse"),
        ("POST", "/model/x/conversed"),
        ("POST", "/model//converse"),
        ("POST", "/models/x/converse"),
        ("POST", "/guardrail/g/version/1/apply"),
        ("POST", "/guardrail-checks/invoke"),
        ("POST", "/"),
        ("POST", ""),
    ],
)
def test_everything_else_passes(verb, path):
    assert BEDROCK.route(verb, path) is None


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/anthropic/v1/messages", "messages"),
        ("/openai/v1/chat/completions", "chat.completions"),
        ("/openai/v1/responses", "responses"),
    ],
)
def test_two_other_dialects_are_spoken_there(path, method):
    route = BEDROCK.route("POST", path)
    assert route is not None
    assert (route.method, route.role, route.on_close) == (method, Role.CALL, None)
    assert not route.asks_usage  # a signed body can't be changed


def test_it_is_found_by_its_name_and_goes_on_when_the_connection_closes():
    assert DIALECTS["bedrock"] is BEDROCK
    assert BEDROCK.on_close.of(STREAM) is BEDROCK.on_close.of(UNARY) is OnClose.RUNS_ON


# readers


def test_the_reply_says_itself_how_it_comes():
    route = BEDROCK.route("POST", "/model/x/converse-stream")
    assert route is not None
    streamed = read(route.open_reply(FRAMES, NO_FACTS), b"".join(CONVERSE))
    usage = tokens(18, 386, cacheReadInputTokens=7502)
    assert streamed == read(route.open_reply(JSON, NO_FACTS), whole({"usage": usage}))


def test_a_provisioned_model_is_paid_ahead():
    arn = quote("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", safe="")
    route = BEDROCK.route("POST", f"/model/{arn}/converse")
    assert route is not None
    got = read(route.open_reply(JSON, NO_FACTS), whole({"usage": tokens(18, 3)}))
    assert got is not None
    assert (route.model, got.tier) == ("provisioned-model/abc", "provisioned")


@pytest.mark.parametrize(
    ("config", "variant"),
    [
        ({"width": 1024, "height": 512, "quality": "premium", "numberOfImages": 2}, "1024x512 premium"),
        ({"width": 1024, "height": 512}, "1024x512"),
        ({"quality": "standard"}, "standard"),
        ({}, ""),
        ({"quality": "x" * 1000}, ""),
    ],
)
def test_a_request_for_images_says_what_its_price_hangs_on(config, variant):
    assert request_in(whole({"taskType": "TEXT_IMAGE", "imageGenerationConfig": config})).variant == variant


def test_other_requests_are_only_measured():
    route = BEDROCK.route("POST", "/model/x/converse")
    assert route is not None
    assert route.open_request is not None
    reader = route.open_request(RequestHead("application/json"))
    reader.feed(whole({"messages": [{"role": "user", "content": [{"text": "Hello there"}]}]}))
    reader.finish()
    assert reader.facts() == NO_FACTS
    assert reader.text_bytes() == len("user" + "Hello there")


# hosts


@pytest.mark.parametrize(
    "host",
    [
        "bedrock-runtime.us-east-1.amazonaws.com",
        "BEDROCK-RUNTIME.us-east-1.amazonaws.com",
        "bedrock.eu-central-1.amazonaws.com",
        "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        "bedrock-runtime.ap-southeast-2.api.aws",
        "bedrock-runtime-fips.us-east-1.api.aws",
        "bedrock-runtime.cn-north-1.amazonaws.com.cn",
        "bedrock-runtime.cn-north-1.api.amazonwebservices.com.cn",
        "bedrock-runtime.eusc-de-east-1.amazonaws.eu",
        "bedrock-mantle.us-west-2.api.aws",
    ],
)
def test_bedrock_answers_at_its_hosts(host):
    assert serves(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "amazonaws.com",
        "bedrock-runtime.amazonaws.com",
        "bedrock-runtime.us-east-1.amazonaws.com.evil.com",
        "bedrock-runtime.us-east-1.amazonaws.com:443",
        "bedrock-runtime.us-east-1.amazonaws.com.",
        "bedrock-runtime.us-east-1.amazonaws.com\n",
        "bedrock-runtime.us-east-1.evil.com",
        "evil.com/bedrock-runtime.us-east-1.amazonaws.com",
        "evil@bedrock-runtime.us-east-1.amazonaws.com",
        "bedrock-runtime.us-east-1.evil.amazonaws.com",
        "x.bedrock-runtime.us-east-1.amazonaws.com",
        "s3.us-east-1.amazonaws.com",
        "bedrock-runtime.vpce-1.us-east-1.vpce.amazonaws.com",
        "bedrock-runtime.us-east-\u0661.amazonaws.com",
        "bedrock-runtime.\u212aus-east-1.amazonaws.com",
    ],
)
def test_nothing_else_is_bedrock(host):
    assert not serves(host)


# errors


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (413, "ValidationException"),
        (418, "ValidationException"),
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (502, "ServiceUnavailableException"),
        (503, "ServiceUnavailableException"),
        (504, "ServiceUnavailableException"),
    ],
)
def test_our_errors_come_in_the_shape_of_aws(status, name):
    body = BEDROCK.error_body(status, 'it "broke"')
    assert json.loads(body) == {"__type": name, "message": 'it "broke"'}
    parsers = pytest.importorskip("botocore.parsers")
    model = pytest.importorskip("botocore.session").get_session().get_service_model("bedrock-runtime")
    shape = model.operation_model("Converse").output_shape
    read_by_boto = parsers.create_parser("rest-json").parse({"status_code": status, "headers": {}, "body": body}, shape)
    assert read_by_boto["Error"] == {"Code": name, "Message": 'it "broke"'}
