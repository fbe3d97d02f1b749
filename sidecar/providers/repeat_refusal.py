"""Which answers make an SDK send a request again by itself, and the one by which a repeat is refused without making it do so.

Every row was measured with the SDK against a raw server, or read in its source: providers-wire 1.3 and 2, google-wire 6. What an
application does on top of its SDK nobody knows.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

SERVER_ERRORS: Final = range(500, 600)


class Retries(msgspec.Struct, frozen=True):
    """Statuses after which an SDK sends a request again, its own or what it can be told to."""

    statuses: frozenset[int]
    source: str
    obeys_advice: bool = False
    """The reply's `x-should-retry` is obeyed, whatever the status."""


def _statuses(*some: int, server_errors: bool = False) -> frozenset[int]:
    return frozenset([*some, *(SERVER_ERRORS if server_errors else ())])


RETRIES: Final[Mapping[str, Retries]] = {
    "openai, anthropic, groq, together, fireworks": Retries(
        _statuses(408, 409, 429, server_errors=True),
        source="Stainless' `_base_client.py`, `_should_retry`; measured, Python and JavaScript (providers-wire 1.3 and 2)",
        obeys_advice=True,
    ),
    "google-genai": Retries(
        _statuses(408, 429, 500, 502, 503, 504),
        source="google-genai 3.4.0 `_api_client.py`, `_RETRY_HTTP_STATUS_CODES`; measured; off by default (google-wire 6)",
    ),
    "google-genai Interactions": Retries(
        _statuses(408, 409, 429, server_errors=True),
        source="google-genai 3.4.0 `_gaos/interactions.py`, `retry_config`; measured; on by default (google-wire 6)",
    ),
    "boto3": Retries(
        _statuses(429, 500, 502, 503, 504),
        source="botocore 1.44.5 `retries/standard.py`; error codes beside them, which no answer of ours has; measured",
    ),
    "boto3 legacy": Retries(
        _statuses(429, 500, 502, 503, 504, 509),
        source="botocore 1.44.5 `data/_retry.json`; error codes beside them; measured (providers-wire 2)",
    ),
    "cohere": Retries(
        _statuses(408, 409, 429, server_errors=True),
        source="cohere 7.3.1 `core/http_client.py`, `_should_retry`; measured (providers-wire 2)",
    ),
    "mistralai": Retries(
        _statuses(429, 500, 502, 503, 504),
        source="mistralai 3.7.0 `client/chat.py`, `retry_config`; off by default, measured (providers-wire 2)",
    ),
    "openrouter": Retries(
        _statuses(server_errors=True),
        source="openrouter 1.3.84; measured (providers-wire 1.9 and 2)",
    ),
    "fal": Retries(
        _statuses(408, 409, 429, 502, 503, 504),
        source="fal-client 1.0.3, the last three only as nginx writes them; measured (providers-wire 2)",
    ),
    "replicate": Retries(
        _statuses(429, 503, 504),
        source="replicate 1.0.7, of requests other than POST; measured (providers-wire 2)",
    ),
}
"""huggingface_hub and ollama send nothing again."""

RETRIED: Final = frozenset[int]().union(*(row.statuses for row in RETRIES.values()))
"""Statuses after which some SDK sends a request again."""

REFUSED_REPEAT: Final = 425
"""Too Early (RFC 8470 section 5.2): "the server is unwilling to risk processing a request that might be replayed". A browser
is expected to send again what it had sent in TLS early data, which no request to us is. It goes with `x-should-retry: false`.

409 would be the usual word, and is retried. 499 is Google's CANCELLED, and 422 and 423 speak of a request's contents and of
WebDAV's locks.
"""


def repeat_refused(first: str, bound: str) -> str:
    """What a retry is told that would be paid twice: `first` is the id of the call that it repeats, `bound` a setting's name."""
    return (
        f"the same request is being answered by the provider, or was a moment ago (call {first}); its caller left, and its"
        f" answer is larger than {bound}: sent again it would be paid twice (rescue.on_repeat)"
    )
