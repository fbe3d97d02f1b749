"""The paths of OpenAI's dialect, as data.

Patterns are suffixes (providers-wire 3): before them stands whatever the place puts there, `/v1`, `/openai/v1`, `/api/v1`,
`/v2/{endpoint}/openai/v1`. Where a deployment or an engine stands in the path, it names the model, whatever the body says.
"""

import re
from collections.abc import Callable

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import ReplyHead, ReplyReader, RequestFacts, Role
from sidecar.providers.live import LiveReader
from sidecar.providers.openai_audio import open_speech, open_transcript
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_events import open_responses
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_images import open_images
from sidecar.providers.openai_live_sessions import open_live_session
from sidecar.providers.openai_operations import Wires, wires
from sidecar.providers.openai_realtime import open_realtime
from sidecar.providers.openai_request import open_call, open_media, open_spoken
from sidecar.providers.openai_responses_socket import open_responses_socket
from sidecar.providers.operation import OperationWire
from sidecar.providers.operation_requests import opening_request
from sidecar.providers.paths import OpenLive, OpenRequest, Row, socket, unread

Open = Callable[[ReplyHead, RequestFacts, Extras], ReplyReader]
OpenSocket = Callable[[str, Extras], LiveReader]

NAMED = r"(?:/(?:deployments|engines)/(?P<model>[^/]+)(?:/extensions)?)?"
"""Azure's deployments; engines are how OpenAI itself once named models."""

CALLS: tuple[tuple[str, str, Open, OpenRequest], ...] = (
    ("chat.completions", r"/chat/completions", open_chat, open_call),
    ("completions", r"(?<!/chat)/completions", open_chat, open_call),
    ("responses", r"/responses", open_responses, open_call),
    ("responses.compact", r"/responses/compact", open_responses, open_call),
    ("embeddings", r"/embeddings", open_chat, open_call),
    ("images.generations", r"/images/generations", open_images, open_media),
    ("images.edits", r"/images/edits", open_images, open_media),
    ("images.variations", r"/images/variations", open_images, open_media),
    ("audio.transcriptions", r"/audio/transcriptions", open_transcript, open_media),
    ("audio.translations", r"/audio/translations", open_transcript, open_media),
    ("audio.speech", r"/audio/speech", open_speech, open_spoken),
    ("decisions", r"/decisions", open_chat, open_call),
)
"""Billable, all POST: name, path, and what reads the reply and the request."""
ASK_USAGE = frozenset({"chat.completions", "completions"})
"""Their streams report usage only where the request asks for it."""

ONE = r"[^/:]+"
OPERATIONS: tuple[tuple[str, str, str, Role, OpenRequest | None], ...] = (
    ("responses.cancel", "POST", rf"/responses/(?P<id>{ONE})/cancel", Role.CANCEL, None),
    ("responses.get", "GET", rf"/responses/(?P<id>{ONE})", Role.POLL, None),
    ("videos", "POST", r"/videos(?:/(?:edits|extensions|[^/]+/remix))?", Role.SUBMIT, open_media),
    ("videos.get", "GET", rf"/videos/(?P<id>{ONE})", Role.POLL, None),
    ("batches", "POST", r"(?<!/messages)/batches", Role.SUBMIT, opening_request(marks=("input_file_id",))),
    ("batches.cancel", "POST", rf"(?<!/messages)/batches/(?P<id>{ONE})[/:]cancel", Role.CANCEL, None),
    ("batches.get", "GET", rf"(?<!/messages)/batches/(?P<id>{ONE})", Role.POLL, None),
    ("fine_tuning.jobs", "POST", r"/fine_tuning/jobs", Role.SUBMIT, opening_request(marks=("training_file",))),
    ("fine_tuning.jobs.cancel", "POST", rf"/fine_tuning/jobs/(?P<id>{ONE})/cancel", Role.CANCEL, None),
    ("fine_tuning.jobs.get", "GET", rf"/fine_tuning/jobs/(?P<id>{ONE})", Role.POLL, None),
    ("evals.runs", "POST", r"/evals/[^/]+/runs", Role.SUBMIT, opening_request(marks=("name",))),
    ("evals.runs.cancel", "POST", rf"/evals/[^/]+/runs/(?P<id>{ONE})(?:/cancel)?", Role.CANCEL, None),
    ("evals.runs.get", "GET", rf"/evals/[^/]+/runs/(?P<id>{ONE})", Role.POLL, None),
    ("threads.runs", "POST", r"/threads(?:/[^/]+)?/runs", Role.SUBMIT, open_call),
    ("threads.runs.cancel", "POST", rf"/threads/[^/]+/runs/(?P<id>{ONE})/cancel", Role.CANCEL, None),
    ("threads.runs.get", "GET", rf"/threads/[^/]+/runs/(?P<id>{ONE})", Role.POLL, None),
)
"""Work that outlives its request: name, verb, path, what it is, and what reads the request. A name is its family's, and after it
what is done."""

FREE: tuple[tuple[str, str, str], ...] = (
    ("responses.input_tokens", "POST", r"/responses/input_tokens"),
    ("responses.input_items", "GET", r"/responses/[^/]+/input_items"),
    ("responses.delete", "DELETE", r"/responses/[^/]+"),
    ("moderations", "POST", r"/moderations"),
    ("models", "GET", r"/models(?:/.+)?"),
    ("chat.completions.stored", "GET", r"/chat/completions(?:/[^/]+(?:/messages)?)?"),
    ("chat.completions.delete", "DELETE", r"/chat/completions/[^/]+"),
    ("files", "POST", r"/files"),
    ("files", "GET", r"/files(?:/[^/]+(?:/content)?)?"),
    ("files", "DELETE", r"/files/[^/]+"),
    ("uploads", "POST", r"/uploads(?:/[^/]+/(?:parts|complete|cancel))?"),
    ("lists", "GET", r"/(?:batches|videos|fine_tuning/jobs|evals(?:/[^/]+/runs)?|threads/[^/]+/runs)"),
    ("fine_tuning.jobs.events", "GET", r"/fine_tuning/jobs/[^/]+/(?:events|checkpoints)"),
    ("fine_tuning.jobs.pause", "POST", r"/fine_tuning/jobs/[^/]+/pause"),
    ("fine_tuning.jobs.resume", "POST", r"/fine_tuning/jobs/[^/]+/resume"),
    ("videos.content", "GET", r"/videos/[^/]+/content"),
    ("videos.delete", "DELETE", r"/videos/[^/]+"),
)
"""Known, and not billed."""

SOCKETS: tuple[tuple[str, str, OpenSocket], ...] = (
    ("realtime.connect", r"/realtime", open_realtime),
    ("responses.connect", r"/responses", open_responses_socket),
    ("live.connect", r"/live/sessions", open_live_session),
    ("live.forks.connect", rf"/live/sessions/{ONE}/fork", open_live_session),
)
"""Sockets in which calls are made, all GET, by their names in OpenAI's SDK. One that looks on at a Live session is not among
them (`openai_live_sessions.py`)."""

NO_WIRES: Wires = {}


def family_of(method: str) -> str:
    """The family that a method of `OPERATIONS` belongs to."""
    return method.removesuffix(".cancel").removesuffix(".get")


def row(
    method: str,
    path: str,
    role: Role = Role.CALL,
    open_reply: Open = open_chat,
    open_request: OpenRequest | None = None,
    *,
    verb: str = "POST",
    kind: CallKind = CallKind.UNARY,
    extras: Extras = PLAIN,
    operation: OperationWire | None = None,
) -> Row:
    """A row whose replies are in OpenAI's dialect, with what its provider says beyond."""
    return Row(
        method=method,
        path=re.compile(rf"{path}\Z"),
        role=role,
        open_reply=lambda head, facts: open_reply(head, facts, extras),
        open_request=open_request,
        verb=verb,
        kind=kind,
        reply_headers=extras.reply_headers if role is Role.CALL else (),
        asks_usage=extras.asks_usage and method in ASK_USAGE,
        asks_in_chunks=extras.asks_in_chunks,
        operation=operation,
    )


def with_extras(opened: OpenSocket, extras: Extras) -> OpenLive:
    """Makes the reader of a socket, with what its provider says beyond OpenAI."""
    return lambda target: opened(target, extras)


def rows(extras: Extras = PLAIN, own: Wires = NO_WIRES) -> tuple[Row, ...]:
    """The whole table; `own` are the provider's own families of operations, in place of OpenAI's of the same names."""
    families = {**wires(extras), **own}
    calls = (
        row(method, NAMED + path, Role.CALL, reply, request, extras=extras, operation=families.get(method))
        for method, path, reply, request in CALLS
    )
    operations = (
        row(
            method, path, role, open_responses, request, verb=verb, extras=extras, operation=families[family_of(method)]
        )
        for method, verb, path, role, request in OPERATIONS
    )
    free = (unread(method, rf"{path}\Z", verb=verb) for method, verb, path in FREE)
    sockets = (socket(method, rf"{path}\Z", with_extras(opened, extras)) for method, path, opened in SOCKETS)
    return (*calls, *free, *operations, *sockets)
