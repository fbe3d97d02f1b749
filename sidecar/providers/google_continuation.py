"""The tokens by which an SDK asks for the rest of an answer that the provider broke off (google-wire 6).

A reply hands one out (`candidates[].continuationToken`, `continuation_token` of an interaction), and the next request carries
it: that is how the hops of one answer are told to belong together. Only digests of them are kept.
"""

from hashlib import blake2b

from msgspec import Raw

from sidecar.bodies.lenient import NULL, value_of

DIGEST_BYTES = 16
LEFT_OUT = "..."
"""What a skeleton has for a long string: which token it was is not known any more."""
STANDARD = str.maketrans("-_", "+/")


def digest_of(token: str) -> str:
    """32 hexadecimal digits that are the same for a token as the reply wrote it and as the request repeats it.

    The generateContent token is base64. Google writes the standard alphabet (protobuf's JSON mapping); python-genai reads the
    token as bytes and writes the URL-safe one. Both are read alike, with padding or without.
    """
    alike = token.translate(STANDARD).rstrip("=")
    return blake2b(alike.encode("utf-8", "replace"), digest_size=DIGEST_BYTES).hexdigest()


def digest_in(*raws: Raw) -> str:
    """The digest of the first that is a token; empty when none is."""
    for raw in raws:
        if raw is not NULL and isinstance(token := value_of(raw), str) and token and token != LEFT_OUT:
            return digest_of(token)
    return ""
