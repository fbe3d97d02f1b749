"""Heads: the start line and the fields of a request or a reply, by the grammar of RFC 9112 and nothing more forgiving.

One pattern says what a head is, so that there is one opinion about where a field ends: no bare line ends, no folded lines, no
control bytes, no space before a colon. A second pattern finds the fields that mean something to this hop (`noted`); what stands
between those that end here is passed on as it came, in order, case and number, without being taken apart.
"""

import re
from collections.abc import Set
from typing import Final

import msgspec

from sidecar.errors import ReplyBroken, RequestRefused
from sidecar.http1.framing import TEXT, TOKEN, Framing, Noted, reply_framing, request_framing

END_OF_HEAD: Final = b"\r\n\r\n"

FIELDS: Final = rb"((?:\r\n" + TOKEN + rb":" + TEXT + rb")*)"
"""Not possessive as a whole: the last turn reads the line end of the empty line and fails, and CPython before 3.11.5 would stay
behind it (gh-106052; Debian 12 has 3.11.2). There is nothing to go back to: each turn is."""
TARGET: Final = rb"[!\x22$-~]++"
"""RFC 9112 section 3: without controls, spaces, non-ASCII bytes or a fragment."""

AS_REQUEST: Final = re.compile(rb"(" + TOKEN + rb") (" + TARGET + rb") HTTP/1\.([01])" + FIELDS + END_OF_HEAD).fullmatch
AS_REPLY: Final = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (" + TEXT + rb"))?" + FIELDS + END_OF_HEAD).fullmatch
"""RFC 9112 section 4. The space before an absent reason may be missing, as it is from many servers."""
IS_HOST: Final = re.compile(
    rb"(?:\[[0-9A-Za-z:._~%-]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?\Z"
).match
"""RFC 3986 section 3.2, without user information (RFC 9110 section 7.2). It may be empty (RFC 9112 section 3.2)."""

HOP_BY_HOP: Final = frozenset({
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te", b"transfer-encoding", b"upgrade", b"host",
    b"expect",
})  # fmt: skip
"""Never passed on as they came. Host is ours to write; Expect is answered here (RFC 9110 section 10.1.1). Credentials for a proxy
are for the first that asks for some (section 11.7.2), which we do not; no provider needs to learn them."""

CONNECT: Final = b"CONNECT"
IS_AUTHORITY: Final = re.compile(rb"(?:\[[0-9A-Fa-f:.]++\]|[0-9A-Za-z._-]++):[0-9]{1,5}\Z").match
"""RFC 9112 section 3.2.3: a host and a port, neither of them empty. Of RFC 3986's hosts only those that can be looked up."""

USUAL_OPTIONS: Final = {option: frozenset({option}) for option in (b"close", b"keep-alive")}
NOT_NAMED_AWAY: Final = frozenset({b"close", b"keep-alive", b"content-length", b""})
"""Options that are no fields, and the one that may not be taken away: the framing hangs on it."""

OURS: Final = b"x-sidecar-"
"""Fields that speak to the sidecar; they end here."""

MOST_ONE_BY_ONE: Final = 16
"""Noted fields that are taken out one after the other, which is quick where they are few. Each looks through the whole head, and
64 KiB have room for thousands: those are taken out line by line."""

AS_TYPED: Final = (OURS, b"proxy-authorization")
"""Beginnings of the names of fields whose values are noted in the case that they came in; credentials differ by it."""

NOTED_AND_PASSED_ON: Final = frozenset({b"content-length", b"content-type", b"content-encoding"})

NOTED_FIELDS: Final = re.compile(
    rb"\r\n("
    + b"|".join(sorted(HOP_BY_HOP | NOTED_AND_PASSED_ON))
    + rb"|"
    + OURS
    + rb"(?:"
    + TOKEN
    + rb")?):[ \t]*+("
    + TEXT
    + rb")"
).findall
"""In lower-case text: a pattern that ignores case takes several times as long. The names are alike whatever their case, and so
are the values of those that we read."""


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    """A request's start line and fields, and how its body is framed."""

    method: bytes
    target: bytes
    """As sent, byte for byte."""
    is_http10: bool
    """The caller speaks HTTP/1.0: it knows no chunks."""
    fields: bytes
    """The fields that go on, as they came, each behind its line end: `\\r\\nAccept: a\\r\\nX-B: c`."""
    noted: Noted
    framing: Framing
    keeps_alive: bool
    """The caller will send another request on this connection."""


class ReplyHead(msgspec.Struct, frozen=True, gc=False):
    """A reply's status line and fields, and how its body is framed."""

    status: int
    reason: bytes
    fields: bytes
    """The fields that go on, as those of a request."""
    noted: Noted
    framing: Framing
    keeps_alive: bool
    """The upstream will take another request on this connection."""


def read_request_head(raw: bytes) -> RequestHead:
    """Read one request head; `raw` ends with the empty line.

    Raises:
        RequestRefused: the head is broken, or means something that must not be passed on.
    """
    found = AS_REQUEST(raw)
    if found is None:
        raise RequestRefused(400, _what_is_wrong(raw))
    method, target, minor, fields = found.groups()
    noted, fields = _taken_apart(fields)
    is_http10 = minor == b"0"
    _check_host(noted, is_http10)
    if is_http10 and b"transfer-encoding" in noted:
        raise RequestRefused(400, "Transfer-Encoding in HTTP/1.0")  # RFC 9112 section 6.1
    if method == CONNECT:
        _check_connect(target, noted)
    fields, keeps_alive = _of_this_connection(noted, fields, is_http10)
    return RequestHead(method, target, is_http10, fields, noted, request_framing(noted), keeps_alive)


def read_reply_head(raw: bytes, request_method: bytes) -> ReplyHead:
    """Read one reply head; `raw` ends with the empty line. The request's method decides whether a body follows.

    Raises:
        ReplyBroken: the head can't be trusted.
    """
    found = AS_REPLY(raw)
    if found is None:
        raise ReplyBroken(_what_is_wrong(raw))
    minor, digits, reason, fields = found.groups()
    noted, fields = _taken_apart(fields)
    is_http10 = minor == b"0"
    if is_http10 and b"transfer-encoding" in noted:
        raise ReplyBroken("Transfer-Encoding in HTTP/1.0")  # RFC 9112 section 6.1
    status = int(digits)
    framing = reply_framing(noted, status, request_method)
    fields, keeps_alive = _of_this_connection(noted, fields, is_http10)
    return ReplyHead(status, reason or b"", fields, noted, framing, keeps_alive and not framing.until_close)


def field(fields: bytes, name: bytes) -> bytes:
    """The first value of a field among those that go on, by its lower-case name; empty when it is absent."""
    start = fields.lower().find(b"\r\n%b:" % name)
    if start < 0:
        return b""
    return fields[start + len(name) + 3 :].partition(b"\r\n")[0].strip(b" \t")


def _taken_apart(fields: bytes) -> tuple[Noted, bytes]:
    """The fields that are noted, and those that go on."""
    found = NOTED_FIELDS(fields.lower())
    noted = dict(found)
    if len(noted) < len(found) or b" \r" in fields or b"\t\r" in fields or fields[-1:] in (b" ", b"\t"):
        noted = _joined(found)
    if len(found) > MOST_ONE_BY_ONE:
        return noted | _ours_as_typed(fields), _without_all(fields, noted.keys() - NOTED_AND_PASSED_ON)
    for name in noted:
        if name not in NOTED_AND_PASSED_ON:
            if name.startswith(AS_TYPED):
                noted[name] = field(fields, name)
            fields = without(fields, name)
    return noted, fields


def _joined(found: list[tuple[bytes, bytes]]) -> Noted:
    """The same with the space behind values taken away. What stands twice is one list (RFC 9110 section 5.3)."""
    values: dict[bytes, list[bytes]] = {}
    for name, text in found:
        values.setdefault(name, []).append(text.rstrip(b" \t"))
    return {name: b", ".join(each) for name, each in values.items()}


def _ours_as_typed(fields: bytes) -> Noted:
    """The first value of each field of `AS_TYPED`."""
    ours: Noted = {}
    for line in fields.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower().startswith(AS_TYPED):
            ours.setdefault(name.lower(), value.strip(b" \t"))
    return ours


def without(fields: bytes, name: bytes) -> bytes:
    """The fields without those of this lower-case name."""
    start_of_field = b"\r\n%b:" % name
    while (start := fields.lower().find(start_of_field)) >= 0:
        end = fields.find(b"\r\n", start + 2)
        fields = fields[:start] + (fields[end:] if end >= 0 else b"")
    return fields


def _without_all(fields: bytes, names: Set[bytes]) -> bytes:
    """The fields without those of any of these lower-case names, however many, line by line."""
    lines = fields.split(b"\r\n")
    return b"\r\n".join([line for line in lines if line.partition(b":")[0].lower() not in names])


def _check_host(noted: Noted, is_http10: bool) -> None:
    """RFC 9112 section 3.2: a 1.1 request carries exactly one Host, and it can be one. Two of them hold a space."""
    host = noted.get(b"host")
    if host is None:
        if not is_http10:
            raise RequestRefused(400, "no Host header")
    elif IS_HOST(host) is None:
        raise RequestRefused(400, "a Host header that is no host, or several of them")


def _check_connect(target: bytes, noted: Noted) -> None:
    """RFC 9110 section 9.3.6: it names a host and a port, and has no content. Its Host says nothing that the target does not."""
    if IS_AUTHORITY(target) is None:
        raise RequestRefused(400, "the target of CONNECT is not a host and a port")
    if b"transfer-encoding" in noted or noted.get(b"content-length", b"0") != b"0":
        raise RequestRefused(400, "CONNECT with a body")


def _of_this_connection(noted: Noted, fields: bytes, is_http10: bool) -> tuple[bytes, bool]:
    """The fields that go on without those that Connection names, and whether it lives on (RFC 9112 section 9.3)."""
    connection = noted.get(b"connection")
    if connection is None:
        return fields, not is_http10
    options = _options(connection)
    keeps_alive = b"close" not in options and (not is_http10 or b"keep-alive" in options)
    named = options - NOT_NAMED_AWAY
    return _without_all(fields, named) if named else fields, keeps_alive


def _options(connection: bytes) -> frozenset[bytes]:
    """The tokens of Connection (RFC 9110 section 7.6.1). Mostly it has one of two."""
    return USUAL_OPTIONS.get(connection) or frozenset(token.strip() for token in connection.split(b","))


def _what_is_wrong(raw: bytes) -> str:
    """Why bytes are no head: the first thing that people would want to be told."""
    line_ends = raw.count(b"\n")
    if raw.count(b"\r\n") != line_ends or raw.count(b"\r") != line_ends:
        return "a line of the head does not end in CR LF"
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw):
        return "a control byte stands in the head"
    if b"\n " in raw or b"\n\t" in raw:
        return "a folded header line (obs-fold) stands in the head"
    for line in raw.removesuffix(END_OF_HEAD).split(b"\r\n")[1:]:
        if re.fullmatch(TOKEN + rb":" + TEXT, line) is None:
            return "a header line is not a name, a colon and a value"
    return "the first line is not one of HTTP/1.1"
