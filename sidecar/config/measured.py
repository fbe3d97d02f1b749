"""What `sidecar probe` has measured at an upstream: whether closing the connection stops the work there.

Such a fact is about one place, one dialect and one model at one time. It stands above the built-in table
(`providers/facts.py`), which is about everybody, and below `on_close`, which is what you say yourself.
"""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from sidecar.clock import from_rfc3339, rfc3339
from sidecar.config.group import Group
from sidecar.config.values import Text, UpstreamUrl, unusable, unusable_whole
from sidecar.lifecycle.policy import OnClose


def _moment(value: object) -> str:
    """RFC 3339 in UTC. YAML reads such text as a date where it stands without quotes."""
    text = value.isoformat() if isinstance(value, datetime) else value
    try:
        return rfc3339(from_rfc3339(text if isinstance(text, str) else ""))
    except ValueError:
        raise unusable(value, "is not a moment", "write RFC 3339: 2026-11-22T10:00:00Z") from None


class MeasuredFact(Group):
    """One measurement."""

    dialect: Text
    """The language that was spoken; at an upstream that speaks another one by now the fact does not count."""
    url: UpstreamUrl
    """Where it was measured; at an upstream that is elsewhere by now the fact does not count."""
    model: Text
    """The model that was asked."""
    method: Text
    """The provider's name of the method that was called: `chat.completions`."""
    only_method: bool = False
    """It holds for that method alone: the dialect has others that may be served otherwise."""
    only_model: bool = False
    """It holds for that model alone: models of this upstream are served by different providers."""
    stream: OnClose | None = None
    """For streamed replies; None where that was not measured, or could not be told."""
    unary: OnClose | None = None
    """For whole replies, likewise."""
    measured_at: Annotated[str, BeforeValidator(_moment)]
    """RFC 3339, UTC."""
    evidence: Text
    """One sentence on what was seen."""
    version: Text
    """Of the sidecar that measured."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.stream in (None, OnClose.UNKNOWN) and self.unary in (None, OnClose.UNKNOWN):
            raise unusable_whole("says nothing", "write stream: stops or runs_on, or unary, or remove it")
        return self

    def is_of(self, dialect: str, url: str) -> bool:
        """Whether it was measured at an upstream that speaks this dialect at this url."""
        return (self.dialect, str(self.url)) == (dialect, url)
