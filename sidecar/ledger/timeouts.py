"""Which callers leave because a limit of their own ran out, and how long the provider takes for the likes of them.

A caller may say with its request how long it waits (`caller_timeout_seconds`). What SDKs say there is a limit of silence: how
long nothing at all may come (httpx' read timeout, providers-wire 2). So a whole answer is compared by its end, before which
little of it comes, and a stream by its head: what silences there were between its pieces no row holds, and a stream that falls
silent midway is never taken for a mismatch.

Answers in sockets (kind `live`) are left out: what was told with the request that opened one is no limit of theirs.

A limit shows in when the caller left: as long after its request, or after the reply's head, as it said it would wait. Whoever
left at another moment (Ctrl-C, a pod that ends) left for a reason of its own.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Final, NamedTuple

from sidecar.clock import SECOND, Moment, seconds_between
from sidecar.ledger.contract import CallQuery, TimeoutLine, TimeoutReport
from sidecar.ledger.questions import DAY, UNDECIDED
from sidecar.ledger.totals import EXACT
from sidecar.lifecycle.call import ERROR_STATUS
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.basis import Basis
from sidecar.metering.money import share
from sidecar.metering.spend import HandedOver

PERCENT: Final = 90
LATE: Final[Moment] = 2 * SECOND
"""So long after its limit a caller may still be found to leave: SDKs for JavaScript cut the fraction of a second off what they
tell (providers-wire 1), and one that is busy sees late that its time is up."""
EARLY_PARTS: Final = 10
"""It may have left a tenth of its limit too soon, a second at most: google-genai rounds up what it tells (google-wire 5.4), and
its clock began when it had written, ours when we had read."""
ZERO: Final = Decimal(0)

Group = tuple[str, str, str, float]
"""Upstream, model, kind, limit."""


class Departure(NamedTuple):
    """A call whose caller had told its limit, and left. Columns of its row, by their names."""

    upstream: str
    model: str
    kind: str
    caller_timeout_seconds: float
    started_at: Moment
    committed_at: Moment
    answered_at: Moment | None
    left_at: Moment
    left_reason: str | None
    handed_over: str | None
    orphaned_usd: str | None
    basis: str | None

    @property
    def group(self) -> Group:
        """What it is counted under."""
        return self.upstream, self.model, self.kind, self.caller_timeout_seconds


class Repeat(NamedTuple):
    """A call that says that it repeats another: that one, if its caller had left, and what the repeat cost."""

    first: Departure
    spend_usd: str | None


class Answers(NamedTuple):
    """How long the provider took for the calls of one group."""

    upstream: str
    model: str
    kind: str
    caller_timeout_seconds: float
    calls: int
    waited: Moment | None
    """How long the slowest of the fastest nine tenths took; None where nothing is known of any."""
    unseen: int
    """Of these nine tenths, those that nobody saw answered. They took longer, and so the slowest may have."""


class Overview(NamedTuple):
    """All calls that count, those of no told limit included, and those in sockets, which do not."""

    untold: int
    told: int
    live: int
    first_at: Moment | None
    last_at: Moment | None


def has_ended(record: CallRecord) -> bool:
    """Whether the provider had a call, and it is known how it ended."""
    return record.outcome not in UNDECIDED and record.committed_at is not None


def is_counted(record: CallRecord) -> bool:
    """Whether a call says anything of this: it has ended, and had a request of its own."""
    return has_ended(record) and record.kind is not CallKind.LIVE


def answer_seen_at(record: CallRecord) -> Moment | None:
    """When a stream's head, or a whole answer's end, was there; None where nobody saw it, or it was an error.

    Some providers send a stream's head at once, and its first piece when they have it: whoever left before that had no answer.
    """
    answered, left, is_stream = record.answered_at, record.left_at, record.kind is CallKind.STREAM
    if record.http_status is not None and record.http_status >= ERROR_STATUS:
        return None
    if is_stream and record.handed_over == HandedOver.NOTHING and answered is not None and left is not None:
        return answered if answered > left else None
    return answered if is_stream else record.finished_at


def waited(record: CallRecord) -> Moment | None:
    """How long a call that counts took; of an answer that nobody saw, how long its caller waited for it at least.

    None where it failed, or was declined, while its caller waited.
    """
    until = answer_seen_at(record)
    until = record.left_at if until is None else until
    return None if until is None or record.committed_at is None else until - record.committed_at


def answers_of(records: Iterable[CallRecord]) -> Iterator[Answers]:
    """The groups of calls that count and told a limit, as `timeout_statements.answers` has a database find them.

    The percentile is taken by nearest rank, so that it is the time of one of them. What was seen stands before what was not: of
    two that took as long so far, the one that was answered is the shorter.
    """
    groups: dict[Group, list[tuple[Moment, bool]]] = defaultdict(list)
    calls: Counter[Group] = Counter()
    for record in records:
        group = record.upstream, record.model, record.kind.value, record.caller_timeout_seconds or 0.0
        calls[group] += 1
        if (took := waited(record)) is not None:
            groups[group].append((took, answer_seen_at(record) is None))
    for group, count in calls.items():
        fastest = sorted(groups[group])[: -(-len(groups[group]) * PERCENT // 100)]
        took = fastest[-1][0] if fastest else None
        yield Answers(*group, count, took, sum(is_unseen for _, is_unseen in fastest))


def left_at_limit(call: Departure) -> bool:
    """Whether the caller left as its limit ran out.

    Told by the moment at which a wait of that length began. No sooner than the request did and no later than it was sent; or,
    while nothing of the answer had come but the head, when that came.
    """
    if call.left_reason not in (LeftReason.FIN, LeftReason.RST) or call.handed_over == HandedOver.PART:
        return False
    limit = round(call.caller_timeout_seconds * SECOND)
    early, began = min(SECOND, limit // EARLY_PARTS), call.left_at - limit
    if call.started_at - early <= began <= call.committed_at + LATE:
        return True
    head = call.answered_at
    return head is not None and head <= call.left_at and head - early <= began <= head + LATE


def is_mismatch(line: TimeoutLine) -> bool:
    """Whether a limit is shorter than the work it is told for: it ran out."""
    return line.left_at_limit > 0


class Sums:
    """Those of one group that left, while they are being added up."""

    __slots__ = ("estimated", "left", "left_at_limit", "orphaned", "repeats", "repeats_usd", "unpriced")

    def __init__(self) -> None:
        self.left = self.left_at_limit = self.unpriced = self.repeats = 0
        self.orphaned = self.estimated = self.repeats_usd = ZERO

    def add(self, call: Departure) -> None:
        """Take one in that left; its money counts where it left by its limit."""
        self.left += 1
        if not left_at_limit(call):
            return
        self.left_at_limit += 1
        if call.orphaned_usd is None:
            self.unpriced += 1
            return
        orphaned = Decimal(call.orphaned_usd)
        self.orphaned += orphaned
        if call.basis != Basis.EXACT:
            self.estimated += orphaned

    def add_repeat(self, spend_usd: str | None) -> None:
        """Take in what was asked for once more."""
        self.repeats += 1
        self.repeats_usd += Decimal(spend_usd or 0)


def sums_of(departures: Iterable[Departure], repeats: Iterable[Repeat]) -> dict[Group, Sums]:
    """What is known of those that left, by their groups. Rows as `timeout_statements` selects them."""
    sums: dict[Group, Sums] = defaultdict(Sums)
    with localcontext(EXACT):
        for departure in departures:
            sums[departure.group].add(departure)
        for first, spend_usd in repeats:
            if left_at_limit(first):
                sums[first.group].add_repeat(spend_usd)
    return sums


def report_of(
    query: CallQuery, overview: Overview, answers: Iterable[Answers], sums: Mapping[Group, Sums]
) -> TimeoutReport:
    """The report over the calls that a question asks for, with a line for each group of which there are answers."""
    span, none = _span(query, overview), Sums()
    lines = [_line(each, sums.get(each[:4], none), span) for each in answers]
    counts = {"untold": overview.untold, "told": overview.told, "live": overview.live}
    return TimeoutReport(lines=sorted(lines, key=_by_what_was_lost), days=span / DAY, **counts)


def _span(query: CallQuery, overview: Overview) -> Moment:
    """The time asked about; where the question has no ends, from the first call to the last. A day at least."""
    first = overview.first_at if query.since is None else query.since
    last = overview.last_at if query.until is None else query.until
    return max(DAY, (last or 0) - (first or 0))


def _line(answers: Answers, sums: Sums, span: Moment) -> TimeoutLine:
    upstream, model, kind, limit, calls, waited, unseen = answers
    return TimeoutLine(
        upstream=upstream,
        model=model,
        kind=kind,
        caller_timeout_seconds=limit,
        calls=calls,
        left=sums.left,
        left_at_limit=sums.left_at_limit,
        answer_p90_seconds=None if waited is None else seconds_between(0, waited),
        answer_p90_basis=None if waited is None else Basis.AT_LEAST if unseen else Basis.EXACT,
        orphaned_usd=sums.orphaned,
        orphaned_usd_per_day=share(sums.orphaned, DAY, span),
        estimated_usd=sums.estimated,
        unpriced=sums.unpriced,
        repeats=sums.repeats,
        repeats_usd=sums.repeats_usd,
    )


def _by_what_was_lost(line: TimeoutLine) -> tuple[Decimal, int, int, Group]:
    group = line.upstream, line.model, line.kind, line.caller_timeout_seconds
    return -line.orphaned_usd, -line.left_at_limit, -line.calls, group
