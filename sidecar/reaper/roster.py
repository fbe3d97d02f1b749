"""Who is looked at when: the operations that this reaper holds, with what is known of them in memory only.

The rows are the truth and are read anew before anything is done; this is an alarm clock. A caller that polls puts its
operation's alarm off without a write or a read, so that ten thousand that are well cost next to nothing.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable

from sidecar.clock import Moment
from sidecar.lifecycle.known import Gone, Known
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Observed


class Entry:
    """One operation. The fields are explained at `lifecycle.known.Known`."""

    __slots__ = (
        "due_at",
        "gone",
        "has_looked",
        "has_looked_since",
        "heard_at",
        "id",
        "is_busy",
        "is_ending",
        "is_inherited",
        "is_reply_lost",
        "is_stopping",
        "is_taken",
        "kind",
        "look_at",
        "missing",
        "observed",
        "put_at",
        "rest_until",
        "result_attempts",
        "rung_at",
        "send_at",
        "sent_at",
        "state",
        "watched_from",
    )

    def __init__(self, record: OperationRecord, watched_from: Moment, *, is_inherited: bool) -> None:
        self.id = record.id
        self.kind = record.kind
        self.state = record.state
        self.watched_from = watched_from
        self.is_inherited = is_inherited
        self.is_reply_lost = False
        self.gone: Gone | None = None
        self.is_ending = False
        self.has_looked = False
        self.heard_at: Moment = 0
        self.look_at: Moment = 0
        self.sent_at: Moment | None = None
        self.send_at: Moment = 0
        self.has_looked_since = False
        self.is_taken = False
        self.is_stopping = False
        self.missing = 0
        """How often in a row the provider said that it does not know it."""
        self.observed: Observed | None = None
        """What the provider said last."""
        self.result_attempts = 0
        self.rest_until: Moment = 0
        """A step was put off: nothing more before."""
        self.is_busy = False
        """A task works on it: nobody else may."""
        self.put_at: Moment | None = None
        """Somebody said meanwhile that it is due then: the task knows a row from before that."""
        self.due_at: Moment = 0
        self.rung_at: Moment | None = None
        """The moment under which it stands in the heap, not later than `due_at`; None when it does not."""

    def leap(self, by: Moment) -> None:
        """The clock was set: what was planned by it comes after as long as before, and neither an hour late nor at once."""
        self.watched_from += by
        self.look_at += by
        self.send_at += by
        self.rest_until += by
        self.sent_at = None if self.sent_at is None else self.sent_at + by

    @property
    def rings_again(self) -> bool:
        """It was put after it was taken out as due."""
        return self.rung_at is not None

    def known(
        self, listening_since: Moment, held_until: Moment, *, can_look: bool, can_cancel: bool, can_find: bool
    ) -> Known:
        """What a decision is made from beside the row."""
        return Known(
            watched_from=max(self.watched_from, listening_since),
            held_until=held_until,
            is_inherited=self.is_inherited,
            is_reply_lost=self.is_reply_lost,
            gone=self.gone,
            is_ending=self.is_ending,
            can_look=can_look,
            can_cancel=can_cancel,
            can_find=can_find,
            has_looked=self.has_looked,
            heard_at=self.heard_at,
            look_at=self.look_at,
            sent_at=self.sent_at,
            send_at=self.send_at,
            has_looked_since=self.has_looked_since,
            is_taken=self.is_taken,
            is_stopping=self.is_stopping,
        )


class Roster:
    """All entries, by id and by when they are due."""

    def __init__(self, sooner: Callable[[], None], forget: Callable[[str], None] = lambda _: None) -> None:
        """`sooner` is called when something is put before all else, `forget` with the id of every operation that is dropped."""
        self._sooner = sooner
        self._forget = forget
        self._entries: dict[str, Entry] = {}
        self._counts: Counter[tuple[OperationKind, OperationState]] = Counter()
        self._heap: list[tuple[Moment, str]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, id: str) -> bool:
        return id in self._entries

    def get(self, id: str) -> Entry | None:
        """The entry of this id; None when there is none."""
        return self._entries.get(id)

    def entries(self) -> Iterable[Entry]:
        """All of them."""
        return tuple(self._entries.values())

    def add(self, entry: Entry) -> None:
        """Take an operation in, anew if it is there; it is not due before it is `put`."""
        self._uncount(self._entries.get(entry.id))
        self._entries[entry.id] = entry
        self._counts[entry.kind, entry.state] += 1

    def drop(self, id: str) -> None:
        """Forget an operation."""
        entry = self._entries.pop(id, None)
        if entry is not None:
            self._uncount(entry)
            self._forget(id)

    def became(self, entry: Entry, state: OperationState) -> None:
        """Its row says that it is in this state."""
        if self._entries.get(entry.id) is entry:
            self._uncount(entry)
            self._counts[entry.kind, state] += 1
        entry.state = state

    def put(self, entry: Entry, at: Moment) -> None:
        """Say when it is due next. Putting it off costs nothing: it stays in the heap where it is, and is asked when it rings.

        While a task works on it, the soonest of these is kept until the task has done (`rest`).
        """
        if entry.is_busy:
            entry.put_at = at if entry.put_at is None else min(at, entry.put_at)
            return
        entry.due_at = at
        if entry.rung_at is None or at < entry.rung_at:
            entry.rung_at = at
            heapq.heappush(self._heap, (at, entry.id))
            if self._heap[0][0] == at:
                self._sooner()

    def rest(self, entry: Entry, until: Moment) -> None:
        """A task has done with it, and has nothing to do before `until`; others may have, who have heard more of it since."""
        entry.is_busy, put_at, entry.put_at = False, entry.put_at, None
        if entry.id in self:
            self.put(entry, until if put_at is None else min(until, put_at))

    def due(self, now: Moment, limit: int) -> list[Entry]:
        """Take out what is due by now and is not being worked on; each must be `put` again."""
        found: list[Entry] = []
        while self._heap and self._heap[0][0] <= now and len(found) < limit:
            at, id = heapq.heappop(self._heap)
            entry = self._entries.get(id)
            if entry is None or entry.rung_at != at:
                continue  # forgotten, or in the heap a second time
            entry.rung_at = None
            if entry.due_at > now:
                self.put(entry, entry.due_at)
            elif not entry.is_busy:
                found.append(entry)
        return found

    def next_at(self) -> Moment | None:
        """When something may be due; None when nothing ever will."""
        return self._heap[0][0] if self._heap else None

    def counts(self) -> Counter[tuple[OperationKind, OperationState]]:
        """How many there are, by kind and state."""
        return +self._counts

    def running(self) -> int:
        """How many are thought to have a caller."""
        return sum(self._counts[kind, OperationState.RUNNING] for kind in OperationKind)

    def _uncount(self, entry: Entry | None) -> None:
        if entry is not None:
            self._counts[entry.kind, entry.state] -= 1
