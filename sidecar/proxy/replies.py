"""The few answers that we write ourselves, and the heads that we write for others."""

from http import HTTPStatus

import msgspec

from sidecar.http1.head import ReplyHead, RequestHead

RETRY_IS_RIGHT = frozenset({408, 502, 503, 504})
"""Statuses of ours that may not come again: a limit, a drain, a network."""
LATER = 503
"""There was no room, or we are about to end."""
LATER_SECONDS = 1
"""A restarted container is back in about so long; SDKs would come again after half of it."""


def own_reply(
    status: int,
    body: bytes,
    *,
    keeps_alive: bool,
    has_body: bool = True,
    may_have_worked: bool = False,
    to_http10: bool = False,
) -> bytes:
    """A whole reply with a JSON body, which the answer to a HEAD only names the length of.

    `X-Sidecar-Error` tells it apart from an answer of the provider. `may_have_worked` says that the provider had the request.
    """
    return (
        b"HTTP/1.1 %d %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\nx-sidecar-error: %d\r\n%b%b\r\n%b"
        % (
            status,
            HTTPStatus(status).phrase.encode("ascii"),
            len(body),
            status,
            b"" if may_have_worked else _advice(status),
            _connection(keeps_alive=keeps_alive, to_http10=to_http10),
            body if has_body else b"",
        )
    )


def _advice(status: int) -> bytes:
    """Whether to try again, where nothing can have been spent yet; once it can, nothing is said.

    The SDKs of OpenAI and Anthropic obey `x-should-retry`, and wait for `retry-after`, as google-genai does for Interactions
    (providers-wire.md section 2).
    """
    if status not in RETRY_IS_RIGHT:
        return b"x-should-retry: false\r\n"
    return b"x-should-retry: true\r\n%b" % (b"retry-after: %d\r\n" % LATER_SECONDS if status == LATER else b"")


def _connection(*, keeps_alive: bool, to_http10: bool) -> bytes:
    """HTTP/1.1 says when a connection ends; HTTP/1.0 has to be told when it does not (RFC 9112 section 9.3)."""
    if not keeps_alive:
        return b"Connection: close\r\n"
    return b"Connection: keep-alive\r\n" if to_http10 else b""


def plain_error_body(status: int, message: str) -> bytes:
    """An error body for requests of which not even the dialect is known."""
    return msgspec.json.encode({"error": {"code": status, "message": f"inference-sidecar: {message}"}})


def via_line(pseudonym: str | None, *, is_http10: bool = False) -> bytes:
    """Our line of `Via` behind those of others (RFC 9110 section 7.6.3); empty where we have no name for it."""
    if pseudonym is None:
        return b""
    return b"Via: 1.%d %b\r\n" % (0 if is_http10 else 1, pseudonym.encode("ascii"))


def request_head_for_upstream(
    head: RequestHead, target: bytes, host: bytes, via: str | None = None, added: bytes = b""
) -> bytes:
    """The head that the upstream gets: its own Host, and every end-to-end line as it came.

    `added` are lines of ours, each with its line end (`Admission.added`).
    """
    return b"%b %b HTTP/1.1\r\nHost: %b%b\r\n%b%b%b\r\n" % (
        head.method,
        target,
        host,
        head.fields,
        added,
        via_line(via, is_http10=head.is_http10),
        b"Transfer-Encoding: chunked\r\n" if head.framing.is_chunked else b"",
    )


def reply_head_for_downstream(
    head: ReplyHead, is_chunked: bool, keeps_alive: bool, *, to_http10: bool = False, via: str | None = None
) -> bytes:
    """The head that the caller gets."""
    return b"HTTP/1.1 %d %b%b\r\n%b%b%b\r\n" % (
        head.status,
        head.reason,
        head.fields,
        via_line(via),
        b"Transfer-Encoding: chunked\r\n" if is_chunked else b"",
        _connection(keeps_alive=keeps_alive, to_http10=to_http10),
    )
