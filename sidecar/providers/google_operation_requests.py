"""What the bodies of Google's requests that open a batch or a tuning say: model, what it is called, whether a webhook is told.

The name is kept as a digest, by which a listing can be searched when the reply to the request was lost (google-wire 10).
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.providers.contract import RequestFacts, RequestHead, RequestReader
from sidecar.providers.google_request import named
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.operation_documents import marked


class Asked(Struct, rename="camel", gc=False):
    """A request, or the batch in it."""

    display_name: Raw = NULL
    snake_name: Raw = msgspec.field(name="display_name", default=NULL)
    tuned_name: Raw = msgspec.field(name="tunedModelDisplayName", default=NULL)
    webhook: Raw = msgspec.field(name="webhookConfig", default=NULL)
    snake_webhook: Raw = msgspec.field(name="webhook_config", default=NULL)
    model: Raw = NULL
    base_model: Raw = NULL


class Wrapped(Struct, gc=False):
    """A request of the Gemini API for a batch."""

    batch: Asked | None = None


ASKED = msgspec.json.Decoder(Asked)
WRAPPED = msgspec.json.Decoder(Wrapped)


def batch_asked(document: bytes) -> RequestFacts:
    """What a batch of the Gemini API is called; its model stands in the path.

    Raises:
        Unreadable: the document is no request, or not a whole one.
    """
    return facts_of(decoded(WRAPPED, document).batch or Asked())


def job_asked(document: bytes) -> RequestFacts:
    """Model and name of a job of Vertex's, or of a tuning.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    return facts_of(decoded(ASKED, document))


def facts_of(asked: Asked) -> RequestFacts:
    """The same, once decoded."""
    marks = (marked(value_of(name)) for name in (asked.display_name, asked.snake_name, asked.tuned_name))
    return RequestFacts(
        model=named(asked.model) or named(asked.base_model),
        mark=next(filter(None, marks), ""),
        has_webhook=is_told(asked.webhook) or is_told(asked.snake_webhook),
    )


def is_told(webhook: Raw) -> bool:
    """Whether a webhook's configuration is one."""
    return bool(value_of(webhook))


def open_batch_request(head: RequestHead) -> RequestReader:
    """The reader of a request of the Gemini API for a batch."""
    return JsonRequest(batch_asked, head)


def open_job_request(head: RequestHead) -> RequestReader:
    """The reader of a request for a job of Vertex's, or for a tuning."""
    return JsonRequest(job_asked, head)
