"""Files of one run, for its user's eyes: its log, and its ledger where the usual one is taken."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from sidecar.clock import Moment, rfc3339
from sidecar.ledger.opening import make_directory

DIRECTORY: Final = "inference-sidecar"
LOGS_KEPT: Final = 20
TROUBLE: Final = b'"level":"error"'


def state_directory(variables: Mapping[str, str]) -> Path:
    """Where programs keep what is neither settings nor cache: `$XDG_STATE_HOME` if it is a whole path, else ~/.local/state."""
    named = Path(variables.get("XDG_STATE_HOME", ""))
    return (named if named.is_absolute() else Path("~/.local/state").expanduser()) / DIRECTORY


class Places:
    """The files of one run, by a name of its own.

    Raises:
        OSError: the directory can't be made.
    """

    def __init__(self, directory: Path, now: Moment) -> None:
        make_directory(directory)
        directory.chmod(0o700)
        stamp = rfc3339(now)[:19].replace("-", "").replace(":", "")
        self._directory = directory
        self._name = f"run-{stamp}-{secrets.token_hex(4)}"  # containers that share a home share process ids

    @property
    def ledger(self) -> Path:
        """For a run that can't have the usual one. Kept: it holds what nobody else knows."""
        return self._directory / f"{self._name}.db"

    def open_log(self) -> "RunLog":
        """A new file, and room for it: of the logs of earlier runs the latest are kept."""
        for old in sorted(self._directory.glob("run-*.log"))[: 1 - LOGS_KEPT]:
            with suppress(OSError):
                old.unlink()
        return RunLog(self._directory / f"{self._name}.log")


class RunLog:
    """A log's file, which notices whether something went wrong. A `telemetry.lines.Sink`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.has_trouble = False
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o600)

    def write(self, data: memoryview, /) -> int | None:
        """Write some of `data` and say how much."""
        self.has_trouble = self.has_trouble or TROUBLE in bytes(data)
        return os.write(self._descriptor, data)

    def close(self, *, keeps: bool) -> None:
        """Close the file; away with it if nobody will want to read it."""
        os.close(self._descriptor)
        if not keeps:
            with suppress(OSError):
                self.path.unlink()
