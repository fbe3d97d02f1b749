"""Which call of google-genai sends a request about an operation, told by the request alone. Pure; nothing is imported for it.

| request | call |
| --- | --- |
| `GET ../batches/{id}`, `POST ../batches/{id}:cancel`, the same of `batchPredictionJobs` | `batches.get`, `.cancel` |
| `GET ../interactions/{id}`, `POST ../interactions/{id}/cancel` | `interactions.get`, `.cancel` |
| `GET ../tuningJobs/{id}`, `POST ../tuningJobs/{id}:cancel`, the same of `tunedModels` | `tunings.get`, `.cancel` |
| `GET ../models/{m}/operations/{id}`, `POST ../models/{m}:fetchPredictOperation` | `operations.get` |

What is not in the table has no call (google-wire 4): listings by which a lost id is looked up, rows of results (their addresses
are Google's own), other long-running operations and their cancel, triggers, and whatever carries a query of its own, which the
SDK would leave out.
"""

import re
from typing import Final

import msgspec

from sidecar.providers.operation import Ask

PATH: Final = re.compile(
    r"(?P<base>.*?)/(?P<version>v[0-9][0-9a-z]*)/(?:projects/(?P<project>[^/:]+)/locations/(?P<location>[^/:]+)/)?"
    r"(?P<resource>[^?]+)"
).fullmatch
"""What a client of the SDK is made with, and the resource that its calls name (google-wire 1.1)."""


class Client(msgspec.Struct, frozen=True):
    """What tells one client of the SDK from another. No credential: it is put into the requests, not into clients."""

    base: str
    """Path before the version; usually empty."""
    version: str
    project: str | None
    """None for the Gemini API."""
    location: str | None


class Call(msgspec.Struct, frozen=True):
    """One call of the SDK."""

    client: Client
    collection: str
    """Of the client: `batches`, `interactions`, `tunings` or `operations`."""
    method: str
    name: str
    """What the call takes as the operation's name."""


class Form(msgspec.Struct, frozen=True):
    """The requests of one call; a group `name` holds what it takes."""

    verb: str
    resource: re.Pattern[str]
    collection: str
    method: str
    in_project: bool | None = None
    """Whether it is one of Vertex; None where both have it."""


def _form(verb: str, resource: str, collection: str, method: str, in_project: bool | None = None) -> Form:
    return Form(verb, re.compile(resource), collection, method, in_project)


ID = "[^/:]+"
FORMS: Final = (
    _form("GET", rf"(?P<name>batches/{ID})", "batches", "get", False),
    _form("POST", rf"(?P<name>batches/{ID}):cancel", "batches", "cancel", False),
    _form("GET", rf"batchPredictionJobs/(?P<name>{ID})", "batches", "get", True),
    _form("POST", rf"batchPredictionJobs/(?P<name>{ID}):cancel", "batches", "cancel", True),
    _form("GET", rf"interactions/(?P<name>{ID})", "interactions", "get"),
    _form("POST", rf"interactions/(?P<name>{ID})/cancel", "interactions", "cancel"),
    _form("GET", rf"(?P<name>tunedModels/{ID})", "tunings", "get", False),
    _form("POST", rf"(?P<name>tunedModels/{ID}):cancel", "tunings", "cancel", False),
    _form("GET", rf"(?P<name>tuningJobs/{ID})", "tunings", "get", True),
    _form("POST", rf"(?P<name>tuningJobs/{ID}):cancel", "tunings", "cancel", True),
    _form("GET", rf"(?P<name>models/{ID}/operations/{ID})", "operations", "get", False),
    _form("POST", rf"publishers/{ID}/models/{ID}:fetchPredictOperation", "operations", "get", True),
)


class Named(msgspec.Struct, gc=False):
    """The body of `fetchPredictOperation`."""

    name: str = msgspec.field(name="operationName")


NAMED: Final = msgspec.json.Decoder(Named)


def call_for(ask: Ask) -> Call | None:
    """The call that sends a request; None where none does."""
    found = PATH(ask.target)
    if found is None:
        return None
    client = Client(found["base"], found["version"], found["project"], found["location"])
    for form in FORMS:
        resource = form.resource.fullmatch(found["resource"])
        if resource is not None and form.verb == ask.verb and form.in_project in (None, client.project is not None):
            name = _name(client, form, resource, ask.body)
            return Call(client, form.collection, form.method, name) if name else None
    return None


def _name(client: Client, form: Form, resource: re.Match[str], body: bytes) -> str:
    """What the call takes; in full where Vertex's takes it in full."""
    if "name" not in form.resource.groupindex:
        return _named(body)
    if form.collection == "tunings" and form.in_project:
        return f"projects/{client.project}/locations/{client.location}/{resource['name']}"
    return resource["name"]


def _named(body: bytes) -> str:
    try:
        return NAMED.decode(body).name
    except msgspec.MsgspecError:
        return ""
