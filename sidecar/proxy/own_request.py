"""A request of our own as it goes over the wire, and its reply as those take it who asked."""

import re
from typing import Final

from sidecar import __version__
from sidecar.clock import Moment
from sidecar.http1.framing import TEXT, TOKEN
from sidecar.http1.head import TARGET, ReplyHead
from sidecar.providers.answer import Answer, Fields, Signable, Unreachable
from sidecar.providers.operation import Ask
from sidecar.proxy import facts
from sidecar.proxy.destination import Destination, Endpoint
from sidecar.proxy.retry_after import retry_after_seconds

OWN: Final = (b"user-agent", b"inference-sidecar/" + __version__.encode("ascii")), (b"accept", b"application/json")
"""What every request says unless it is told otherwise. Some providers' front doors refuse those without a `User-Agent`."""
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say how long their body is also when they have none (RFC 9110 section 8.6)."""
FRAMING: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection", b"accept-encoding"})
"""Fields that are ours alone to write. No coding is asked for, as nothing here inflates."""

IS_TARGET: Final = re.compile(TARGET).fullmatch
IS_NAME: Final = re.compile(TOKEN).fullmatch
IS_VALUE: Final = re.compile(TEXT).fullmatch
IS_DOTS: Final = re.compile(r"(?:\.|%2[eE]){1,2}").fullmatch
"""A path segment by which a server may leave the path (RFC 3986 section 3.3)."""


def endpoint_of(destination: Destination, question: Ask, host: str) -> Endpoint:
    """Where a request goes. A host counts only where the upstream has it: it comes out of a ledger that others may write."""
    is_its_own = destination.serves_host is not None and destination.serves_host(host)
    return destination.endpoint_for(question.target.partition("?")[0], host if is_its_own else "")


def signable(destination: Destination, endpoint: Endpoint, question: Ask) -> Signable:
    """What a signature of the request is made over."""
    scheme = "https" if endpoint.is_tls else "http"
    origin = f"{scheme}://{endpoint.host_header.decode('ascii')}"
    return Signable(question.verb, origin + destination.base_path.decode("ascii") + question.target, question.body)


def request_bytes(destination: Destination, endpoint: Endpoint, question: Ask, fields: Fields) -> bytes:
    """The request as it goes over the wire.

    Raises:
        Unreachable: it can't be sent, as a byte stands in it that would end a line, or a segment that would leave the path.
    """
    target = destination.base_path + _bytes(question.target)
    lines = _lines(question, tuple(line for line in fields if line[0] not in FRAMING))
    _check(destination.name, question, target, lines)
    written = b"".join(b"\r\n%b: %b" % line for line in lines)
    first = b"%b %b HTTP/1.1\r\nHost: %b" % (question.verb.encode("ascii"), target, endpoint.host_header)
    return first + written + b"\r\n\r\n" + question.body


def _lines(question: Ask, told: Fields) -> list[tuple[bytes, bytes]]:
    """The header fields behind Host: ours as far as nothing else was told, then what was told."""
    named = {name for name, _ in told}
    ours = list(OWN)
    if question.content_type and question.verb in WITH_BODY:
        ours.append(
            (b"content-type", _bytes(question.content_type))
        )  # also of no body: so do Google's SDK and Stainless'
    length = [(b"content-length", b"%d" % len(question.body))] if question.body or question.verb in WITH_BODY else []
    return [*(line for line in ours if line[0] not in named), *told, *length]


def _check(upstream: str, question: Ask, target: bytes, lines: list[tuple[bytes, bytes]]) -> None:
    """Nothing that a provider once said, such as an id, may become a second request or another one's path."""
    root, *segments = question.target.partition("?")[0].split("/")
    is_path = not root and bool(segments) and not any(map(IS_DOTS, segments))
    if not is_path or not IS_TARGET(target) or not IS_NAME(_bytes(question.verb)):
        raise Unreachable(f"upstream {upstream}: the target of a request of our own can't be sent")
    if not all(IS_NAME(name) and IS_VALUE(value) for name, value in lines):
        raise Unreachable(f"upstream {upstream}: a header field of a request of our own can't be sent")


def _bytes(text: str) -> bytes:
    """Text that should be ASCII; what is not becomes bytes that no grammar here allows."""
    return text.encode("utf-8", "surrogatepass")


def answer_of(head: ReplyHead, body: bytes, wanted_headers: tuple[str, ...], now: Moment) -> Answer:
    """A reply, as those take it who asked."""
    told = facts.of_reply(head, wanted_headers)
    return Answer(
        status=head.status,
        body=body,
        content_type=told.content_type,
        content_coding=told.content_coding,
        headers=told.headers,
        retry_after_seconds=retry_after_seconds(head.fields, now),
    )
