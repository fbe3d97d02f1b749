"""The few answers that we write ourselves."""

from http import HTTPStatus

import msgspec

from sidecar.http1.head import ReplyHead, RequestHead


def own_reply(status: int, body: bytes, *, keeps_alive: bool, has_body: bool = True) -> bytes:
    """A whole reply with a JSON body, which the answer to a HEAD only names the length of.

    `X-Sidecar-Error` tells it apart from an answer of the provider.
    """
    return (
        b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nx-sidecar-error: %d\r\n%b\r\n%b"
        % (
            status,
            HTTPStatus(status).phrase.encode("ascii"),
            len(body),
            status,
            b"" if keeps_alive else b"connection: close\r\n",
            body if has_body else b"",
        )
    )


def plain_error_body(status: int, message: str) -> bytes:
    """An error body for requests of which not even the dialect is known."""
    return msgspec.json.encode({"error": {"code": status, "message": f"inference-sidecar: {message}"}})


def request_head_for_upstream(head: RequestHead, target: bytes, host: bytes) -> bytes:
    """The head that the upstream gets: its own Host, and every end-to-end line as it came."""
    return b"%b %b HTTP/1.1\r\nHost: %b%b%b\r\n\r\n" % (
        head.method,
        target,
        host,
        head.fields,
        b"\r\nTransfer-Encoding: chunked" if head.framing.is_chunked else b"",
    )


def reply_head_for_downstream(head: ReplyHead, *, is_chunked: bool, keeps_alive: bool) -> bytes:
    """The head that the caller gets."""
    return b"HTTP/1.1 %d %b%b%b%b\r\n\r\n" % (
        head.status,
        head.reason,
        head.fields,
        b"\r\nTransfer-Encoding: chunked" if is_chunked else b"",
        b"" if keeps_alive else b"\r\nConnection: close",
    )
