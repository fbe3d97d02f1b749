"""Finds what was used in Bedrock's whole replies: documents of Converse or of whoever made the model, and the reply's headers.

One reader for all of them: each shape has names that no other has, so what is there says which it is. What Bedrock names
beside the counts is the tier; the model is the path's, since prices hang on its prefix (`us.`, `global.`), which replies lack.
"""

import msgspec
from msgspec import Raw, Struct, field

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic_reported import careful, read, read_usage
from sidecar.providers.anthropic_usage import Count, ReportedUsage, Text, usage_of
from sidecar.providers.bedrock_usage import (
    LATENCY,
    TIER,
    ChatTokens,
    Metrics,
    Tokens,
    report_of_chat,
    report_of_headers,
    report_of_metrics,
    report_of_tokens,
    settled,
    tier_of,
)
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts
from sidecar.providers.reported import NOTHING, judged
from sidecar.providers.unary import UnaryReader

Found = tuple[ReportedUsage | None, str]
"""Counts, None when there are none, and a word when something in them could not be read."""


class Titan(Struct, gc=False):
    """One of the `results` of Titan's text models."""

    token_count: Count = field(name="tokenCount", default=None)


class Nova(Struct, gc=False):
    """`metadata` of a chunk of Nova's, which is Converse's."""

    usage: Raw = NULL


class Served(Struct, gc=False):
    """How Converse says that it served: `serviceTier.type`, `performanceConfig.latency`."""

    type: Text = None
    latency: Text = None


class Router(Struct, rename="camel", gc=False):
    """What a prompt router chose."""

    invoked_model_id: Text = None


class Trace(Struct, rename="camel", gc=False):
    """`trace`, as far as it names a model."""

    prompt_router: Router | None = None


class Body(Struct):
    """A reply, or the last event of a stream."""

    type: Text = None
    """`message` where Anthropic made the model."""
    usage: Raw = NULL
    metrics: Raw = field(name="amazon-bedrock-invocationMetrics", default=NULL)
    metadata: Nova | None = None
    service_tier: Served | None = field(name="serviceTier", default=None)
    performance: Served | None = field(name="performanceConfig", default=None)
    trace: Trace | None = None
    input_text_token_count: Count = field(name="inputTextTokenCount", default=None)
    output_text_token_count: Count = field(name="totalOutputTextTokenCount", default=None)
    results: list[Titan] | None = None
    prompt_token_count: Count = None
    generation_token_count: Count = None
    images: list[Raw] | None = None


BODY = msgspec.json.Decoder(Body)
FIELDS = msgspec.json.Decoder(dict[str, Raw])
TOKENS = msgspec.json.Decoder(Tokens)
CHAT = msgspec.json.Decoder(ChatTokens)
METRICS = msgspec.json.Decoder(Metrics)


def body_in(document: bytes) -> tuple[Body, str]:
    """A reply, and a word when something in it could not be read.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        return decoded(BODY, document), ""
    except Unreadable:
        fields = decoded(FIELDS, document)
    kept = {name: raw if name in AS_THEY_ARE else value_of(raw) for name, raw in fields.items() if name in NAMES}
    return careful(Body, kept)


NAMES = frozenset(one.encode_name for one in msgspec.structs.fields(Body))
AS_THEY_ARE = frozenset(one.encode_name for one in msgspec.structs.fields(Body) if one.type is Raw)


def counts_in(body: Body) -> Found:
    """The counts of whoever made the model, in the first shape that fits."""
    usage = body.usage if body.usage != NULL or body.metadata is None else body.metadata.usage
    if usage != NULL:
        return read_usage(usage) if body.type == "message" else counts_of(usage)
    if body.input_text_token_count is not None:
        made = [result.token_count or 0 for result in body.results or ()]
        output = sum(made) if made else body.output_text_token_count
        return ReportedUsage(body.input_text_token_count, output), ""
    if body.generation_token_count is not None:
        return ReportedUsage(body.prompt_token_count, body.generation_token_count), ""
    return None, ""


def counts_of(usage: Raw) -> Found:
    """The same of `usage`, by the names in it: Converse's, OpenAI's or Anthropic's."""
    tokens, doubt = read(TOKENS, usage)
    if tokens is not None and not (tokens.input_tokens is None and tokens.output_tokens is None):
        report, contradiction = report_of_tokens(tokens)
        return report, doubt or contradiction
    chat, doubt = read(CHAT, usage)
    if chat is not None and not (chat.prompt_tokens is None and chat.completion_tokens is None):
        report, contradiction = report_of_chat(chat)
        return report, doubt or contradiction
    plain, doubt = read_usage(usage)  # of a message without its type, as copies of Anthropic's dialect have it
    return (None if plain == ReportedUsage() else plain), doubt


def metered_in(body: Body) -> Found:
    """The counts of Bedrock itself, where a stream has them."""
    metrics, doubt = read(METRICS, body.metrics)
    return (report_of_metrics(metrics), doubt) if metrics is not None else (None, "")


def reported_of(report: ReportedUsage | None, doubt: str, tier: str | None, model: str = "") -> Reported | None:
    """Counts with their basis; None when there are none."""
    usage, contradiction = usage_of(report) if report is not None else (NOTHING, "")
    return judged(usage, model, tier, doubt or contradiction) if usage != NOTHING else None


def tier_in(body: Body, head: ReplyHead) -> str | None:
    """The tier that a reply names, or its head."""
    tier = body.service_tier.type if body.service_tier else None
    latency = body.performance.latency if body.performance else None
    return tier_of(tier or head.headers.get(TIER, ""), latency or head.headers.get(LATENCY, ""))


def model_in(body: Body) -> str:
    """The model that a prompt router chose; empty where the path's served."""
    router = body.trace.prompt_router if body.trace else None
    return plain_model(router.invoked_model_id or "") if router else ""


def plain_model(model: str) -> str:
    """A model's name out of its ARN: the id for a base model or a profile of AWS, kind and id for what is the account's own."""
    resource = model.split(":", 5)[-1] if model.startswith("arn:") else model
    return resource.removeprefix("foundation-model/").removeprefix("inference-profile/")


def reported_in(document: bytes, head: ReplyHead, facts: RequestFacts) -> Reported | None:
    """What a whole reply reports, in its document and its head; None when neither does.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    body, doubt = body_in(document)
    tier = tier_in(body, head)
    if body.images is not None:
        delivered = sum(image != NULL for image in body.images)
        return judged(Usage(images=delivered, variant=facts.variant), "", tier, doubt) if delivered else None
    made, unsure = counts_in(body)
    metered, unsure_head = report_of_headers(head.headers)
    report, difference = settled(metered, made)
    return reported_of(report, doubt or unsure or unsure_head or difference, tier, model_in(body))


class WholeReply(UnaryReader):
    """Reads a whole reply of Bedrock's.

    Its head counts what was made before the body comes, so a body that breaks off, is too large or no JSON is no loss.
    """

    __slots__ = ("_head",)

    def __init__(self, head: ReplyHead, facts: RequestFacts) -> None:
        super().__init__(lambda document: reported_in(document, head, facts), head)
        self._head = head

    def reported(self) -> Reported | None:
        """What the reply reports; what its head does, as long as the document has not been read."""
        if self.is_terminal:
            return self._reported
        report, doubt = report_of_headers(self._head.headers)
        return reported_of(report, doubt, tier_in(Body(), self._head))
