"""Which header fields of a request carry its credential, by dialect, and how a configured key is sent (providers-wire 2).

A request of our own about an operation goes out with what its caller last sent, or with a configured key; both need to know
where a credential stands. All of it is data, names in lower case; nothing here sees a credential's value.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

Names = tuple[bytes, ...]


class CredentialHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """Where one dialect's credential stands."""

    secret: Names = (b"authorization",)
    """Fields that let one in. A request has one of them, or a few."""
    companions: Names = ()
    """Fields that belong to them and are sent again where the caller sent them: account, version, beta.
    No secrets, but without them the same credential is refused, or is another project's."""
    key_field: bytes = b"authorization"
    """Where a configured key is sent."""
    key_prefix: bytes = b"Bearer "
    """What is put before it there."""
    always: tuple[tuple[bytes, bytes], ...] = ()
    """Fields without which the provider refuses every request: sent unless the caller's own are known."""
    query: Names = ()
    """Parameters of the query that may hold the key instead of a field; it is then sent in `key_field`."""
    one_time: Names = ()
    """What the value of a secret begins with that is good for the one request that it came with: a signature over it."""


GOOGLE = (b"x-goog-user-project",)
"""The project that pays for the quota (`google-auth` sends it with credentials that have one)."""
OPENAI = (b"openai-organization", b"openai-project", b"openai-beta")
"""`OpenAI-Beta: assistants=v2` is demanded by everything below `/threads`."""
ANTHROPIC = (b"anthropic-version", b"anthropic-beta")
VERSION = ((b"anthropic-version", b"2023-06-01"),)
"""The version that anthropic-python sent up to 1.x, and that every model is served in."""

BEARER: Final = CredentialHeaders()
"""One token, in one field: most of OpenAI's language."""
ENGINE: Final = CredentialHeaders(secret=(b"authorization", b"x-api-key"), companions=ANTHROPIC)
"""Servers that speak Anthropic's language beside OpenAI's take a key where either of the two SDKs puts it."""

HEADERS: Final[Mapping[str, CredentialHeaders]] = {
    "gemini": CredentialHeaders(
        secret=(b"x-goog-api-key", b"authorization"),
        companions=GOOGLE,
        key_field=b"x-goog-api-key",
        key_prefix=b"",
        query=(b"key",),
    ),
    # A configured key of Vertex is an access token; one of express mode (`x-goog-api-key`) opens no long-running work.
    "vertex": CredentialHeaders(secret=(b"authorization", b"x-goog-api-key"), companions=GOOGLE),
    "openai": CredentialHeaders(companions=OPENAI),
    # `api-key`, a token of Entra, or the key of an API Management gateway in front of it.
    "azure": CredentialHeaders(
        secret=(b"api-key", b"authorization", b"ocp-apim-subscription-key"),
        companions=OPENAI,
        key_field=b"api-key",
        key_prefix=b"",
    ),
    # Since 2.x the SDK sends its key as a bearer's; `api-key` is Foundry's. The key alone is taken in `x-api-key` by all.
    "anthropic": CredentialHeaders(
        secret=(b"x-api-key", b"authorization", b"api-key"),
        companions=ANTHROPIC,
        key_field=b"x-api-key",
        key_prefix=b"",
        always=VERSION,
    ),
    # AWS's signature is over host, path and minute: what we ask needs one of its own, or a key (`AWS_BEARER_TOKEN_BEDROCK`).
    "bedrock": CredentialHeaders(secret=(b"authorization", b"x-amz-security-token"), one_time=(b"AWS4-",)),
    "cohere": BEARER,
    "mistral": BEARER,
    "groq": BEARER,
    "xai": BEARER,
    "deepseek": ENGINE,
    "together": BEARER,
    "fireworks": BEARER,
    "openrouter": ENGINE,
    "ollama": BEARER,
    "vllm": ENGINE,
    "sglang": ENGINE,
    "tgi": ENGINE,
    "trt_llm": ENGINE,
    "llama_cpp": ENGINE,
    "lm_studio": ENGINE,
    "replicate": BEARER,
    "fal": CredentialHeaders(key_prefix=b"Key "),
    "fal_queue": CredentialHeaders(key_prefix=b"Key "),
    "runpod": BEARER,
}
"""By the dialect's name."""


def credential_fields(dialect: str) -> CredentialHeaders:
    """Where a dialect's credential stands; a bearer's token for a dialect that is not known here."""
    return HEADERS.get(dialect, BEARER)
