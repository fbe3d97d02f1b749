"""What a request asks of operations, told from its method, path and headers. Any API version and any base path will do."""

import re
from enum import StrEnum

import msgspec

from sidecar.simulator.background import INTERACTIONS, RESPONSES
from sidecar.simulator.family import Family
from sidecar.simulator.google_batches import GEMINI_BATCHES
from sidecar.simulator.message_batches import MESSAGE_BATCHES
from sidecar.simulator.openai_jobs import FINE_TUNINGS, OPENAI_BATCHES
from sidecar.simulator.predictions import ENDPOINT_JOBS, PREDICTIONS
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route, dialect_of
from sidecar.simulator.vertex_jobs import VERTEX_BATCHES, VERTEX_TUNINGS
from sidecar.simulator.videos import GEMINI_VIDEOS, VERTEX_VIDEOS


class Verb(StrEnum):
    """What is asked."""

    CREATE = "create"
    POLL = "poll"
    CANCEL = "cancel"
    LIST = "list"
    RESULTS = "results"


class Asking(msgspec.Struct, frozen=True):
    """A request about operations."""

    family: Family
    verb: Verb
    dialect: Dialect
    id: str = ""
    """The last segment of the operation's name; empty for a create or a list."""
    model: str = ""
    """Of a create whose path names it."""

    @property
    def route(self) -> Route:
        """A create, as the planning takes it."""
        return Route(self.dialect, self.family.method, self.model)


class Row(msgspec.Struct, frozen=True):
    """One line of the table."""

    http_method: str
    path: re.Pattern[str]
    family: Family
    verb: Verb
    dialect: Dialect | None = None
    """None: Gemini's or Vertex's, as the path says."""


ID = r"(?P<id>[^/:]+)"


def _row(http_method: str, path: str, family: Family, verb: Verb, dialect: Dialect | None = None) -> Row:
    return Row(http_method, re.compile(path + "$"), family, verb, dialect)


def _collection(path: str, family: Family, dialect: Dialect | None, cancel: str) -> tuple[Row, ...]:
    """The usual four: create, list, poll, cancel."""
    return (
        _row("POST", path, family, Verb.CREATE, dialect),
        _row("GET", path, family, Verb.LIST, dialect),
        _row("GET", f"{path}/{ID}", family, Verb.POLL, dialect),
        _row("POST", f"{path}/{ID}{cancel}", family, Verb.CANCEL, dialect),
    )


ROWS: tuple[Row, ...] = (
    _row("POST", r"/models/(?P<model>[^/:]+):batchGenerateContent", GEMINI_BATCHES, Verb.CREATE),
    _row("GET", r"/files/batch-(?P<id>[^/:]+):download", GEMINI_BATCHES, Verb.RESULTS),
    *_collection("/batchPredictionJobs", VERTEX_BATCHES, Dialect.VERTEX, ":cancel"),
    *_collection("/tuningJobs", VERTEX_TUNINGS, Dialect.VERTEX, ":cancel"),
    _row(
        "POST",
        r"/publishers/[^/]+/models/(?P<model>[^/:]+):predictLongRunning",
        VERTEX_VIDEOS,
        Verb.CREATE,
        Dialect.VERTEX,
    ),
    _row("POST", r"/models/[^/:]+:fetchPredictOperation", VERTEX_VIDEOS, Verb.POLL, Dialect.VERTEX),
    _row("POST", rf"/publishers/.+/operations/{ID}:cancel", VERTEX_VIDEOS, Verb.CANCEL, Dialect.VERTEX),
    _row("POST", r"/models/(?P<model>[^/:]+):predictLongRunning", GEMINI_VIDEOS, Verb.CREATE, Dialect.GEMINI),
    _row("GET", r"/models/[^/:]+/operations", GEMINI_VIDEOS, Verb.LIST, Dialect.GEMINI),
    _row("GET", rf"/models/[^/:]+/operations/{ID}", GEMINI_VIDEOS, Verb.POLL, Dialect.GEMINI),
    _row("POST", rf"/models/[^/:]+/operations/{ID}:cancel", GEMINI_VIDEOS, Verb.CANCEL, Dialect.GEMINI),
    _row("POST", "/interactions", INTERACTIONS, Verb.CREATE),
    _row("GET", f"/interactions/{ID}", INTERACTIONS, Verb.POLL),
    _row("POST", f"/interactions/{ID}[/:]cancel", INTERACTIONS, Verb.CANCEL),
    _row("POST", "/responses", RESPONSES, Verb.CREATE, Dialect.OPENAI),
    _row("GET", f"/responses/{ID}", RESPONSES, Verb.POLL, Dialect.OPENAI),
    _row("POST", f"/responses/{ID}/cancel", RESPONSES, Verb.CANCEL, Dialect.OPENAI),
    *_collection("/fine_tuning/jobs", FINE_TUNINGS, Dialect.OPENAI, "/cancel"),
    _row("GET", f"/messages/batches/{ID}/results", MESSAGE_BATCHES, Verb.RESULTS, Dialect.ANTHROPIC),
    *_collection("/messages/batches", MESSAGE_BATCHES, Dialect.ANTHROPIC, "/cancel"),
    # Two houses have their batches at one path: what names them differs, and so do their credentials.
    _row("POST", f"/batches/{ID}:cancel", GEMINI_BATCHES, Verb.CANCEL, Dialect.GEMINI),
    _row("GET", "/batches/(?P<id>batch_[^/:]+)", OPENAI_BATCHES, Verb.POLL, Dialect.OPENAI),
    _row("GET", f"/batches/{ID}", GEMINI_BATCHES, Verb.POLL, Dialect.GEMINI),
    _row("GET", "/batches", OPENAI_BATCHES, Verb.LIST, Dialect.OPENAI),
    _row("POST", "/batches", OPENAI_BATCHES, Verb.CREATE, Dialect.OPENAI),
    _row("POST", f"/batches/{ID}/cancel", OPENAI_BATCHES, Verb.CANCEL, Dialect.OPENAI),
    _row("GET", "/files/file-(?P<id>batch_[^/:]+)-output/content", OPENAI_BATCHES, Verb.RESULTS, Dialect.OPENAI),
    _row(
        "POST",
        "/v1/(models/[^/]+/[^/]+/|deployments/[^/]+/[^/]+/|)predictions",
        PREDICTIONS,
        Verb.CREATE,
        Dialect.REPLICATE,
    ),
    _row("GET", f"/v1/predictions/{ID}", PREDICTIONS, Verb.POLL, Dialect.REPLICATE),
    _row("POST", f"/v1/predictions/{ID}/cancel", PREDICTIONS, Verb.CANCEL, Dialect.REPLICATE),
    _row("POST", "/v2/[^/]+/run", ENDPOINT_JOBS, Verb.CREATE, Dialect.RUNPOD),
    _row("GET", f"/v2/[^/]+/status/{ID}", ENDPOINT_JOBS, Verb.POLL, Dialect.RUNPOD),
    _row("POST", f"/v2/[^/]+/cancel/{ID}", ENDPOINT_JOBS, Verb.CANCEL, Dialect.RUNPOD),
)
"""The first row that fits is it."""


class Wanted(msgspec.Struct, frozen=True):
    """What makes an operation of a request that could be a call."""

    background: bool | None = None


MARKS = re.compile(r"batch|Jobs|/jobs|LongRunning|perations?\b|/interactions|/responses|/predictions|^/v2/|Operation$")
"""No row fits a path without one of these: calls, which are most of what comes, are not held up by the table."""


def asking_of(request: Request) -> Asking | None:
    """What a request asks of operations; None when it asks something else."""
    if MARKS.search(request.path) is None:
        return None
    for row in ROWS:
        if row.http_method == request.method and (found := row.path.search(request.path)):
            return _asking(row, found, request)
    return None


def _asking(row: Row, found: re.Match[str], request: Request) -> Asking | None:
    if row.verb is Verb.CREATE and row.family.speak and not _wants_background(request):
        return None  # a call
    family, dialect = row.family, row.dialect or dialect_of(request.path)
    if row.verb is Verb.LIST and family is OPENAI_BATCHES and "x-goog-api-key" in request.headers:
        family, dialect = GEMINI_BATCHES, Dialect.GEMINI
    named = found.groupdict()
    name = named.get("id") or (_fetched(request) if row.path.pattern.endswith(":fetchPredictOperation$") else "")
    return Asking(family, row.verb, dialect, name, named.get("model") or "")


class Fetch(msgspec.Struct, frozen=True, rename="camel"):
    """Body of `fetchPredictOperation`."""

    operation_name: str = ""


def _fetched(request: Request) -> str:
    """The operation that the body names."""
    try:
        return msgspec.json.decode(request.held or b"{}", type=Fetch).operation_name.rpartition("/")[2]
    except msgspec.MsgspecError:
        return ""


def _wants_background(request: Request) -> bool:
    try:
        return bool(msgspec.json.decode(request.held or b"{}", type=Wanted).background)
    except msgspec.MsgspecError:
        return False
