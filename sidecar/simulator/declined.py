"""The answers that decline a request, in Google's error shape."""

from typing import Any

import msgspec

RPC_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""HTTP status -> name of the google.rpc code."""

RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}


class Declined(Exception):
    """The simulator will not do what the request asks. `status` is an HTTP status, `rpc` Google's name for the reason."""

    def __init__(self, status: int, message: str, rpc: str = "") -> None:
        super().__init__(status, message, rpc)
        self.status, self.message = status, message
        self.rpc = rpc or RPC_CODES.get(status, "UNKNOWN")

    def __str__(self) -> str:
        return self.message

    def again(self) -> "Declined":
        """The same, to be raised: an exception that is raised twice keeps the frames of the first time alive."""
        return Declined(self.status, self.message, self.rpc)

    def as_object(self) -> dict[str, Any]:
        """The error as Google writes it: code, message, status, and on 429 when to come back."""
        error: dict[str, Any] = {
            "code": self.status,
            "message": self.message,
            "status": self.rpc,
        }
        if self.status == 429:
            error["details"] = [RETRY_INFO]
        return {"error": error}


FAILED = Declined(500, "The work failed, as its script says.")


def pretty(value: object) -> bytes:
    """JSON as Google writes whole replies: indented by two, a line end last."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def one_line(value: object) -> bytes:
    """JSON as Google writes the frames of a stream: one line, a space behind every comma and colon."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0)
