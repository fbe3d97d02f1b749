"""What a cached content costs to make: `cachedContents` (google-wire 2).

Its tokens are billed as input when the cache is made, and the reply counts them. Storage is billed by the hour until it
expires or is deleted; it is not in the reply, so the tokens are the least that it costs.
"""

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, decoded, value_of
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts
from sidecar.providers.counts import careful_count
from sidecar.providers.google_request import named
from sidecar.providers.unary import UnaryReader


class CachedContent(Struct, rename="camel", gc=False):
    """The resource, as far as it says what was cached."""

    model: Raw = NULL
    usage_metadata: Raw = NULL


CACHED = msgspec.json.Decoder(CachedContent)


def cached_in(document: bytes) -> Reported | None:
    """The tokens that were cached; None when the reply counts none.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    cached = decoded(CACHED, document)
    fields = value_of(cached.usage_metadata)
    tokens, _ = careful_count(fields.get("totalTokenCount")) if isinstance(fields, dict) else (0, False)
    if not tokens:
        return None
    return Reported(Usage(input=tokens), named(cached.model), basis=Basis.AT_LEAST, reason="storage_not_counted")


def open_cached(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a cached content that was made."""
    return UnaryReader(cached_in, head)
