"""What was put and is not yet written: the last snapshot of each call, bounded."""

import threading
from collections import OrderedDict

from sidecar.ledger.rows import ID, OUTCOME, Snapshot


class Backlog:
    """Snapshots on their way to the writer, at most one for each call.

    The first settled snapshot of a call stands; of open ones the last. A dict and not a queue, so that a writer that is
    stuck in the disk costs memory for each call and not for each snapshot. The lock is held for a few assignments.
    """

    def __init__(self, most_rows: int) -> None:
        self.most_rows = most_rows
        self.dropped = 0
        """Snapshots given up because there were too many."""
        self._lock = threading.Lock()
        self._open: OrderedDict[str, Snapshot] = OrderedDict()
        self._settled: OrderedDict[str, Snapshot] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open) + len(self._settled)

    def put(self, snapshot: Snapshot) -> None:
        """Add a snapshot, in place of the call's earlier one."""
        with self._lock:
            self._place(snapshot)
            if len(self._open) + len(self._settled) > self.most_rows:
                self._drop_oldest()

    def take(self, most_rows: int) -> list[Snapshot]:
        """Remove and return the oldest snapshots, settled ones first: theirs is the money."""
        with self._lock:
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
            while len(self) > self.most_rows:
                self._drop_oldest()

    def _place(self, snapshot: Snapshot) -> None:
        id = snapshot[ID]
        if id in self._settled:
            return
        if snapshot[OUTCOME] is None:
            self._open[id] = snapshot
        else:
            self._open.pop(id, None)
            self._settled[id] = snapshot

    def _drop_oldest(self) -> None:
        (self._open or self._settled).popitem(last=False)
        self.dropped += 1
