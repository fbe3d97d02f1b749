"""Names for calls: unique, sortable by time, short enough to be read aloud."""

import itertools
import secrets

from sidecar.clock import MILLISECOND, Moment


class CallIds:
    """Gives each call an id such as `c019a9f3c1b2e-7f3a01c2-00012`: milliseconds, process, and a running number.

    Unique within a process by the number and between processes by 32 random bits; ids sort by the moment they
    were given. They carry nothing of the caller.
    """

    def __init__(self) -> None:
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def new(self, at: Moment) -> str:
        """The next id, for a call that started at `at`."""
        return f"c{at // MILLISECOND:012x}-{self._process}-{next(self._numbers):05x}"
