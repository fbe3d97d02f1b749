"""Limits that were reached: counted, and said in a sentence that names the setting, so that its reader knows where to look."""

from typing import TYPE_CHECKING

from sidecar.errors import ReplyBroken, RequestRefused
from sidecar.http1.head import RequestHead

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream

LINE_END = b"\r\n"
NO_FIELDS = 2
"""Line ends of a head without fields: that of the first line, and the empty line."""


def over(context: "Context", limit: str, status: int, problem: str) -> RequestRefused:
    """Count a limit that a request has reached; returns the refusal that says so."""
    context.recorder.limit_reached(limit)
    return RequestRefused(status, f"{problem} ({limit})")


def check_head(context: "Context", raw: bytes, end: int) -> None:
    """Look at the size of a head before it is read: `raw[:end]` is all of it, or `end` is 0 and its end has not come.

    Raises:
        RequestRefused: its first line is too long, it has too many fields, or it is too large.
    """
    limits = context.limits
    longest = limits.request_line_bytes
    if len(raw) > longest and raw.find(LINE_END, 0, longest + len(LINE_END)) < 0:
        problem = f"the request line is longer than {longest} bytes"
        raise over(context, "limits.request_line_bytes", 414, problem)
    if (end or len(raw)) > limits.head_bytes:
        problem = f"the request's head is larger than {limits.head_bytes} bytes"
        raise over(context, "limits.head_bytes", 431, problem)
    if end and raw.count(LINE_END, 0, end) - NO_FIELDS > limits.head_fields:
        problem = f"the request has more than {limits.head_fields} header fields"
        raise over(context, "limits.head_fields", 431, problem)


def check_reply_head(context: "Context", raw: bytes, end: int) -> None:
    """The same of a reply's head, which has no line whose length is bounded apart.

    Raises:
        ReplyBroken: it has too many fields, or is too large.
    """
    limits = context.limits
    if (end or len(raw)) > limits.head_bytes:
        context.recorder.limit_reached("limits.head_bytes")
        raise ReplyBroken("its head is too large (limits.head_bytes)")
    if end and raw.count(LINE_END, 0, end) - NO_FIELDS > limits.head_fields:
        context.recorder.limit_reached("limits.head_fields")
        raise ReplyBroken("it has too many header fields (limits.head_fields)")


def check_room(context: "Context", downstream: "Downstream", head: RequestHead) -> None:
    """Look whether there is room for one more call of a connection, and for its body as far as its length is known.

    Raises:
        RequestRefused: there is none.
    """
    limits = context.limits
    if limits.body_bytes is not None and head.framing.length > limits.body_bytes:
        raise body_over(context, limits.body_bytes)
    if len(context.live) + context.turns >= limits.max_calls:
        downstream.reply_was_read()  # who asks again has read the answer before: that call is over
        context.handover.settle_read()
        if len(context.live) + context.turns >= limits.max_calls:
            context.shelf.make_room()  # who waits for a retry that may never come waits no longer
        if len(context.live) + context.turns >= limits.max_calls:
            raise over(context, "limits.max_calls", 503, f"{limits.max_calls} calls are in flight already")


def body_over(context: "Context", most: int) -> RequestRefused:
    """The refusal of a body that is, or has become, larger than is allowed."""
    return over(context, "limits.body_bytes", 413, f"the request's body is larger than {most} bytes")
