"""Amazon Bedrock: Converse, InvokeModel and their streams, and what else is served at its hosts (providers-wire 3 and 4).

**How clients are pointed at us.** Requests are signed (SigV4), and the signature covers the `Host` header and the path: a
request to another address under another name would be refused by AWS, and we neither hold the key nor sign again. So
the client keeps its host, drops TLS on the way to us, and takes us for a plain HTTP proxy:

    HTTP_PROXY=http://127.0.0.1:8780
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://bedrock-runtime.us-east-1.amazonaws.com
    (anthropic's client: AnthropicBedrock(base_url="http://bedrock-runtime.us-east-1.amazonaws.com"))

It then sends `POST http://bedrock-runtime.us-east-1.amazonaws.com/model/../converse`: scheme and proxy are not signed, host and
path are, and both stay as they were when we speak TLS to the host of that name. `serves` says which names those are. Anthropic's
client signs nearly every header (`accept-encoding`, `content-length`, `x-stainless-*`), so all of them have to pass as they
are, and `X-Sidecar-*` headers, which we remove, can't be used with it; boto3 signs `content-type;host;x-amz-date`. What is not
signed (a bearer token of `AWS_BEARER_TOKEN_BEDROCK` sent by other clients than boto3, which refuses to over http) works
with our address as the base URL too.

Nothing that Bedrock has been given can be called back but batch jobs: closing a connection stops nothing that is billed
(`facts.BEDROCK`), and asynchronous invocations have no cancel (providers-wire 5).
"""

import re
from functools import partial

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import decoded
from sidecar.lifecycle.record import CallKind
from sidecar.providers.anthropic import MESSAGES_ROUTES
from sidecar.providers.bedrock_operations import (
    ASKS_BATCH,
    ASKS_CUSTOMIZATION,
    ASKS_EVALUATION,
    ASKS_INVOCATION,
    BATCHES_WIRE,
    CUSTOMIZATIONS_WIRE,
    EVALUATIONS_WIRE,
    INVOCATIONS_WIRE,
)
from sidecar.providers.bedrock_reported import WholeReply, plain_model
from sidecar.providers.bedrock_stream import bedrock_stream
from sidecar.providers.bedrock_usage import REPLY_HEADERS, TIER
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, RequestFacts, Role, Route
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of
from sidecar.providers.openai_extras import Extras
from sidecar.providers.openai_routes import rows as openai_rows
from sidecar.providers.operation_requests import about
from sidecar.providers.paths import OpenReply, PathDialect, Row, unread

# === hosts ===

HOST = re.compile(
    r"bedrock(-runtime|-mantle)?(-fips)?"
    r"\.[a-z]{2,6}(-[a-z]{2,12}){1,3}-[0-9]{1,2}"
    r"\.(amazonaws\.com|api\.aws|amazonaws\.com\.cn|api\.amazonwebservices\.com\.cn|amazonaws\.eu|api\.amazonwebservices\.eu)",
    re.ASCII,
)
"""Service, FIPS or not, region, and AWS's own domains: dual-stack ones are `api.*` (endpoint rules of botocore 1.44.5)."""


def serves(host: str) -> bool:
    """Whether Bedrock answers at a host of this name, without port: nothing a client sends names a host that is not AWS's."""
    return host.isascii() and HOST.fullmatch(host.lower()) is not None  # lower() makes an ASCII k of a Kelvin sign


# === requests and replies ===


class ImageConfig(Struct, rename="camel", gc=False):
    """What the price of an image hangs on."""

    width: int | None = None
    height: int | None = None
    quality: str | None = None


class ImageRequest(Struct, gc=False):
    """A request, as far as it asks for images of Titan's or Nova's."""

    config: ImageConfig | None = msgspec.field(name="imageGenerationConfig", default=None)


IMAGE_REQUEST = msgspec.json.Decoder(ImageRequest)


def request_in(document: bytes) -> RequestFacts:
    """The size and quality of the images that a request asks for; model and kind are in its path.

    Raises:
        Unreadable: the document is no request.
    """
    config = decoded(IMAGE_REQUEST, document).config
    if config is None:
        return NO_FACTS
    size = f"{config.width}x{config.height}" if config.width and config.height else ""
    return RequestFacts(variant=name_of(" ".join(word for word in (size, config.quality) if word)))


open_request = partial(JsonRequest, request_in)


def open_reply(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply: frames or one document, as its content type says."""
    return bedrock_stream(head) if "eventstream" in head.content_type.lower() else WholeReply(head, facts)


def open_provisioned(read: OpenReply, head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply by a model whose throughput is paid by the hour."""
    return read(msgspec.structs.replace(head, headers=head.headers | {TIER: "provisioned"}), facts)


# === routes ===


def call(method: str, verb: str, kind: CallKind) -> Row:
    """A row of calls; a model's ARN has slashes once its path is decoded."""
    return Row(
        method,
        re.compile(rf"^/model/(?P<model>.+)/{verb}$"),
        open_reply=open_reply,
        open_request=open_request,
        kind=kind,
        reply_headers=REPLY_HEADERS,
    )


ROUTES = (
    call("Converse", "converse", CallKind.UNARY),
    call("ConverseStream", "converse-stream", CallKind.STREAM),
    call("InvokeModel", "invoke", CallKind.UNARY),
    call("InvokeModelWithResponseStream", "invoke-with-response-stream", CallKind.STREAM),
    call("InvokeModelWithBidirectionalStream", "invoke-with-bidirectional-stream", CallKind.STREAM),
    unread("CountTokens", r"^/model/.+/count-tokens$"),
    about(INVOCATIONS_WIRE, "StartAsyncInvoke", r"^/async-invoke$", Role.SUBMIT, open_request=ASKS_INVOCATION),
    about(INVOCATIONS_WIRE, "GetAsyncInvoke", r"^/async-invoke/(?P<id>.+)$", Role.POLL, "GET"),
    unread("ListAsyncInvokes", r"^/async-invoke$", verb="GET"),
    about(BATCHES_WIRE, "CreateModelInvocationJob", r"^/model-invocation-job$", Role.SUBMIT, open_request=ASKS_BATCH),
    about(BATCHES_WIRE, "GetModelInvocationJob", r"^/model-invocation-job/(?P<id>.+)$", Role.POLL, "GET"),
    about(BATCHES_WIRE, "StopModelInvocationJob", r"^/model-invocation-job/(?P<id>.+)/stop$", Role.CANCEL),
    about(
        CUSTOMIZATIONS_WIRE,
        "CreateModelCustomizationJob",
        r"^/model-customization-jobs$",
        Role.SUBMIT,
        open_request=ASKS_CUSTOMIZATION,
    ),
    about(CUSTOMIZATIONS_WIRE, "GetModelCustomizationJob", r"^/model-customization-jobs/(?P<id>.+)$", Role.POLL, "GET"),
    about(
        CUSTOMIZATIONS_WIRE, "StopModelCustomizationJob", r"^/model-customization-jobs/(?P<id>.+)/stop$", Role.CANCEL
    ),
    about(EVALUATIONS_WIRE, "CreateEvaluationJob", r"^/evaluation-jobs$", Role.SUBMIT, open_request=ASKS_EVALUATION),
    about(EVALUATIONS_WIRE, "GetEvaluationJob", r"^/evaluation-jobs/(?P<id>.+)$", Role.POLL, "GET"),
    about(EVALUATIONS_WIRE, "StopEvaluationJob", r"^/evaluation-job/(?P<id>.+)/stop$", Role.CANCEL),
    unread("ListJobs", r"^/(model-invocation|model-customization|evaluation)-jobs$", verb="GET"),
    unread("ListModels", r"^/(foundation-models|inference-profiles|custom-models|imported-models)(/.+)?$", verb="GET"),
)
"""As botocore 1.44.5 models them. Guardrails alone (`/guardrail/../apply`) are billed by text units and not read: no row has
them, so they pass unmetered rather than as free. The stream of both directions needs HTTP/2, which we don't speak; its row is
here for those who look for it."""

# === the dialect ===

EXCEPTIONS = {
    400: "ValidationException", 401: "AccessDeniedException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
    408: "ModelTimeoutException", 409: "ConflictException", 413: "ValidationException", 424: "ModelErrorException",
    429: "ThrottlingException", 500: "InternalServerException",
}  # fmt: skip
"""By HTTP status, as botocore 1.44.5 models them."""


def envelope(status: int, message: str) -> object:
    """An error as AWS's SDKs read it: they look for its name in `x-amzn-errortype` first, and then here."""
    name = EXCEPTIONS.get(status) or ("ValidationException" if status < 500 else "ServiceUnavailableException")
    return {"__type": name, "message": message}


PROVISIONED = "provisioned-model/"


class BedrockDialect(PathDialect):
    """The `Dialect` of Bedrock, and of the two others that are spoken at its hosts (`/openai/v1`, `/anthropic/v1`)."""

    __slots__ = ()

    def _route_of(self, method: str, path: str) -> Route | None:
        """Models are named by id or by ARN."""
        route = super()._route_of(method, path)
        if route is None or not route.model:
            return route
        model, read = plain_model(route.model), route.open_reply
        if model.startswith(PROVISIONED):
            read = partial(open_provisioned, read)
        return msgspec.structs.replace(route, model=model, open_reply=read, needs_body=False)


SIGNED = Extras(asks_usage=False)
"""A body whose signature is known to its caller alone can't be made to ask for anything."""

BEDROCK = BedrockDialect(
    name="bedrock",
    provider="bedrock",
    hosts=(
        "bedrock*.amazonaws.com",
        "bedrock*.api.aws",
        "bedrock*.amazonaws.com.cn",
        "bedrock*.api.amazonwebservices.com.cn",
        "bedrock*.amazonaws.eu",
        "bedrock*.api.amazonwebservices.eu",
    ),
    on_close=ON_CLOSE["bedrock"],
    rows=(*ROUTES, *MESSAGES_ROUTES, *openai_rows(SIGNED)),
    envelope=envelope,
)
