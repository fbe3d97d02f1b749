"""The reader of a request that is a form, for whatever dialect: what its fields say is told by a function."""

from collections.abc import Callable, Mapping

from sidecar.bodies.coding import decoder_of
from sidecar.bodies.multipart import MultipartForm
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead

FieldsToFacts = Callable[[Mapping[str, object]], RequestFacts]
"""Takes the small fields by name, each a string, and says what the request is. Never raises."""


class FormRequest:
    """Reads a request that is a form."""

    __slots__ = ("_decoder", "_facts", "_form", "_to_facts")

    def __init__(self, to_facts: FieldsToFacts, head: RequestHead) -> None:
        self._to_facts = to_facts
        self._decoder = decoder_of(head.content_coding)
        self._form = MultipartForm(head.content_type)
        self._facts = NO_FACTS

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the body."""
        self._form.feed(self._decoder.decode(chunk) if self._decoder else chunk)

    def finish(self) -> None:
        """The body has ended: read its fields."""
        self._facts = self._to_facts(self._form.finish())

    def facts(self) -> RequestFacts:
        """What was found."""
        return self._facts

    def text_bytes(self) -> int:
        """Bytes of the fields that are no files."""
        return self._form.text_bytes()
