"""What follows from what was seen. Pure, and cautious: what can't be told is unknown, and what contradicts itself is too.

One question is asked of each cut call: of the work that was left when its connection closed, how much was still done? It is
answered in three ways, as far as its source allows: by time (how long the server was still at work, of the time that an uncut
call would have taken), by tokens (how many were still made, of those that an uncut call makes), and by the provider's own word.

Uncut calls are made before the cut ones and behind them, and each cut one is held beside both. A server that had to load its
model first, or whose speed varies, would otherwise make work that came to its end look like work that stopped.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from sidecar.clock import seconds_between
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.probing.observations import Call, Ending

STOPPED_BY: Final = 0.5
"""Of the work that was left, not more than this was done: it stopped. Engines that look for their caller every few seconds stop
late, and calls of one length vary by a quarter."""
RAN_ON_FROM: Final = 0.7
"""... at least this: it ran on."""
LEAST_LEFT_SECONDS: Final = 0.4
"""With less left to do, nothing can be told from what was done of it."""
LEAST_TOKENS: Final = 20
MOST_OF_REFERENCE: Final = 1.5
"""A server that made more than so many times the tokens of the reference has worked for others too."""


class Confidence(StrEnum):
    """How far a verdict can be trusted."""

    HIGH = "high"
    """Two cut calls or more, all of which say so."""
    MEDIUM = "medium"
    """One that says so, and none that says otherwise."""
    NONE = "none"
    """Nothing can be said."""


class Finding(msgspec.Struct, frozen=True):
    """What one cut call says."""

    on_close: OnClose
    why: str
    """Half a sentence."""


class Verdict(msgspec.Struct, frozen=True):
    """What all calls of a kind say."""

    kind: CallKind
    on_close: OnClose
    confidence: Confidence
    why: str


def judged(uncut: Sequence[Call], cut: Call) -> Finding:
    """What one cut call says beside the uncut ones before it and behind it; where it says different things, nothing."""
    if any(call.was_cut for call in uncut):
        return _unknown(
            f"an uncut call takes more than {min(call.seconds for call in uncut):.0f} s; ask for fewer --tokens"
        )
    by_speed = sorted(uncut, key=lambda call: call.seconds)
    found = [_beside(reference, cut) for reference in by_speed]
    if len({finding.on_close for finding in found}) > 1:
        took = " and ".join(f"{call.seconds:.1f} s" for call in by_speed)
        return _unknown(f"uncut calls took {took}, too uneven to compare with; probe it again")
    return found[0]


def _beside(reference: Call, cut: Call) -> Finding:
    """What a cut call says beside one uncut call."""
    left_seconds = reference.seconds - cut.seconds
    if flaw := _flaw(reference, cut, left_seconds):
        return _unknown(flaw)
    found = list(_said(reference, cut, left_seconds))
    if not found:
        return _unknown("what its source told is not enough to say")
    if len({finding.on_close for finding in found}) > 1:
        return _unknown("its source contradicts itself: " + ", and ".join(finding.why for finding in found))
    return Finding(found[0].on_close, ", and ".join(finding.why for finding in found))


def _flaw(reference: Call, cut: Call, left_seconds: float) -> str:
    """Why nothing can be told from this call, whatever its source says; empty for nothing."""
    if not cut.was_cut:
        return "it was answered whole before it could be cut"
    if left_seconds < LEAST_LEFT_SECONDS:
        return (
            f"an uncut call takes {reference.seconds:.1f} s, too short to be cut in the middle; ask for more --tokens"
        )
    if not cut.after:
        return "no source told anything of it after the cut"
    return _disturbance(reference, cut)


def _unknown(why: str) -> Finding:
    return Finding(OnClose.UNKNOWN, why)


def _said(reference: Call, cut: Call, left_seconds: float) -> Iterator[Finding]:
    """What each of the three ways says; those that can't say anything are left out."""
    for way in (_by_word(cut), _by_tokens(reference, cut), _by_time(cut, left_seconds)):
        if way is not None:
            yield way


def _disturbance(reference: Call, cut: Call) -> str:
    """Why the source did not speak of this call alone; empty where nothing says so."""
    if cut.before is not None and cut.before.is_at_work:
        return "the server was at work for others before it; probe it when it is idle"
    made, usual = made_in(cut), made_in(reference)
    if made is not None and usual and made > MOST_OF_REFERENCE * usual:
        return f"the server made {made} tokens meanwhile, and an uncut call makes {usual}: it worked for others too"
    return ""


def made_in(call: Call) -> int | None:
    """Output tokens made since the request was sent, by the last look; by the reply itself where no source counts."""
    last = next((look.made for look in reversed(call.after) if look.made is not None), None)
    if last is None:
        return None if call.was_cut else call.tokens
    before = call.before.made if call.before is not None and call.before.made is not None else 0
    return max(0, last - before)


# === the three ways ===


def _by_word(cut: Call) -> Finding | None:
    """The provider's own record of the call."""
    ending = cut.after[-1].ending
    if ending is None:
        return None
    if ending is Ending.WHOLE:
        return Finding(OnClose.RUNS_ON, "its record says that it came to its end")
    return Finding(OnClose.STOPS, "its record says that it was stopped")


def _by_tokens(reference: Call, cut: Call) -> Finding | None:
    """How many were made in all; what was made up to the cut is told by its time, of the reference's time."""
    made, whole = made_in(cut), made_in(reference)
    is_settled = cut.after[-1].is_final or cut.after[-1].is_at_work is False
    if made is None or whole is None or whole < LEAST_TOKENS or not is_settled:
        return None
    until_cut = cut.seconds / reference.seconds
    went_on = (made / whole - until_cut) / (1 - until_cut)
    return _weighed(went_on, went_on, f"{made} tokens were made, of {whole} of an uncut call")


def _by_time(cut: Call, left_seconds: float) -> Finding | None:
    """How long the server was at work. A source that did not see the call before the cut sees nothing of it afterwards either."""
    looks = [look for look in cut.after if look.is_at_work is not None]
    if not looks or not any(look.is_at_work for look in cut.meanwhile):
        return None
    busy = [look for look in looks if look.is_at_work]
    last_busy = busy[-1].at if busy else cut.ended_at
    rest = next((look.at for look in looks if look.at > last_busy), None)
    at_least = seconds_between(cut.ended_at, last_busy)
    at_most = seconds_between(cut.ended_at, rest) if rest is not None else float("inf")
    if rest is None:
        seen = f"the server was at work for {at_least:.1f} s more, and still is"
    else:
        seen = f"the server was at rest {at_most:.1f} s after the cut, where {left_seconds:.1f} s of work were left"
    return _weighed(at_least / left_seconds, at_most / left_seconds, seen)


def _weighed(at_least: float, at_most: float, seen: str) -> Finding | None:
    if at_most <= STOPPED_BY:
        return Finding(OnClose.STOPS, seen)
    return Finding(OnClose.RUNS_ON, seen) if at_least >= RAN_ON_FROM else None


# === several calls ===


def verdict_of(kind: CallKind, findings: Sequence[Finding]) -> Verdict:
    """What the cut calls of one kind say together."""
    told = [finding for finding in findings if finding.on_close is not OnClose.UNKNOWN]
    said = {finding.on_close for finding in told}
    if len(said) > 1:
        return Verdict(kind, OnClose.UNKNOWN, Confidence.NONE, "some calls stopped and others ran on")
    if not told:
        why = findings[-1].why if findings else "no call was made"
        return Verdict(kind, OnClose.UNKNOWN, Confidence.NONE, why)
    is_sure = len(told) > 1 and len(told) == len(findings)
    confidence = Confidence.HIGH if is_sure else Confidence.MEDIUM
    return Verdict(kind, told[0].on_close, confidence, told[-1].why)
