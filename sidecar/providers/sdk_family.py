"""What an SDK says of itself in its request's header fields: which attempt it is, when the next may come, how long it waits.

No SDK tested sends an idempotency key by default, and few mark their attempts (providers-wire 1). fal's and OpenRouter's try
again without a mark, and google-genai does where it is asked to (google-wire 6): which attempt theirs is can't be told, so a call
would be held open behind the last one too. They are `unknown` here, as curl is. Their retries are recognized all the same, by
being equal (`same_request.py`); only nothing is held open for them at a provider that would have stopped.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec


class SdkFamily(StrEnum):
    """SDKs whose attempts are marked alike and come at the same pace."""

    STAINLESS = "stainless"
    """OpenAI's, Anthropic's, Groq's, Fireworks' and others that Stainless generates, in any language."""
    TOGETHER = "together"
    """Together's, generated as well, and slower to try again."""
    BOTO3 = "boto3"
    """In its modes `standard`, the default since 1.44, and `adaptive`."""
    BOTO3_LEGACY = "boto3_legacy"
    """In its mode `legacy`, the default before."""
    AWS = "aws"
    """AWS' for other languages: the same marks, at a pace that nobody has measured."""
    UNKNOWN = "unknown"


class Sender(msgspec.Struct, frozen=True, gc=False):
    """Who sent a request, as far as it says so."""

    family: SdkFamily = SdkFamily.UNKNOWN
    attempt: int = 0
    """1 is the first; 0 where the SDK does not say."""
    last_attempt: int = 0
    """The SDK's limit of attempts; 0 where it does not say. Stainless never does."""
    call_id: str = ""
    """One for all attempts of a call, drawn by the SDK; empty where it draws none."""


UNKNOWN: Final = Sender()

RETRY_COUNT: Final = b"\r\nx-stainless-retry-count:"
CALL_ID: Final = b"\r\namz-sdk-invocation-id:"
ATTEMPTS: Final = b"\r\namz-sdk-request:"
USER_AGENT: Final = b"\r\nuser-agent:"

ATTEMPT: Final = re.compile(rb"(?<![a-z])attempt=([0-9]{1,9})(?![0-9])").search
LAST_ATTEMPT: Final = re.compile(rb"(?<![a-z])max=([0-9]{1,9})(?![0-9])").search
"""`attempt=2; max=3`, with a `ttl=` before them once a reply has told the time (botocore 1.44)."""
LONGEST_COUNT: Final = 9
"""Digits; no SDK counts so far, and a header has room for thousands."""
LONGEST_CALL_ID: Final = 100
"""Characters; it is a UUID."""

OF_TOGETHER: Final = (b"together/", b"asynctogether/")
"""Its client classes' names: Stainless' SDKs send theirs first in User-Agent (together-py `_base_client.py`)."""
OF_BOTO: Final = (b"boto3/", b"botocore/")
LEGACY: Final = b"retry-mode#legacy"
"""botocore puts its mode into User-Agent, as `cfg/retry-mode#standard` (recorded from 1.44.5; `useragent.py`)."""

GRACE_SECONDS: Final[Mapping[SdkFamily, tuple[float, ...]]] = {
    # Waits at most 0.5, 1, 2, 4, then 8 s (openai, anthropic, groq `_constants.py`; measured; providers-wire 2).
    SdkFamily.STAINLESS: (1.5, 2.5, 3.5, 5.5, 8.5),
    # At most 1, 2, 4, 8, then 10 s (together-py `_constants.py`); measured 0.8 and 1.9 s (providers-wire 2).
    SdkFamily.TOGETHER: (2.0, 3.5, 5.5, 9.5, 10.5),
    # At most 0.05 s, twice as long each time, 20 s in the end (botocore 1.44.5 `retries/standard.py`); measured 10-60 ms.
    # Before 1.44 who chose `standard` waited up to 1 s, then 2 s: such a retry may find its first attempt cut.
    SdkFamily.BOTO3: (0.5, 0.5, 0.7, 0.9, 1.3, 2.1, 3.7, 6.9, 13.3, 20.5),
    # At most 1, 2, 4, then 8 s before the fifth and last (botocore `retryhandler.py`); measured 0.8-4.3 s (providers-wire 2).
    # A larger limit of attempts is no bounded wait any more; it is not followed beyond 20 s.
    SdkFamily.BOTO3_LEGACY: (1.5, 2.5, 4.5, 8.5, 16.5, 20.0),
}
"""By attempt, the last for all later ones: how long the next takes to arrive, its wait and its way together."""

TIMEOUTS: Final = (b"\r\nx-stainless-read-timeout:", b"\r\nx-stainless-timeout:", b"\r\nx-server-timeout:")
"""Seconds, the most precise first: how long Stainless' SDKs for Python wait for the next byte; the same, or for JavaScript the
time until the head, its fraction cut off (providers-wire 1); google-genai's whole timeout, rounded up, or what an application
has written there itself (google-wire 5.4).

Others look alike and say something else. `X-Fal-Request-Timeout` bounds the time until fal starts (`start_timeout=`), and
`Prefer: wait` the time that Replicate holds its reply back: their callers wait longer. `grpc-timeout` comes on HTTP/2, which is
not spoken here."""
SECONDS: Final = re.compile(rb"[ \t]*+([0-9]{1,6}+(?:\.[0-9]{1,20}+)?)[ \t]*+(?=\r|\Z)").match
LONGEST_TIMEOUT_SECONDS: Final = 7 * 86400.0
"""Who says that it waits for longer says nothing."""


def sender_of(fields: bytes) -> Sender:
    """Who sent a request with these header fields (as `RequestHead.fields`). Never raises; what is no mark is not there."""
    lowered = fields.lower()  # and looked through from the end, where the marks stand: several times as fast as `in`
    if lowered.rfind(b"\r\namz-sdk-") >= 0:
        return _amazons(fields, lowered)
    if lowered.rfind(b"\r\nx-stainless-") >= 0:
        return _stainless(lowered)
    return UNKNOWN


def follows(sender: Sender, before: Sender) -> bool:
    """The SDK itself says that this is a later attempt of the same call: it has given up the one before."""
    return bool(sender.call_id) and sender.call_id == before.call_id and sender.attempt > before.attempt


def grace_seconds(sender: Sender) -> float:
    """How long after this attempt's end the same SDK's next one may take to arrive; 0 where none will come, or nobody knows.

    Which attempt is Stainless' last is not on the wire. By default it is the third, behind which this still waits.
    """
    if 0 < sender.last_attempt <= sender.attempt:
        return 0.0
    graces = GRACE_SECONDS.get(sender.family, (0.0,))
    return graces[min(max(sender.attempt, 1), len(graces)) - 1]


def caller_timeout_seconds(fields: bytes) -> float | None:
    """How long a request with these header fields says that its caller waits, in seconds. Never raises.

    For Stainless' SDKs it is the longest silence, not the longest call: each piece of a stream begins it anew. None where nothing
    is said, or nothing that can be: negative, `NOT_GIVEN` (anthropic-python's streams), `nan`, more than a week. And for 0: SDKs
    for JavaScript cut the fraction off, so that 0.5 s is sent as 0, which may be any time below a second.
    """
    lowered = fields.lower()
    if lowered.rfind(b"-timeout:") < 0:
        return None
    for name in TIMEOUTS:
        start = lowered.rfind(name)
        said = SECONDS(lowered, start + len(name)) if start >= 0 else None
        if said is not None and 0 < (seconds := float(said[1])) <= LONGEST_TIMEOUT_SECONDS:
            return seconds
    return None


def _stainless(lowered: bytes) -> Sender:
    """The count is of retries: 0 is the first attempt. An application may leave it out."""
    count = _value(lowered, lowered, RETRY_COUNT)
    is_count = count.isdigit() and len(count) <= LONGEST_COUNT
    is_togethers = _value(lowered, lowered, USER_AGENT).startswith(OF_TOGETHER)
    return Sender(SdkFamily.TOGETHER if is_togethers else SdkFamily.STAINLESS, int(count) + 1 if is_count else 0)


def _amazons(fields: bytes, lowered: bytes) -> Sender:
    said, call_id = _value(lowered, lowered, ATTEMPTS), _value(fields, lowered, CALL_ID)
    attempt, last_attempt = ATTEMPT(said), LAST_ATTEMPT(said)
    return Sender(
        _pace(_value(lowered, lowered, USER_AGENT), is_limit_said=last_attempt is not None),
        int(attempt[1]) if attempt else 0,
        int(last_attempt[1]) if last_attempt else 0,
        call_id.decode("latin-1") if len(call_id) <= LONGEST_CALL_ID else "",
    )


def _value(fields: bytes, lowered: bytes, name: bytes) -> bytes:
    """The last value of a field, as typed or in lower case; empty when it is absent."""
    start = lowered.rfind(name)
    if start < 0:
        return b""
    start += len(name)
    end = fields.find(b"\r", start)
    return fields[start : end if end >= 0 else None].strip(b" \t")


def _pace(user_agent: bytes, *, is_limit_said: bool) -> SdkFamily:
    """`legacy` learns its limit with its first failure: its first attempt comes without `max` (providers-wire 2)."""
    if not user_agent.startswith(OF_BOTO):
        return SdkFamily.AWS
    return SdkFamily.BOTO3_LEGACY if LEGACY in user_agent or not is_limit_said else SdkFamily.BOTO3
