"""Which requests are one and the same: sent twice by one caller, as a retry is.

By equality, not by recognizing retries: every header field counts but those that are known to differ from attempt to attempt. The
other way around would be wrong once and for money: tenants behind a gateway may be told apart by one field that nobody here has
heard of, and an answer must never go to another's.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from operator import itemgetter
from typing import Final

PER_ATTEMPT: Final = frozenset({
    b"x-stainless-retry-count",  # the one value that differs between a Stainless SDK's attempts (providers-wire 2)
    b"amz-sdk-request", b"x-amz-date", b"date",  # boto3: which attempt it is, and when it was signed (providers-wire 8)
    # The span of a trace that the attempt is. Instrumentation of HTTP clients draws one for each request that goes out.
    b"traceparent", b"tracestate",  # W3C Trace Context
    b"b3",  # Zipkin, with X-B3-*
    b"sentry-trace", b"x-amzn-trace-id", b"x-cloud-trace-context", b"uber-trace-id", b"newrelic",
    # The number of the request in somebody's log: a proxy before us or a client's hook draws one for each that passes.
    b"x-request-id", b"x-correlation-id", b"x-client-request-id", b"x-ms-client-request-id",
})  # fmt: skip
"""Names of fields that say nothing about what is asked, in lower case. A closed list: what is not here counts.

W3C's `baggage` counts. It is not drawn per request but passed along, the same in each attempt, and may name a tenant."""
PER_ATTEMPT_BEGINNINGS: Final = (b"x-b3-", b"x-datadog-")

MULTIPART: Final = b"multipart/"
BOUNDARY: Final = re.compile(rb';[ \t]*+boundary=(?:"(?:[^"\\]|\\.|)*+"|[^;]*+)', re.IGNORECASE).sub
"""SDKs draw another for each attempt, and nothing else in the body differs (providers-wire 2)."""

SIGNATURE: Final = b"AWS4-"
"""What `Authorization` begins with where it is a signature of AWS' over one request at one second (SigV4, SigV4a)."""
LASTING: Final = re.compile(rb"[ ,](Credential=[^\s,]++|SignedHeaders=[^\s,]++)").findall
"""What of such a signature is alike in each attempt: the access key's id with its scope, and the names of what is signed."""
PARTS_OF_SIGNATURE: Final = 3
"""Those two, behind SIGNATURE."""
CALL_ID: Final = b"amz-sdk-invocation-id"

AWS_AGENT: Final = b" ua/2."
"""In the User-Agent of AWS' SDKs: the version of their grammar for it."""
FEATURES: Final = re.compile(rb" m/[^ ]*+").sub
"""Which of its features the SDK has used so far, in any order. boto3 learns of some after its first attempt went out (seen with
1.44.5: `m/e`, then `m/b,e,E,Z,N`), so they say nothing about what is asked."""

FOR_US_ALONE: Final = b"proxy-authorization"
"""Besides `X-Sidecar-*`: who brings it means to be told apart by it, and it goes no further."""

DIGEST_BYTES: Final = 16
NO_IDENTITY: Final = b""


def identity_of(fields: bytes, *others: bytes) -> bytes:
    """A digest of 16 bytes of all that must be equal for two requests to be one; empty for one that is like no other.

    `fields` are a request's header fields (as `RequestHead.fields`); `others` are further parts that have to be equal, in their
    order: method, target, the body's digest, the upstream and its host, `for_us_alone`. Names count whatever their case, values
    without the space around them. Fields of different names have no order; those of one name are a list and have one (RFC 9110
    section 5.3).
    Credentials count by value and leave nothing but the digest; a request without one has an identity too. Never raises.

    A signature of AWS' differs between the attempts of one call, and what is left of it, an access key's id, is no secret. So
    signed requests are alike only by an equal `amz-sdk-invocation-id`, which the SDK draws at random for each call and shows to
    nobody else; without one there is no identity. Anthropic's clients for Bedrock sign without it: their retries get nothing.

    Whoever compares must take an empty identity for unequal to everything, itself included.
    """
    counted = _counted(fields)
    if SIGNATURE in fields and not _names_its_call(counted):
        return NO_IDENTITY
    counted.sort(key=itemgetter(0))
    digest = blake2b(digest_size=DIGEST_BYTES)
    for part in (b"\r\n".join([b"%b:%b" % field for field in counted]), *others):
        digest.update(len(part).to_bytes(8, "big"))  # so that no two sequences of parts are one text
        digest.update(part)
    return digest.digest()


def for_us_alone(noted: Mapping[bytes, bytes]) -> list[bytes]:
    """What a request says to us and to nobody behind us, among the fields that were noted: names and values, to be counted too.

    All of it, whatever we make of it: who marks tenants by a label that no setting allows has marked them all the same.
    """
    said = sorted(field for field in noted.items() if field[0] == FOR_US_ALONE or field[0].startswith(b"x-sidecar-"))
    return [part for field in said for part in field]


def _counted(fields: bytes) -> list[tuple[bytes, bytes]]:
    """The fields that count, in their order: names in lower case, and of values what is alike in each attempt."""
    counted, is_multipart = [], False
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        if name in PER_ATTEMPT or name.startswith(PER_ATTEMPT_BEGINNINGS):
            continue
        if name == b"content-type" and value[: len(MULTIPART)].lower() == MULTIPART:
            value, is_multipart = BOUNDARY(b"", value, 1), True
        elif name == b"authorization" and value.startswith(SIGNATURE):
            value = b" ".join([SIGNATURE, *LASTING(value)])
        elif name == b"user-agent" and AWS_AGENT in value:
            value = FEATURES(b"", value)
        counted.append((name, value))
    if is_multipart:  # boundaries need not be equally long; what else the body holds, its digest says
        return [field for field in counted if field[0] != b"content-length"]
    return counted


def _names_its_call(counted: list[tuple[bytes, bytes]]) -> bool:
    """A signed request says who signed what, and which call it belongs to. One that is not signed need not."""
    signatures = [value for name, value in counted if name == b"authorization" and value.startswith(SIGNATURE)]
    is_named = any(name == CALL_ID and value for name, value in counted)
    return not signatures or (is_named and all(len(value.split()) == PARTS_OF_SIGNATURE for value in signatures))
