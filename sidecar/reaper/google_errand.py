"""One question about an operation on its way through the SDK: which request it may send, and the answer as it came."""

from contextvars import ContextVar
from typing import Final, Protocol

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.answer import Answer, Credential, Fields, Unreachable
from sidecar.providers.operation import Ask


class Upstreams(Protocol):
    """What carries our requests (`proxy.asking.UpstreamAsker`, where the methods are described)."""

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer: ...  # noqa: D102
    async def send(self, record: OperationRecord, question: Ask, fields: Fields) -> Answer: ...  # noqa: D102


class Errand:
    """Sends one request and keeps its answer."""

    def __init__(
        self, upstreams: Upstreams, record: OperationRecord, wanted: Ask, credential: Credential | None
    ) -> None:
        self._upstreams = upstreams
        self._record = record
        self._wanted = wanted
        self._fields = () if credential is None else credential.fields
        self._is_sent = False
        self._answer: Answer | None = None
        self._failure: Unreachable | None = None

    async def carry(self, written: Ask, said: Fields) -> Answer:
        """Send what the SDK has written, with what it says of itself, and the credential.

        Raises:
            Unreachable: there was no answer, or it is not to be sent.
        """
        if self._is_sent:
            raise Unreachable("one question is one request: a second one is not sent")
        if _place(written) != _place(self._wanted):
            raise Unreachable("the SDK would ask at another place than the dialect")
        self._is_sent = True
        try:
            self._answer = await self._upstreams.send(self._record, written, said + self._fields)
        except Unreachable as why:
            self._failure = why
            raise
        return self._answer

    def answer(self) -> Answer | None:
        """The answer as it came; None when nothing was sent.

        Raises:
            Unreachable: it was sent, and there was none.
        """
        if self._failure is not None:
            raise self._failure
        return self._answer


def _place(ask: Ask) -> tuple[str, str]:
    return ask.verb, ask.target.partition("?")[0]


ERRAND: Final[ContextVar[Errand]] = ContextVar("ERRAND")
"""The question that the present task is about: the SDK offers no way to tell one call's requests from another's."""
