"""What clients of SDKs are asked, and how they give what they are told.

A client is a generator. It makes one call and yields what its SDK gave: the answer, or each item of a stream, as plain values.
To close it before its end is to leave as a program leaves: the stream is closed, then the client.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

PROMPT = "Tell me about the sea."
TURN: Any = [{"role": "user", "content": PROMPT}]
KEY = "a-key"
PATIENCE_SECONDS = 20.0


class Asking(NamedTuple):
    """What is asked of a client."""

    base_url: str
    """Where the provider's host would stand; with the sidecar, the upstream's route."""
    model: str
    headers: Mapping[str, str]
    is_stream: bool = False
    retries: int = 0
    options: Mapping[str, Any] = {}
    """More arguments of the SDK's method."""
    proxy: str | None = None
    """Reach `base_url` through this HTTP proxy."""


Client = Callable[[Asking], Generator[Any, None, None]]


def items_of(told: Any, asking: Asking) -> Iterator[Any]:
    """The answer, or the items of a stream, which is closed behind the last one that is wanted."""
    if not asking.is_stream:
        yield plain(told)
        return
    with closing(told):
        for item in told:
            yield plain(item)


def plain(item: Any) -> Any:
    """An item of an SDK without its types, and without the fields of the reply's head."""
    if not hasattr(item, "model_dump"):
        return item
    told = item.model_dump(mode="json", exclude_unset=True)
    if isinstance(told, dict):
        told.pop("sdk_http_response", None)
    return told
