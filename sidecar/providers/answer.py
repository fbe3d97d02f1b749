"""What goes with a request of our own besides the `Ask` itself, and what comes back.

Here, below those who ask (the reaper) and those who carry (the proxy), because both speak of it and neither knows the other.
"""

from collections.abc import Awaitable, Callable

import msgspec

from sidecar.errors import SidecarError

Fields = tuple[tuple[bytes, bytes], ...]
"""Header fields, names in lower case."""


class Signable(msgspec.Struct, frozen=True):
    """What a signature is made over."""

    verb: str
    url: str
    """As it goes out, with its query."""
    body: bytes


Sign = Callable[[Signable], Awaitable[Fields]]
"""Makes the fields that let one request in. Raises Unreachable when it can't."""


class Credential(msgspec.Struct, frozen=True):
    """Header fields that let one in, and those that belong to them (a version, a project). Held in memory only."""

    fields: Fields
    source: str
    """Where it is from, for the log: `caller`, `env GEMINI_API_KEY`, `file`, `google_adc`, `aws`."""
    sign: Sign | None = None
    """Where every request needs fields of its own (AWS); None where `fields` are all."""

    def __repr__(self) -> str:
        return f"<Credential from {self.source}>"

    async def fields_for(self, request: Signable) -> Fields:
        """The fields that let this request in.

        Raises:
            Unreachable: it can't be signed.
        """
        return self.fields if self.sign is None else self.fields + await self.sign(request)


class Answer(msgspec.Struct, frozen=True):
    """A provider's reply to a question of our own, whole."""

    status: int
    body: bytes = b""
    content_type: str = ""
    content_coding: str = ""
    headers: dict[str, str] = {}
    """By lower-case name; only those that were asked for."""
    retry_after_seconds: float | None = None
    """What the provider wants us to wait before the next; None when it does not say."""

    def __repr__(self) -> str:
        return f"<Answer {self.status}, {len(self.body)} bytes>"  # a body may hold prompts and answers


class Unreachable(SidecarError):
    """No answer came: no connection, a broken one, or none in time. What the provider did with the request is not known."""


class AnswerTooLarge(Unreachable):
    """An answer came, and is larger than is taken. To ask again would bring it again."""
