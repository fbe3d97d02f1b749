"""The caller's trace, as its request's header fields name it (W3C Trace Context), and the names of our own spans in it.

What the caller sent goes on to the provider as it came. Here it is only read, when its call settles, so that our span is a child
of the caller's own. A span's id is told from the id of its call or operation, so that nothing has to be remembered to name it.
"""

import re
from hashlib import blake2b
from typing import Final

import msgspec

MOST_STATE: Final = 512
"""Characters of a tracestate; what is longer may be dropped (Trace Context section 3.3.1.5), and is."""

PARENT: Final = b"\r\ntraceparent:"
STATE: Final = b"\r\ntracestate:"
IS_PARENT: Final = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?P<more>-[!-~]*)?"
).fullmatch
"""Section 3.2.2. Capitals, zeros and version ff are invalid; versions after 00 may have more behind the flags."""


class Parent(msgspec.Struct, frozen=True):
    """A span of the caller's."""

    trace_id: int
    span_id: int
    flags: int
    state: str = ""
    """The value of `tracestate`; empty where there is none."""


def trace_of(fields: bytes) -> str:
    """The caller's `traceparent` in the fields of a request head (`RequestHead.fields`), and behind a space its `tracestate`.

    Empty where there is none, or none that is valid. The trace id is `[3:35]` of what is not empty.
    """
    lowered = fields.lower()
    parents = _values(fields, lowered, PARENT)
    if len(parents) != 1 or parent_of(parents[0]) is None:
        return ""
    state = ",".join(filter(None, _values(fields, lowered, STATE)))
    return f"{parents[0]} {state}" if state.isascii() and 0 < len(state) <= MOST_STATE else parents[0]


def parent_of(trace: str) -> Parent | None:
    """The span that a trace of `trace_of` names; None for none."""
    value, _, state = trace.partition(" ")
    found = IS_PARENT(value)
    if found is None or (found["more"] is not None and found[1] == "00"):
        return None
    return Parent(int(found[2], 16), int(found[3], 16), int(found[4], 16), state)


def span_id_of(id: str) -> int:
    """The id of the span of a call or operation, 64 bits."""
    return _digest(id, 8)


def trace_id_of(id: str) -> int:
    """The id of the trace of a call or operation whose caller has none, 128 bits."""
    return _digest(id, 16)


def _digest(id: str, size: int) -> int:
    """Bits of an id whose random part is 32 bits and a running number: even, so that sampling by them is fair. Never 0."""
    return int.from_bytes(blake2b(id.encode("utf-8", "replace"), digest_size=size).digest(), "big") or 1


def _values(fields: bytes, lowered: bytes, name: bytes) -> list[str]:
    """The values of a field, in order. `lowered` are the fields in lower case, in which names are alike."""
    values = []
    at = lowered.find(name)
    while at >= 0:
        end = fields.find(b"\r\n", at + 2)
        values.append(fields[at + len(name) : end if end >= 0 else None].decode("latin-1").strip(" \t"))
        at = lowered.find(name, at + len(name))
    return values
