"""Responses in the background, in OpenAI's language (providers-wire 4 and 5; openai-python 3.54, `types/responses`)."""

import msgspec

from sidecar.lifecycle.operation import OperationKind
from sidecar.providers.observing import either_observed
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_reported import reported_in
from sidecar.providers.operation import OperationWire, Progress
from sidecar.providers.operation_asks import ask_below
from sidecar.providers.operation_documents import Report, Shape, described_by

P = Progress
RESPONSE_WORDS = {
    "queued": P.RUNNING, "in_progress": P.RUNNING, "completed": P.SUCCEEDED, "incomplete": P.SUCCEEDED, "failed": P.FAILED,
    "cancelled": P.CANCELLED,
}  # fmt: skip
"""`incomplete` is an answer that stopped at a limit, and is billed as any other."""


def usage_by(extras: Extras) -> Report:
    """Tells the usage of a document as its calls do."""
    return lambda told: reported_in(told.document, extras)


def responses(extras: Extras = PLAIN) -> OperationWire:
    """Responses in the background. A cancelled one reports no usage (OpenAI forum 1377768), and there is no listing of them.

    To close the stream of one does not stop it (providers-wire 5). `error` among its events is not its end: it is asked again.
    """
    shape = Shape(words=RESPONSE_WORDS, ended_at=("completed_at",), report=usage_by(extras))
    in_event = msgspec.structs.replace(shape, inner="response", is_enveloped=True)
    return OperationWire(
        OperationKind.BACKGROUND,
        either_observed(described_by(shape), described_by(in_event), hint=b'"response"'),
        poll=ask_below(),
        cancel=ask_below("/cancel", "POST"),
    )
