"""A bill in plain words: what stands below its tables, on a terminal and on a page."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from sidecar.cli.money import amount, in_words, percent
from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.ledger.bill import Bill, BillLine, Foregone
from sidecar.ledger.contract import By, CallQuery

UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
"""Seconds, and the word for so many."""
NEARLY: Final[Moment] = 5 * SECOND
"""`--since 7d` was typed so long before it is said at most."""
HEADS: Final = {By.DAY: "DAY (UTC)"}
HOW_IT_IS_TOLD: Final = (
    "That is told by when they began, were left and ended, as if providers had stopped at once."
    " Calls that were cut are not in it."
)
NOBODY: Final = {By.REASON: "(stayed)"}
"""What a line without a key is called; else `(unknown)`."""


def head_of(by: By) -> str:
    """What the lines stand for, as the head of their column."""
    return HEADS.get(by, by.upper())


def key_of(line: BillLine, by: By) -> str:
    """What a line stands for."""
    return line.key or NOBODY.get(by, "(unknown)")


def others_of(bill: Bill) -> str:
    """What the line of those that are not shown is called."""
    return f"({bill.others_count} other{'' if bill.others_count == 1 else 's'})"


def period(query: CallQuery, bill: Bill, now: Moment) -> str:
    """The time that a bill is about, to stand in a sentence: `in the last 7 days`, `since 2026-11-20 10:00:00 UTC`."""
    if query.since is None and query.until is None:
        return _seen(bill)
    if query.since is not None and query.until is None:
        return _last(now - query.since) or f"since {_moment(query.since)}"
    after = "" if query.since is None else f"from {_moment(query.since)} "
    return f"{after}to {_moment(query.until or now)}" if after else f"before {_moment(query.until or now)}"


def _last(span: Moment) -> str:
    for seconds, word in UNITS:
        count = (span + NEARLY) // (seconds * SECOND)
        if count and abs(span - count * seconds * SECOND) <= NEARLY:
            return f"in the last {word}" if count == 1 else f"in the last {count} {word}s"
    return ""


def _seen(bill: Bill) -> str:
    if bill.first_at is None or bill.last_at is None:
        return "so far"
    first, last = (rfc3339(at).partition("T")[0] for at in (bill.first_at, bill.last_at))
    return f"on {first} (UTC)" if first == last else f"from {first} to {last} (UTC)"


def _moment(at: Moment) -> str:
    return f"{rfc3339(at)[:19].replace('T', ' ')} UTC"


def closing(bill: Bill, when: str) -> list[str]:
    """The bill in plain words; `when` is its `period`. Estimates are marked, and what the mark means is said once."""
    total = bill.total
    # Two sentences: an answer that was finished and not handed over (`undelivered`) went to nobody too, and is no orphan.
    sentences = [f"{_orphaned_of(total)}. {_went_to_nobody(total)}."]
    if total.rescued:
        sentences.append(f"{_rescued(total)}.")
    if total.cancelled or total.avoided_usd or total.regretted_usd:
        sentences.append(f"{_cancelled(total)}.")
    if total.reclaimed_usd:
        sentences.append(f"{in_words(total.reclaimed_usd)} of that was for results that were fetched later after all.")
    sentences += foregone_of(bill.foregone, when)
    if total.unpriced:
        sentences.append(f"{_counted(total.unpriced, total)} no known price or usage: not in these sums.")
    if total.open:
        sentences.append(f"{_counted(total.open, total)} not ended yet: not in these sums.")
    return [*sentences, *_of_the_mark(bill, sentences)]


def _of_the_mark(bill: Bill, sentences: list[str]) -> Iterator[str]:
    total = bill.total
    if total.estimated_usd:
        yield f"~ {in_words(total.estimated_usd)} of the spend is estimated, or a lower bound."
    elif total.avoidable_estimated_usd or any("~" in sentence for sentence in sentences):
        yield "~ estimated, all of it or a part."


def foregone_of(foregone: Foregone, when: str) -> Iterator[str]:
    """What `enforce` would have saved, and how that is known; nothing where it would have changed nothing."""
    if foregone.operations or foregone.repeats or foregone.returned:
        would = f"saved ~{in_words(foregone.saved_usd)}" if foregone.saved_usd > 0 else "saved nothing"
        parts = list(_parts(foregone))
        how = ", ".join(f"{usd} {part}" for usd, part in parts) if len(parts) > 1 else parts[0][1]
        yield f"`mode: enforce` would have {would} {when}: {how}."
        yield HOW_IT_IS_TOLD
    if count := foregone.operations_unpriced:
        yield f"{_operations(count)} of these {_has(count)} no known price: not in that sum."
    if count := foregone.operations_open:
        yield f"{_operations(count)} that it would have cancelled {_has(count)} not settled yet: not in that sum."


def _parts(foregone: Foregone) -> Iterator[tuple[str, str]]:
    """Amounts, and what each is for."""
    if foregone.operations:
        many = _operations(foregone.operations)
        yield f"~{in_words(foregone.operations_usd)}", f"by cancelling {many} whose caller was gone"
    if foregone.repeats:
        calls = "1 repeated call" if foregone.repeats == 1 else f"{foregone.repeats} repeated calls"
        yield f"~{in_words(foregone.repeats_usd)}", f"by giving {calls} an answer that was there"
    if foregone.returned:
        many = _operations(foregone.returned)
        yield f"less at most {in_words(foregone.returned_usd)}", f"for cancelling {many} whose caller came back"


def _operations(count: int) -> str:
    return "1 operation" if count == 1 else f"{count} operations"


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _rescued(total: BillLine) -> str:
    done = "1 call was rescued" if total.rescued == 1 else f"{total.rescued} calls were rescued"
    given = "its retry was given its answer" if total.rescued == 1 else "their retries were given their answers"
    return f"{done}: {given}" + (f", and {in_words(total.rescued_usd)} was not paid twice" if total.rescued_usd else "")


def _cancelled(total: BillLine) -> str:
    verb = "was" if total.cancelled == 1 else "were"
    done = f"{_operations(total.cancelled)} {verb} cancelled, which avoided ~{in_words(total.avoided_usd)}"
    if not total.regretted_usd:
        return done
    regretted = f"{in_words(total.regretted_usd)} was for operations that were asked for again"
    return f"{done}; {regretted}: net ~{signed(total.saved_usd)} saved"


def signed(usd: Decimal) -> str:
    """Money in a sentence that may be below 0."""
    return f"-{in_words(-usd)}" if usd < 0 else in_words(usd)


def saved(line: BillLine) -> str:
    """What cancelling saved, for a table: always an estimate; empty where nothing was to be saved."""
    usd = line.saved_usd
    if not usd:
        return ""
    return f"~-{amount(-usd)}" if usd < 0 else amount(usd, "estimated")


def _things(total: BillLine) -> Iterator[str]:
    """What the sums are over: `calls`, `operations`, or both."""
    if total.calls or not total.operations:
        yield "call"
    if total.operations:
        yield "operation"


def _counted(count: int, total: BillLine) -> str:
    if count == 1:
        return f"1 {' or '.join(_things(total))} has"
    return f"{count} {' and '.join(f'{thing}s' for thing in _things(total))} have"


def _orphaned_of(total: BillLine) -> str:
    things, count = list(_things(total)), total.calls + total.operations
    if count == 1:
        return f"The one {things[0]} was {'' if total.orphaned else 'not '}orphaned"
    named = " and ".join(f"{thing}s" for thing in things)
    return f"{total.orphaned or 'None'} of {count} {named} {'was' if total.orphaned == 1 else 'were'} orphaned"


def _went_to_nobody(total: BillLine) -> str:
    if not total.orphaned_usd:
        return f"Nothing of {in_words(total.spend_usd)} went to answers nobody received"
    share = percent(total.orphaned_usd, total.spend_usd)
    return f"{in_words(total.orphaned_usd)} of {in_words(total.spend_usd)} ({share}) went to answers nobody received"
