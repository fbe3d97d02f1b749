"""What a dialect's readers are told of the heads, which they never see themselves."""

from sidecar.http1.head import ReplyHead, RequestHead, field
from sidecar.providers.contract import ReplyHead as ReplyFacts, RequestHead as RequestFacts


def of_request(head: RequestHead) -> RequestFacts:
    """What the reader of a request's body is told."""
    content_type, coding = head.noted.get(b"content-type", b""), head.noted.get(b"content-encoding", b"")
    if b"boundary" in content_type:
        content_type = field(head.fields, b"content-type")  # as it was typed: noted values are in lower case
    return RequestFacts(content_type.decode("latin-1"), coding.decode("latin-1"))


def of_reply(head: ReplyHead, names: tuple[str, ...]) -> ReplyFacts:
    """What the reader of a reply's body is told, with the values of those of these fields that are there."""
    headers = {}
    for name in names:
        if value := field(head.fields, name.encode("ascii")):
            headers[name] = value.decode("latin-1")
    return ReplyFacts(
        status=head.status,
        content_type=head.noted.get(b"content-type", b"").decode("latin-1"),
        content_coding=head.noted.get(b"content-encoding", b"").decode("latin-1").lower(),
        headers=headers,
    )
