"""Which request is what: the table of google-wire 1.2, as data.

Three kinds of path. A model's method stands behind the last `:` of the path and the model before it (`VERBS`); everything else
is told by the path's end (`RESOURCES`); other publishers' models and OpenAI's language have tables of their own
(`google_publishers.py`). The version, a base path before it and `projects/../locations/..` in it may be there or not, and
tell us nothing. The sockets of Live (`/ws/..`) are told by their method alone: their first message names the model.
"""

import re
from urllib.parse import unquote

import msgspec

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import ReplyHead, ReplyReader, RequestFacts, Role, Route
from sidecar.providers.google_batches import BATCHES_WIRE
from sidecar.providers.google_cached import open_cached
from sidecar.providers.google_interaction_operations import INTERACTIONS_WIRE
from sidecar.providers.google_interactions import open_interaction_document
from sidecar.providers.google_interactions_stream import open_interaction
from sidecar.providers.google_jobs import PREDICTIONS_WIRE, TUNING_WIRE
from sidecar.providers.google_live import open_live
from sidecar.providers.google_live_music import open_music
from sidecar.providers.google_long_running import IMPORTS_WIRE, OPERATIONS_WIRE
from sidecar.providers.google_operation_requests import open_batch_request, open_job_request
from sidecar.providers.google_predict import open_predict, open_predict_request
from sidecar.providers.google_publishers import openai_route, publishers_route
from sidecar.providers.google_reported import TIER_HEADER, reported_in
from sidecar.providers.google_request import open_generate_request, open_interaction_request, open_named_request
from sidecar.providers.google_stream import open_stream
from sidecar.providers.google_triggers import TRIGGERS_WIRE
from sidecar.providers.google_tuned_models import TUNED_MODELS_WIRE
from sidecar.providers.google_video import open_video, open_video_request
from sidecar.providers.google_video_operations import VIDEOS_WIRE, open_fetch_request
from sidecar.providers.names import name_of
from sidecar.providers.operation import OperationWire
from sidecar.providers.paths import OpenReply, OpenRequest, Row, route_of as row_route, socket
from sidecar.providers.unary import UnaryReader
from sidecar.providers.unread import open_unread

TIERED = (TIER_HEADER,)


class Verb(msgspec.Struct, frozen=True):
    """What a method of models is to us."""

    role: Role = Role.CALL
    kind: CallKind = CallKind.UNARY
    open_reply: OpenReply = open_unread
    open_request: OpenRequest | None = None
    reply_headers: tuple[str, ...] = ()
    operation: OperationWire | None = None
    """The family of operations that it opens or asks about."""


def open_unary(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a whole reply that has `usageMetadata`."""
    tier = head.headers.get(TIER_HEADER, "")
    return UnaryReader(lambda document: reported_in(document, tier), head)


WHOLE = Verb(Role.CALL, CallKind.UNARY, open_unary, open_generate_request, TIERED)

VERBS = {
    "generateContent": WHOLE,
    "streamGenerateContent": Verb(Role.CALL, CallKind.STREAM, open_stream, open_generate_request, TIERED),
    "embedContent": WHOLE,
    "batchEmbedContents": WHOLE,
    "predict": Verb(Role.CALL, CallKind.UNARY, open_predict, open_predict_request, TIERED),
    "explain": Verb(),
    "directPredict": Verb(),
    "directRawPredict": Verb(),
    "serverStreamingPredict": Verb(Role.CALL, CallKind.STREAM),
    "countTokens": Verb(Role.FREE),
    "computeTokens": Verb(Role.FREE),
    "predictLongRunning": Verb(Role.SUBMIT, open_request=open_video_request, operation=VIDEOS_WIRE),
    "fetchPredictOperation": Verb(
        Role.POLL, open_reply=open_video, open_request=open_fetch_request, operation=VIDEOS_WIRE
    ),
    "batchGenerateContent": Verb(Role.SUBMIT, open_request=open_batch_request, operation=BATCHES_WIRE),
    "asyncBatchEmbedContent": Verb(Role.SUBMIT, open_request=open_batch_request, operation=BATCHES_WIRE),
}
"""By the verb behind the last colon; all are POST. Tensors (from `explain` on, four) are billed and report nothing."""

TARGET = re.compile(
    r"(?P<before>(?:/.*)?/)(?:models/(?P<model>.+)|(?:tunedModels|endpoints|dynamic)/(?P<other>[^/:]+))"
)
"""The collection nearest to the verb and what is named in it: ids of `models/` may hold `/`, `:` and `@`."""

NAME = "[^/:]+"
ID = f"(?P<id>{NAME})"
"""What is named, and the operation among that which a request is about."""


def row(verb: str, path: str, method: str, role: Role, **more: object) -> Row:
    """A row for paths with this end."""
    return msgspec.structs.replace(Row(method, re.compile(path + r"\Z"), role, verb=verb), **more)


def family(collection: str, wire: OperationWire, **create: object) -> tuple[Row, ...]:
    """The rows of a collection whose members are operations: create, poll, cancel by a custom method, list, delete."""
    return (
        row("POST", f"/{collection}", f"{collection}.create", Role.SUBMIT, operation=wire, **create),
        row("GET", f"/{collection}/{ID}", f"{collection}.get", Role.POLL, operation=wire),
        row("POST", f"/{collection}/{ID}:cancel", f"{collection}.cancel", Role.CANCEL, operation=wire),
        row("GET", f"/{collection}", f"{collection}.list", Role.FREE),
        row("DELETE", f"/{collection}/{NAME}", f"{collection}.delete", Role.FREE),
    )


OTHERS = "agents|environments|webhooks|credentials|auth_tokens|voices"
"""Collections in which nothing is billed."""

GENERATIVE_SERVICE = r"/ws/google\.ai\.generativelanguage\.[^/]+\.GenerativeService\."

SOCKETS = (
    socket("BidiGenerateContent", rf"{GENERATIVE_SERVICE}BidiGenerateContent\Z", open_live),
    socket("BidiGenerateContentConstrained", rf"{GENERATIVE_SERVICE}BidiGenerateContentConstrained\Z", open_live),
    socket("BidiGenerateMusic", rf"{GENERATIVE_SERVICE}BidiGenerateMusic\Z", open_music),
    socket(
        "BidiGenerateContent", r"/ws/google\.cloud\.aiplatform\.[^/]+\.LlmBidiService/BidiGenerateContent\Z", open_live
    ),
)
"""Google-wire 8. The second is for tokens that a browser may have. In Vertex mode without project and location the SDK dials the
base URL as it is, without a path that would say what it wants: such a socket is not read."""

RESOURCES = (
    *SOCKETS,
    row("POST", r"/interactions(?:Http|:create)?", "interactions.create", Role.CALL, operation=INTERACTIONS_WIRE,
        open_reply=open_interaction, open_request=open_interaction_request, reply_headers=TIERED),
    row("POST", r"/interactions:createStream", "interactions.create", Role.CALL, operation=INTERACTIONS_WIRE,
        kind=CallKind.STREAM, open_reply=open_interaction, open_request=open_interaction_request, reply_headers=TIERED),
    row("GET", rf"/interactions(?:Http)?/{ID}(?::poll|:stream)?", "interactions.get", Role.POLL,
        open_reply=open_interaction, reply_headers=TIERED, operation=INTERACTIONS_WIRE),
    row("POST", rf"/interactions(?:Http)?/{ID}(?:/|:)cancel", "interactions.cancel", Role.CANCEL,
        open_reply=open_interaction, reply_headers=TIERED, operation=INTERACTIONS_WIRE),
    row("DELETE", rf"/interactions(?:Http)?/{NAME}", "interactions.delete", Role.FREE),
    row("POST", r"/decisions", "decisions.create", Role.CALL,
        open_reply=open_interaction_document, open_request=open_named_request, reply_headers=TIERED),
    row("POST", r"/cachedContents", "cachedContents.create", Role.CALL,
        open_reply=open_cached, open_request=open_named_request),
    row("POST", rf"/triggers/{NAME}/executions", "triggers.executions.create", Role.SUBMIT, operation=TRIGGERS_WIRE),
    row("GET", rf"/triggers/{NAME}/executions(?:/{NAME})?", "triggers.executions.get", Role.POLL),
    *family("batches", BATCHES_WIRE)[1:],
    *family("batchPredictionJobs", PREDICTIONS_WIRE, open_request=open_job_request),
    *family("tuningJobs", TUNING_WIRE, open_request=open_job_request),
    *family("tunedModels", TUNED_MODELS_WIRE, open_request=open_job_request),
    row("GET", rf"/tunedModels/{ID}/operations/{NAME}", "operations.get", Role.POLL, operation=TUNED_MODELS_WIRE),
    row("POST", rf"/tunedModels/{ID}/operations/{NAME}:cancel", "operations.cancel", Role.CANCEL,
        operation=TUNED_MODELS_WIRE),
    row("GET", rf"/models/(?P<model>{NAME})/operations/{ID}", "operations.get", Role.POLL,
        open_reply=open_video, operation=VIDEOS_WIRE),
    row("POST", rf"/fileSearchStores/{NAME}:importFile", "fileSearchStores.import", Role.SUBMIT, operation=IMPORTS_WIRE),
    row("POST", rf"/fileSearchStores/{NAME}:uploadToFileSearchStore", "fileSearchStores.import", Role.SUBMIT),
    row("GET", rf"/fileSearchStores/{NAME}(?:/upload)?/operations/{ID}", "operations.get", Role.POLL,
        operation=IMPORTS_WIRE),
    row("GET", rf"/operations/{ID}", "operations.get", Role.POLL, open_reply=open_video, operation=OPERATIONS_WIRE),
    row("POST", rf"/operations/{ID}:cancel", "operations.cancel", Role.CANCEL, operation=OPERATIONS_WIRE),
    *(
        row(verb, rf"/(?:{collection})(?:[/:].*)?", name, Role.FREE)
        for verbs, collection, name in (
            (("GET",), "models|tunedModels|tuningJobs|operations", "models"),
            (("GET", "PATCH", "DELETE"), "cachedContents", "cachedContents"),
            (("GET", "POST", "PATCH", "DELETE"), "fileSearchStores|corpora", "fileSearchStores"),
            (("GET", "POST", "PUT", "DELETE"), "files|upload|download", "files"),
            (("GET", "POST", "PATCH", "DELETE"), "triggers", "triggers"),
            (("GET", "POST", "PATCH", "PUT", "DELETE"), OTHERS, "resources"),
        )
        for verb in verbs
    ),
)  # fmt: skip
"""The first row that fits counts.

Making a cached content is a call: its tokens are billed at once and its reply counts them. What goes on costing is storage,
which no reply reports and no work follows, so there is no operation to watch. A batch that is deleted is not cancelled
(google-wire 4), and neither is an interaction. A list is free, of whatever. An upload into a file search store names its
operation where we don't see it, at an address of its own that its first reply gives (google-wire 5.2): it opens none here.
"""


def route_of(method: str, path: str) -> Route | None:
    """What a request to this path, without query, is."""
    plain = unquote(path) if "%" in path else path
    return (
        (publishers_route(plain) or verb_route(plain) if method == "POST" else None)
        or openai_route(method, plain)
        or resource_route(method, plain)
    )


def verb_route(path: str) -> Route | None:
    """The call that a POST to a model's method makes."""
    target, _, name = path.rpartition(":")
    verb = VERBS.get(name)
    found = TARGET.fullmatch(target) if verb else None
    if verb is None or found is None:
        return None
    return Route(
        method=name,
        kind=verb.kind,
        model=name_of(found["model"] or found["other"]),
        role=verb.role,
        open_reply=verb.open_reply,
        open_request=verb.open_request,
        reply_headers=verb.reply_headers,
        operation=verb.operation,
    )


def resource_route(method: str, path: str) -> Route | None:
    """What a request to a resource is."""
    for one in RESOURCES:
        if one.verb == method and (found := one.path.search(path)):
            return row_route(one, found)
    return None
