"""What a provider's answer to a cancel says: one classification for all of them. Pure.

No answer is the end of an operation: `TAKEN` is not "cancelled", and the state is read afterwards whatever was said here
(google-wire 4, providers-wire 5).
"""

from enum import Enum, auto

import msgspec

from sidecar.bodies.lenient import UNREADABLE

LONGEST = 64 * 1024
"""Bytes of an answer that are looked at; what is longer is no error, and its status alone counts."""


class CancelAnswer(Enum):
    """What an answer to a cancel says."""

    TAKEN = auto()
    """The provider will stop it, or has. Google says so by HTTP 499 CANCELLED and by an empty 200 too (google-wire 4)."""
    ALREADY_ENDED = auto()
    """There was nothing to stop any more."""
    GONE = auto()
    """The provider does not know it (any more), or has no such method: one reading tells which."""
    UNSUPPORTED = auto()
    """The provider has no cancel for it."""
    LATER = auto()
    """Not now: too many requests, an outage, a conflict with another request."""
    FORBIDDEN = auto()
    """Not with this credential."""
    REFUSED = auto()
    """Declined, for a reason that trying again does not cure."""


C = CancelAnswer

BY_STATUS = {
    401: C.FORBIDDEN, 403: C.FORBIDDEN, 404: C.GONE, 405: C.UNSUPPORTED, 408: C.LATER, 409: C.ALREADY_ENDED, 410: C.GONE,
    425: C.LATER, 429: C.LATER, 499: C.TAKEN, 501: C.UNSUPPORTED,
}  # fmt: skip
"""What an HTTP status says by itself."""

BY_RPC = {
    "ABORTED": C.LATER, "CANCELLED": C.TAKEN, "FAILED_PRECONDITION": C.ALREADY_ENDED, "PERMISSION_DENIED": C.FORBIDDEN,
    "UNAUTHENTICATED": C.FORBIDDEN, "UNIMPLEMENTED": C.UNSUPPORTED,
}  # fmt: skip
"""`error.status` where it says more than the HTTP status: a cancel of what had failed is 400 FAILED_PRECONDITION, and 409 may
be ABORTED, which is another request in the way (google-wire 4 and 9)."""

BY_REASON = {"API_KEY_INVALID": C.FORBIDDEN}
"""`error.details[].reason`: Gemini answers a bad key with 400 (google-wire 9)."""

BY_WORD = {"ALREADY_COMPLETED": C.ALREADY_ENDED, "NOT_FOUND": C.GONE}
"""`status` at the top, as fal writes it; the HTTP statuses that go with them nobody has checked (providers-wire 5)."""

BY_TYPE = {
    "AccessDeniedException": C.FORBIDDEN, "ConflictException": C.ALREADY_ENDED, "ResourceNotFoundException": C.GONE,
    "ThrottlingException": C.LATER,
}  # fmt: skip
"""`__type`, where AWS has the error's name in the body: its conflicts are 400 at Bedrock (botocore 1.44.5)."""


def cancel_answer(status: int, body: bytes) -> CancelAnswer:
    """What an answer says, by its HTTP status and its body (content coding undone; any bytes). Never raises."""
    document = document_in(body)
    if word := looked_up(BY_WORD, document.get("status")):
        return word
    if 200 <= status < 300:
        return C.TAKEN  # an `error` in an operation's document is the operation's, and not an answer to us
    return error_in(document) or BY_STATUS.get(status) or (C.LATER if 500 <= status < 600 else C.REFUSED)


def document_in(body: bytes) -> dict[str, object]:
    """The answer as an object; empty when it is none, or too long."""
    if not body or len(body) > LONGEST:
        return {}
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE:
        return {}
    if isinstance(document, list) and len(document) == 1:
        document = document[0]  # some of Google's surfaces wrap an error in an array (google-wire 9)
    return document if isinstance(document, dict) else {}


def error_in(document: dict[str, object]) -> CancelAnswer | None:
    """What an error's document says that its status does not; None when nothing."""
    error = document.get("error")
    if isinstance(error, dict):
        return reason_in(error.get("details")) or looked_up(BY_RPC, error.get("status"))
    return looked_up(BY_TYPE, name_in(document.get("__type")))


def name_in(kind: object) -> str:
    """An error's name without the namespace before it: `com.amazonaws.bedrock#ConflictException`."""
    return kind.rpartition("#")[2] if isinstance(kind, str) else ""


def reason_in(details: object) -> CancelAnswer | None:
    """What the reasons of an error say; None when nothing."""
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and (found := looked_up(BY_REASON, detail.get("reason"))):
            return found
    return None


def looked_up(table: dict[str, CancelAnswer], word: object) -> CancelAnswer | None:
    """A word's row, if it is a word that has one."""
    return table.get(word) if isinstance(word, str) else None
