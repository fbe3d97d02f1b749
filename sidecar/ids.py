"""Names for calls and operations: unique, sortable by time, short enough to be read aloud."""

import itertools
import secrets

from sidecar.clock import MILLISECOND, Moment


class Ids:
    """Gives ids such as `c019a9f3c1b2e-7f3a01c2-00012`: a letter, milliseconds, process, and a running number.

    Unique within a process by the number and between processes by 32 random bits; ids sort by the moment they
    were given. They carry nothing of the caller.
    """

    def __init__(self, letter: str) -> None:
        """The letter says what they are ids of: `c` for calls, `o` for operations."""
        self._letter = letter
        self._process = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def new(self, at: Moment) -> str:
        """The next id, for what began at `at`."""
        return f"{self._letter}{at // MILLISECOND:012x}-{self._process}-{next(self._numbers):05x}"


def instance_of(pod: str | None) -> str:
    """The name of this process among all that share a ledger: different at each start, and telling in which pod it was."""
    token = secrets.token_hex(8)
    return f"{pod}.{token}" if pod else token
