"""The wall clock of one process, moved while it runs: libfaketime, which the monotonic clock is told to leave alone."""

from pathlib import Path
from typing import Final

LIBRARY: Final = "usr/lib/*/faketime/libfaketimeMT.so.1"
"""Where Debian's package puts it."""
HOUR: Final = 3600


class MovedClock:
    """How far the clock of whoever runs in these surroundings is away from the machine's."""

    def __init__(self, directory: Path, offset_seconds: int = 0) -> None:
        (found,) = Path("/").glob(LIBRARY)
        self._file = directory / "clock"
        self.surroundings: Final = {
            "LD_PRELOAD": str(found),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.step_to(offset_seconds)

    def step_to(self, offset_seconds: int) -> None:
        """Set the clock, at once."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_seconds:+d}\n")
        new.replace(self._file)
