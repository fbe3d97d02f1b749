"""What was put and is not yet written: the last snapshot of each call, bounded."""

import threading
from collections import OrderedDict, deque

from msgspec.structs import astuple

from sidecar.ledger.rows import ID, OUTCOME, Snapshot
from sidecar.lifecycle.record import CallRecord


class Backlog:
    """Snapshots on their way to the writer, at most one for each call.

    The first settled snapshot of a call stands; of open ones the last. A dict and not a queue, so that a writer that is
    stuck in the disk costs memory for each call and not for each snapshot.

    Records come in at a door that needs no lock and are made snapshots of when the writer comes for them: a call that
    began and settled in between costs one snapshot and one row, and the event loop neither.
    """

    def __init__(self, most_rows: int) -> None:
        self.most_rows = most_rows
        self.dropped = 0
        """Snapshots given up because there were too many."""
        self._arrived: deque[CallRecord] = deque()
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Snapshot] = OrderedDict()
        self._settled: OrderedDict[str, Snapshot] = OrderedDict()

    def __len__(self) -> int:
        return len(self._arrived) + len(self._open) + len(self._settled)

    def put(self, record: CallRecord) -> None:
        """Add a call, in place of what is known of it."""
        self._arrived.append(record)
        if len(self._arrived) > self.most_rows:  # the writer is stuck
            with self._lock:
                self._let_in()

    def take(self, most_rows: int) -> list[Snapshot]:
        """Remove and return the oldest snapshots, settled ones first: theirs is the money."""
        with self._lock:
            self._let_in()
            taken = [self._settled.popitem(last=False)[1] for _ in range(min(most_rows, len(self._settled)))]
            rest = min(most_rows - len(taken), len(self._open))
            taken += [self._open.popitem(last=False)[1] for _ in range(rest)]
        return taken

    def give_back(self, snapshots: list[Snapshot]) -> None:
        """Put back in front what was taken and could not be written. An open one only where nothing newer came meanwhile."""
        with self._lock:
            for snapshot in reversed(snapshots):
                id = snapshot[ID]
                if snapshot[OUTCOME] is not None:
                    self._open.pop(id, None)
                    self._settled[id] = snapshot
                    self._settled.move_to_end(id, last=False)
                elif id not in self._open and id not in self._settled:
                    self._open[id] = snapshot
                    self._open.move_to_end(id, last=False)
            self._drop_what_is_too_much()

    def _let_in(self) -> None:
        """Make snapshots of what has arrived. `astuple` is one step for the interpreter, so a snapshot is of one moment."""
        for _ in range(len(self._arrived)):
            record = self._arrived.popleft()
            if record.id in self._settled:
                continue
            snapshot = astuple(record)
            if snapshot[OUTCOME] is None:
                self._open[record.id] = snapshot
            else:
                self._open.pop(record.id, None)
                self._settled[record.id] = snapshot
        self._drop_what_is_too_much()

    def _drop_what_is_too_much(self) -> None:
        while len(self._open) + len(self._settled) > self.most_rows:
            (self._open or self._settled).popitem(last=False)
            self.dropped += 1
