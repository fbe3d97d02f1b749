"""Heads: the start line and the fields of a request or a reply.

llhttp (through httptools) reads them in its strict mode. It is asked to read exactly one head at a time, so that nothing
behind it is touched, and what it lets pass but an intermediary must not is checked here: a request without Host, a
Transfer-Encoding other than chunked, bare line ends, control bytes, folded lines.

A field goes one of two ways, or both: into `lines`, which are passed on as they came, in order and case; and into `noted`,
when it means something to this hop. What RFC 9110 section 7.6.1 calls hop-by-hop is only noted.
"""

import re
from collections.abc import Callable
from typing import Protocol

import httptools
import msgspec

from sidecar.errors import ProtocolError, ReplyBroken, RequestRefused
from sidecar.http1.framing import Framing, reply_framing, request_framing

END_OF_HEAD = b"\r\n\r\n"

FORBIDDEN_BYTES = bytes(set(range(0x20)) - {0x09, 0x0A, 0x0D}) + b"\x7f"
"""Control bytes that no head may hold (RFC 9110 section 5.5); tab, CR and LF are looked at apart."""

IS_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!\x22$-~]+ HTTP/1\.[01]\r\n").match
"""RFC 9112 section 3: single spaces, a target without controls, non-ASCII bytes or a fragment, and no RTSP, ICE or 0.9."""
IS_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [^\x00-\x08\x0a-\x1f\x7f]*)?\r\n").match
"""RFC 9112 section 4. The space before an absent reason may be missing, as it is from many servers."""
IS_HOST = re.compile(rb"(?:\[[0-9A-Za-z:._~%-]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?\Z").match
"""RFC 3986 section 3.2, without user information (RFC 9110 section 7.2). It may be empty (RFC 9112 section 3.2)."""

HOP_BY_HOP = frozenset(
    [
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"host",
        b"expect",
    ]
)
"""Never passed on as they came. Host is ours to write; Expect is answered here (RFC 9110 section 10.1.1)."""

NOTED = HOP_BY_HOP | {b"content-length", b"content-type", b"content-encoding"}

OURS = b"x-sidecar-"
"""Fields that speak to the sidecar; they end here."""

Noted = list[tuple[bytes, bytes]]
"""Lower-case names and values, in order."""


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    """A request's start line and fields, and how its body is framed."""

    method: bytes
    target: bytes
    """As sent, byte for byte."""
    is_http10: bool
    """The caller speaks HTTP/1.0: it knows no chunks."""
    lines: list[bytes]
    noted: Noted
    framing: Framing
    keeps_alive: bool
    """The caller will send another request on this connection."""


class ReplyHead(msgspec.Struct, frozen=True, gc=False):
    """A reply's status line and fields, and how its body is framed."""

    status: int
    reason: bytes
    lines: list[bytes]
    noted: Noted
    framing: Framing
    keeps_alive: bool
    """The upstream will take another request on this connection."""


class _Parser(Protocol):
    """What requests' and replies' parsers of httptools have in common."""

    def feed_data(self, data: bytes) -> None: ...
    def get_http_version(self) -> str: ...


class _Collector:
    """Receives what llhttp reads of one head."""

    __slots__ = ("is_complete", "lines", "noted", "reason", "target")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.noted: Noted = []
        self.target = self.reason = b""
        self.is_complete = False

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_status(self, piece: bytes) -> None:
        self.reason += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.lower()
        if key in NOTED:
            self.noted.append((key, value.strip(b" \t")))  # llhttp leaves what stands behind a value
            if key in HOP_BY_HOP:
                return
        elif key[:10] == OURS:
            self.noted.append((key, value.strip(b" \t")))
            return
        self.lines.append(b"%b: %b\r\n" % (name, value))

    def on_headers_complete(self) -> None:
        self.is_complete = True


def noted(of: Noted, name: bytes) -> bytes:
    """The first noted value of a field, by its lower-case name; empty when it is absent."""
    for candidate, value in of:
        if candidate == name:
            return value
    return b""


def passed_on(lines: list[bytes], name: bytes) -> bytes:
    """The first value of a field among the lines that are passed on, by its lower-case name; empty when it is absent."""
    size = len(name)
    for line in lines:
        if line[size : size + 1] == b":" and line[:size].lower() == name:
            return line[size + 1 :].strip()
    return b""


def read_request_head(raw: bytes) -> RequestHead:
    """Read one request head; `raw` ends with the empty line.

    Raises:
        RequestRefused: the head is broken, or means something that must not be passed on.
    """
    collector = _Collector()
    parser = httptools.HttpRequestParser(collector)
    try:
        version = _read(parser, collector, raw, IS_REQUEST_LINE)
    except ProtocolError as broken:
        raise RequestRefused(400, str(broken)) from None
    method = parser.get_method()
    if method == b"CONNECT":
        raise RequestRefused(501, "CONNECT is not offered: this is a reverse proxy, set a base URL, not HTTPS_PROXY")
    _check_host(collector.noted, version)
    options = _connection_options(collector.noted)
    return RequestHead(
        method=method,
        target=collector.target,
        is_http10=version == "1.0",
        lines=_end_to_end(collector.lines, options),
        noted=collector.noted,
        framing=request_framing(collector.noted),
        keeps_alive=_keeps_alive(options, version),
    )


def read_reply_head(raw: bytes, request_method: bytes) -> ReplyHead:
    """Read one reply head; `raw` ends with the empty line. The request's method decides whether a body follows.

    Raises:
        ReplyBroken: the head can't be trusted.
    """
    collector = _Collector()
    parser = httptools.HttpResponseParser(collector)
    try:
        version = _read(parser, collector, raw, IS_STATUS_LINE)
    except ProtocolError as broken:
        raise ReplyBroken(str(broken)) from None
    status = parser.get_status_code()
    framing = reply_framing(collector.noted, status, request_method)
    options = _connection_options(collector.noted)
    return ReplyHead(
        status=status,
        reason=collector.reason,
        lines=_end_to_end(collector.lines, options),
        noted=collector.noted,
        framing=framing,
        keeps_alive=_keeps_alive(options, version) and not framing.until_close,
    )


def _read(parser: _Parser, collector: _Collector, raw: bytes, is_start_line: Callable[[bytes], object]) -> str:
    """Let llhttp read a head, having looked for the bytes that it would forgive; returns the HTTP version."""
    if not is_start_line(raw):
        raise ProtocolError("the first line is not one of HTTP/1.1")
    line_ends = raw.count(b"\n")
    if raw.count(b"\r\n") != line_ends or raw.count(b"\r") != line_ends:
        raise ProtocolError("a line of the head does not end in CR LF")
    if len(raw.translate(None, FORBIDDEN_BYTES)) != len(raw):
        raise ProtocolError("a control byte stands in the head")
    if b"\n " in raw or b"\n\t" in raw:
        raise ProtocolError("a folded header line (obs-fold) stands in the head")
    try:
        parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass  # the head was read; what an upgrade is answered is not decided here
    except httptools.HttpParserError as error:
        raise ProtocolError(f"not HTTP/1.1: {str(error).lower()}") from None
    if not collector.is_complete:
        raise ProtocolError("the head has no end")
    version = parser.get_http_version()
    if version == "1.0" and noted(collector.noted, b"transfer-encoding"):
        raise ProtocolError("Transfer-Encoding in HTTP/1.0")  # RFC 9112 section 6.1
    return version


def _check_host(of: Noted, version: str) -> None:
    """RFC 9112 section 3.2: a 1.1 request carries exactly one Host, and it can be one."""
    hosts = [value for name, value in of if name == b"host"]
    if len(hosts) > 1:
        raise RequestRefused(400, "several Host headers")
    if not hosts and version == "1.1":
        raise RequestRefused(400, "no Host header")
    if hosts and IS_HOST(hosts[0]) is None:
        raise RequestRefused(400, "a Host header that is no host")


def _connection_options(of: Noted) -> set[bytes]:
    """The tokens of all Connection fields, lower case (RFC 9110 section 7.6.1)."""
    return {token.strip().lower() for name, value in of if name == b"connection" for token in value.split(b",")}


def _keeps_alive(options: set[bytes], version: str) -> bool:
    """RFC 9112 section 9.3. llhttp's own answer counts on a message read to its end; ours is wanted before."""
    if b"close" in options:
        return False
    return version == "1.1" or b"keep-alive" in options


def _end_to_end(lines: list[bytes], options: set[bytes]) -> list[bytes]:
    """The lines without those that Connection names. Content-Length may not be named away: the framing hangs on it."""
    named = options - {b"close", b"keep-alive", b"content-length", b""} - HOP_BY_HOP
    if not named:
        return lines
    return [line for line in lines if line.partition(b":")[0].lower() not in named]
