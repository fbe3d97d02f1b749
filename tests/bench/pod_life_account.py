"""What became of everything in a round, by the provider's books and by ours: nothing may be in neither."""

from collections import Counter
from collections.abc import Mapping

import msgspec

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.simulator.bill import Entry
from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.bench.pod_life_plan import Crash
from tests.bench.pod_life_round import Played
from tests.end_to_end.pod_app import OPENS
from tests.end_to_end.pod_books import SOUND

COMMIT_SECONDS = 0.1
"""A call's first row is in the next group commit, within 20 ms of its head, and is not waited for; the machine is busy."""
CANCELLED, LATER, TOO_LATE = "cancelled inside the grace", "left for the next start", "too late"
BY_ITSELF, TOLD, LOST = "ended by themselves before", "left alone, with a reason", "LOST"
FATES = (CANCELLED, LATER, TOO_LATE, BY_ITSELF, TOLD, LOST)
REASONS = frozenset({"unsupported", "refused", "no_credential", "would_cancel"})
"""Results of a cancel that say why there was none."""
WATCHED = frozenset({"batch", "tuning"})


class Account(msgspec.Struct, frozen=True):
    """One round in numbers."""

    crash: str
    status: str
    calls: int
    """That the provider has received."""
    calls_answered: int
    call_rows: int
    calls_in_last_commit: int
    """Received less than a group commit before a SIGKILL, and without a row: what the ledger promises nothing of."""
    calls_unsettled: int
    """Rows that are open although the container has ended in order."""
    fates: Mapping[str, int]
    """Of operations, by their provider."""
    faults: tuple[str, ...]
    """Why this round is a failure."""
    last_cancel_seconds: float | None
    """From SIGTERM."""
    exit_seconds: float | None
    """From SIGTERM; None where it was killed."""
    pre_stop_seconds: float
    start_seconds: tuple[float, ...]


def account_of(played: Played, simulator: RunningSimulator) -> Account:
    """Compare the books."""
    seen = {each.tag: each for each in simulator.operations}
    entries = {errand.name: simulator.bill.of(errand.name) for errand in (*played.plan.errands, *played.plan.last)}
    names = {errand.name for errand in (*played.plan.errands, *played.plan.last) if errand.doing in OPENS}
    calls = {name: found for name, found in entries.items() if found and name not in names}
    missing = {name for name in calls if not played.after.calls.get(name)}
    young = {name for name in missing if _is_young(played, calls[name])}
    fates = {name: _fate(played, name, seen[name]) for name in names if name in seen}
    ending, was_killed = played.ending, played.plan.crash is Crash.SETTLING
    unsettled = [name for name in played.after.calls if played.after.call(name).outcome is None]
    sent = [cancel.at for name in fates for cancel in seen[name].cancels if _is_of_the_end(played, cancel.at)]
    return Account(
        crash=played.plan.crash,
        status="SIGKILL by us" if was_killed and ending.status != 0 else str(ending.status),
        calls=len(calls),
        calls_answered=len(played.answered),
        call_rows=len(calls) - len(missing),
        calls_in_last_commit=len(young),
        calls_unsettled=len(unsettled),
        fates=Counter(fates.values()),
        faults=tuple(_faults(played, missing - young, unsettled, fates)),
        last_cancel_seconds=(max(sent) - (ending.told_at or 0)) / 1e6 if sent else None,
        exit_seconds=ending.seconds if ending.status is not None and not was_killed else None,
        pre_stop_seconds=ending.pre_stop_seconds,
        start_seconds=played.start_seconds,
    )


def _is_young(played: Played, entries: list[Entry]) -> bool:
    received = entries[0].received_at
    return any(0 <= killed - received < COMMIT_SECONDS * 1e6 for killed in played.pod.killed_at)


def _is_of_the_end(played: Played, at: int) -> bool:
    return (played.ending.told_at or at) <= at <= played.ending.ended_at


def _fate(played: Played, name: str, seen: Seen) -> str:
    """What became of an operation that the provider has begun."""
    rows = played.after.operations.get(name, [])
    if not rows:
        return LOST
    row, ended_at = rows[0], seen.ended_at
    if seen.finished_how == "cancelled" and ended_at is not None:
        return CANCELLED if ended_at <= played.ending.ended_at else LATER
    if seen.finished_how is not None:
        return TOO_LATE if seen.cancels else BY_ITSELF
    if row.state == "cancelling" and row.cancel_attempts:
        return LATER  # asked and not taken: it is asked again, until it is given up
    return TOLD if _has_reason(row) else LOST


def _has_reason(row: OperationRecord) -> bool:
    return row.kind in WATCHED or row.cancel_result in REASONS or row.state in ("untraceable", "opening")


def _faults(played: Played, lost: set[str], unsettled: list[str], fates: Mapping[str, str]) -> list[str]:
    found = [f"call has no row: {name}" for name in sorted(lost)]
    found += [f"call has not settled: {name}" for name in unsettled]
    found += [f"operation is lost: {name}" for name, fate in fates.items() if fate == LOST]
    found += [f"call was answered and is not delivered: {name}" for name in _undelivered(played)]
    for books in (played.books, played.after):
        if books.integrity != SOUND:
            found.append(f"ledger: {books.integrity}")
    if played.plan.crash is not Crash.SETTLING and played.ending.status != 0:
        found.append(f"exit status {played.ending.status}, grace {played.plan.grace_seconds} s")
    if played.after_ending is not None and played.after_ending.status != 0:
        found.append(f"exit status {played.after_ending.status} of the next process")
    return found


def _undelivered(played: Played) -> list[str]:
    """Calls whose application has the answer, and whose row says something else; what died with our process can't say so."""
    if played.pod.killed_at:
        return []
    return [
        name
        for name in sorted(played.answered)
        if played.books.calls.get(name) and played.books.call(name).outcome != "delivered"
    ]
