"""What is told of a run when it is over: one sentence, a few figures, and what nobody waited for. Pure."""

import signal
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from sidecar.companion.command import End
from sidecar.companion.tally import Tally
from sidecar.companion.unseen import Seen, unseen
from sidecar.companion.waiting_for import is_left_running
from sidecar.ledger.questions import ORPHANED_OUTCOMES
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.money import plain

SIGNALS: Final = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGKILL: "killed"}
INTERRUPTED_STATUS: Final = 128 + signal.SIGINT
"""What a program exits with that catches Ctrl-C and ends in order."""
WORDS: Final = {
    Outcome.DELIVERED: "delivered", Outcome.REJECTED: "rejected", Outcome.REFUSED: "refused", Outcome.LEFT_EARLY: "left early",
    Outcome.UPSTREAM_FAILED: "failed", Outcome.CUT_SHORT: "cut short", Outcome.UNDELIVERED: "undelivered",
    Outcome.RESCUED: "rescued", Outcome.JOINED: "joined a rescue",
}  # fmt: skip


class Row(msgspec.Struct, frozen=True):
    """One line of figures. `is_loss` and `is_gain` are for those who see colors."""

    name: str
    figure: str
    remark: str = ""
    is_loss: bool = False
    is_gain: bool = False


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is over, and everything of it that could be waited for."""

    end: End
    seconds: float
    """From the command's start to its end."""
    mode: str
    tally: Tally
    operations: Sequence[OperationRecord] = ()
    """Those that were opened in the run, as they are in the ledger."""
    seen: Seen | None = None
    """What came to us as the command's proxy; None where we were none."""

    @property
    def has_calls(self) -> bool:
        """The command called somebody, as far as we saw."""
        return bool(self.tally.calls or self.operations)

    @property
    def is_empty(self) -> bool:
        """There is nothing to tell. Who wanted all calls to be seen is told that there were none."""
        return self.seen is None and not self.has_calls

    @property
    def left_running(self) -> list[OperationRecord]:
        """Operations that nobody waited for to the end."""
        return [record for record in self.operations if is_left_running(record)]

    @property
    def has_orphans(self) -> bool:
        """Somebody worked on for nobody."""
        tally = self.tally
        return bool(tally.orphaned or tally.orphaned_usd or tally.longest_seconds is not None or self.left_running)


def usd(amount: Decimal, *, is_estimated: bool = False) -> str:
    """An amount for people: six decimals, and a tilde where it is an estimate."""
    return f"{'~' if is_estimated else ''}{amount:.6f} USD"


def duration(seconds: float) -> str:
    """A duration for people: `0.05 s`, `12.3 s`, `4 min 05 s`, `2 h 03 min`."""
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 0.1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def counted(count: int, noun: str) -> str:
    """A number of things: `1 call`, `2 calls`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ended(end: End, seconds: float) -> str:
    """How and when the program ended: `your program was interrupted after 5.0 s`."""
    if end.signal in SIGNALS:
        how = f"was {SIGNALS[signal.Signals(end.signal)]}"
    elif end.signal is not None:
        how = f"was ended by signal {end.signal}"
    elif end.code == INTERRUPTED_STATUS:
        how = "was interrupted"
    else:
        how = f"ended with exit code {end.code}" if end.code else "ended"
    return f"your program {how} after {duration(seconds)}"


def headline(story: Story) -> str:
    """The whole run in one sentence."""
    told, tally = ended(story.end, story.seconds), story.tally
    if not story.has_calls:
        return f"{told}; calls seen: 0"
    if not story.has_orphans:
        outcomes = ", ".join(remark for remark in _outcomes(tally)) or "none of them settled"
        made = counted(tally.calls.total(), "call")
        if not tally.calls:
            made, outcomes = counted(len(story.operations), "operation"), _operations_in_words(story)
        return f"{told}: {made}, {outcomes}{_for(tally)}"
    if tally.cut_by_us and tally.longest_seconds is None:
        return f"{told}; {counted(tally.cut_by_us, 'call')} left at work at the provider, and nobody knows at what cost"
    return f"{told}; {_what_went_on(story)}{_billed(tally)}"


def _for(tally: Tally) -> str:
    if tally.spend_usd:
        return f", for {usd(tally.spend_usd, is_estimated=tally.is_estimated)}"
    return ", and what that cost is not known" if tally.unpriced else ""


def _what_went_on(story: Story) -> str:
    tally = story.tally
    if tally.confirmed_seconds is not None:
        cancelled = counted(tally.operations[S.CANCELLED], "operation")
        return f"{cancelled} cancelled at the provider, confirmed within {duration(tally.confirmed_seconds)}"
    if tally.longest_seconds is not None:
        return f"the provider worked on for {'up to ' if tally.went_on > 1 else ''}{duration(tally.longest_seconds)}"
    if tally.stopped:
        return "the provider's connection was closed at once"
    return (
        f"{counted(len(story.left_running), 'operation')} still at work" if story.left_running else "its work had ended"
    )


def _billed(tally: Tally) -> str:
    if tally.orphaned_usd:
        amount = usd(tally.orphaned_usd, is_estimated=tally.is_orphaned_estimated)
        return f" and billed {amount} for answers that nobody received"
    return ", and what that cost is not known" if tally.unpriced else ", and billed nothing for it"


def _outcomes(tally: Tally) -> Iterator[str]:
    for outcome, word in WORDS.items():
        if count := tally.calls[outcome]:
            yield f"{'all' if count == tally.calls.total() > 1 else count} {word}"
        if outcome is Outcome.DELIVERED and (orphaned := sum(tally.calls[each] for each in ORPHANED_OUTCOMES)):
            yield f"{orphaned} orphaned"
    if lost := tally.calls[Outcome.LOST]:
        yield f"{lost} lost"


def _operations_in_words(story: Story) -> str:
    found = dict[str, int]()
    for record in story.operations:
        found[record.outcome or record.state.value] = found.get(record.outcome or record.state.value, 0) + 1
    return ", ".join(f"{count} {word}" for word, count in found.items())


def rows(story: Story) -> Iterator[Row]:
    """The figures, those that say something."""
    tally = story.tally
    if tally.calls:
        yield Row("calls", str(tally.calls.total()), ", ".join(_outcomes(tally)))
    if story.operations:
        yield Row("operations", str(len(story.operations)), _operations_in_words(story))
    if tally.longest_seconds is not None:
        yield Row(
            "went on for",
            duration(tally.longest_seconds),
            f"{'the longest, ' if tally.went_on > 1 else ''}after its caller had left",
        )
    if tally.spend_usd or not tally.unpriced:
        yield Row("spend", usd(tally.spend_usd, is_estimated=tally.is_estimated))
    if tally.orphaned_usd:
        yield from _losses(tally)
    if tally.avoided_usd:
        yield Row(
            "avoided", usd(tally.avoided_usd, is_estimated=True), "by what such operations cost as a rule", is_gain=True
        )
    if tally.rescued_usd:
        yield Row("rescued", usd(tally.rescued_usd), "retries that were given an abandoned answer", is_gain=True)
    if tally.unpriced:
        yield Row("unpriced", str(tally.unpriced), "nobody said what was used, or what it costs")


def _losses(tally: Tally) -> Iterator[Row]:
    share = 100 * tally.orphaned_usd / tally.spend_usd
    orphaned = usd(tally.orphaned_usd, is_estimated=tally.is_orphaned_estimated)
    yield Row("orphaned", orphaned, f"{share:.0f} %, for answers that nobody received", is_loss=True)
    avoidable = usd(tally.avoidable_usd, is_estimated=tally.is_avoidable_estimated)
    yield Row("avoidable", avoidable, "had the work stopped when its caller left", is_loss=True)


def remarks(story: Story) -> Iterator[str]:
    """What is not known, or goes on: each a line."""
    tally = story.tally
    if tally.cut_by_us:
        whose = "its" if tally.cut_by_us == 1 else "their"
        yield f"not waited for: {counted(tally.cut_by_us, 'call')}; {whose} figures are estimates, up to that moment"
    for record in story.left_running:
        name = record.provider_id or "its id was never learned"
        yield f"{_why_it_runs(record)}: {record.kind} {record.model or record.method} at {record.upstream}, {name}"
    if tally.would_cancel:
        yield f"--mode enforce would have cancelled {counted(tally.would_cancel, 'operation')}"
    yield from unseen(story.seen, has_calls=story.has_calls)


def _why_it_runs(record: OperationRecord) -> str:
    if record.state is S.CANCELLING:
        return "cancelled, and not confirmed"
    return "detached, still running" if record.is_detached else "still running"


def as_object(story: Story) -> dict[str, Any]:
    """The same for machines. Money is decimal text, None is not known; nothing of the command line, which may hold secrets."""
    tally = story.tally
    return {
        "exit_code": story.end.code, "signal": story.end.signal,
        "seconds": round(story.seconds, 3),
        "mode": story.mode,
        "calls": dict(tally.calls),
        "operations": dict(tally.operations),
        "orphaned": tally.orphaned,
        "went_on_seconds": None if tally.longest_seconds is None else round(tally.longest_seconds, 3),
        "spend_usd": plain(tally.spend_usd),
        "orphaned_usd": plain(tally.orphaned_usd),
        "avoidable_usd": plain(tally.avoidable_usd),
        "avoided_usd": plain(tally.avoided_usd),
        "rescued_usd": plain(tally.rescued_usd),
        "is_estimated": tally.is_estimated,
        "unpriced": tally.unpriced,
        "not_waited_for": tally.cut_by_us,
        "would_cancel": tally.would_cancel,
        "connections": msgspec.to_builtins(story.seen),
        "still_running": [
            {
                "id": record.id, "kind": record.kind, "model": record.model, "upstream": record.upstream,
                "provider_id": record.provider_id, "state": record.state,
            }
            for record in story.left_running
        ],
    }  # fmt: skip
