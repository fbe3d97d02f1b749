"""What the bodies of Google's requests say.

Where model and kind stand in the path the body is asked for one thing only, whether it goes on with an earlier answer, and
decoded only when it holds that key at all. Where the body names the model (`interactions`, `decisions`, `cachedContents`) it
is decoded into a few fields.
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE, decoded, value_of
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, RequestReader
from sidecar.providers.google_continuation import digest_in
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.names import name_of

CONTINUATION_KEY = b'"continuation'
"""Of `continuationToken`, and of `continuation_token`, which Google's JSON takes for the same field."""


class Continued(Struct, rename="camel", gc=False):
    """The token of a request for the rest of an answer."""

    continuation_token: Raw = NULL
    snake: Raw = msgspec.field(name="continuation_token", default=NULL)


class Asked(Continued, gc=False):
    """A request whose body says what it is: `model` or `agent`, and how the answer is wanted."""

    model: str | None = None
    agent: str | None = None
    stream: bool | None = None
    background: bool | None = None
    webhook_config: Raw = NULL
    snake_webhook: Raw = msgspec.field(name="webhook_config", default=NULL)


class UnsureAsked(Continued, gc=False):
    """The same of which nothing is sure."""

    model: Raw = NULL
    agent: Raw = NULL
    stream: Raw = NULL
    background: Raw = NULL
    webhook_config: Raw = NULL
    snake_webhook: Raw = msgspec.field(name="webhook_config", default=NULL)


CONTINUED = msgspec.json.Decoder(Continued)
ASKED = msgspec.json.Decoder(Asked)
UNSURE_ASKED = msgspec.json.Decoder(UnsureAsked)


def continued_in(document: bytes) -> RequestFacts:
    """Which earlier answer a request goes on with.

    Raises:
        Unreadable: it seems to, and is no JSON object.
    """
    if CONTINUATION_KEY not in document:
        return NO_FACTS
    continued = decoded(CONTINUED, document)
    digest = digest_in(continued.continuation_token, continued.snake)
    return RequestFacts(continues=digest) if digest else NO_FACTS


def asked_in(document: bytes) -> RequestFacts:
    """Model or agent, kind, and which earlier answer a request goes on with.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    try:
        asked = ASKED.decode(document)
    except UNREADABLE:
        asked = carefully(decoded(UNSURE_ASKED, document))
    return RequestFacts(
        model=plain(asked.model or "") or plain(asked.agent or ""),
        is_stream=asked.stream,
        is_background=asked.background is True,
        has_webhook=bool(value_of(asked.webhook_config) or value_of(asked.snake_webhook)),
        continues=digest_in(asked.continuation_token, asked.snake),
    )


def carefully(unsure: UnsureAsked) -> Asked:
    """What can be read of a request."""
    model, agent = value_of(unsure.model), value_of(unsure.agent)
    stream, background = value_of(unsure.stream), value_of(unsure.background)
    return Asked(
        continuation_token=unsure.continuation_token,
        snake=unsure.snake,
        model=model if isinstance(model, str) else None,
        agent=agent if isinstance(agent, str) else None,
        stream=stream if isinstance(stream, bool) else None,
        background=background if isinstance(background, bool) else None,
        webhook_config=unsure.webhook_config,
        snake_webhook=unsure.snake_webhook,
    )


def named_in(document: bytes) -> RequestFacts:
    """The model of a request that can't be streamed.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return RequestFacts(model=named(decoded(UNSURE_ASKED, document).model))


def named(raw: Raw) -> str:
    """The name that stands there, plainly; empty when there is none."""
    name = value_of(raw)
    return plain(name) if isinstance(name, str) else ""


def plain(name: str) -> str:
    """A name without the collections before it; empty when it is too long to be one.

    `models/m`, `publishers/google/models/m`, `projects/p/locations/l/publishers/google/models/m`.
    """
    return name_of(name.rpartition("models/")[2])


def open_generate_request(head: RequestHead) -> RequestReader:
    """The reader of a request whose path says what it is."""
    return JsonRequest(continued_in, head)


def open_interaction_request(head: RequestHead) -> RequestReader:
    """The reader of a request for an interaction."""
    return JsonRequest(asked_in, head)


def open_named_request(head: RequestHead) -> RequestReader:
    """The reader of a request that names its model in its body."""
    return JsonRequest(named_in, head)
