"""A Unix socket in the file system: made for its owner alone, and never put in the place of what somebody else uses."""

import contextlib
import os
import socket
import stat
from pathlib import Path
from typing import Final, NamedTuple, Self

from sidecar.errors import SettingsError

BACKLOG: Final = 128
OWNER_ONLY: Final = 0o177
"""Taken from the mode: 0600."""
FIND_OUT_SECONDS: Final = 1.0


class SocketFile(NamedTuple):
    """The file of a socket that we have bound, told from another of the same name."""

    path: Path
    identity: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> Self:
        """The file as it is now.

        Raises:
            OSError: there is none.
        """
        found = path.stat(follow_symlinks=False)
        return cls(path, (found.st_dev, found.st_ino))

    def remove(self) -> None:
        """Remove it, unless it is there no more, or is another by now."""
        with contextlib.suppress(OSError):
            if type(self).of(self.path) == self:
                self.path.unlink()


def file_of(path: str) -> SocketFile | None:
    """The file at a path where a socket was bound; None when somebody has removed it since."""
    try:
        return SocketFile.of(Path(path))
    except OSError:
        return None


def bind_file(path: str, key: str) -> socket.socket:
    """A listening socket at a path, which only this user may connect to.

    A socket that a process left behind when it was killed is removed; one at which somebody listens is not, and neither is
    anything else that stands there.

    Raises:
        SettingsError: naming `key` and what is in the way.
    """
    _make_way(path, key)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(OWNER_ONLY)  # so that there is no moment at which others could connect
    try:
        listening.bind(path)
        listening.listen(BACKLOG)
    except OSError as problem:
        listening.close()
        advice = "use a path in a directory that exists and may be written to"
        raise SettingsError(key, f"unix:{path} can't be bound ({problem.strerror})", advice) from problem
    finally:
        os.umask(before)
    return listening


def _make_way(path: str, key: str) -> None:
    try:
        found = os.lstat(path)
    except OSError:
        return  # nothing is there; or what there is, binding will say
    if not stat.S_ISSOCK(found.st_mode):
        raise SettingsError(key, f"unix:{path} is a file that is no socket", "use another path: it is not removed")
    if _is_listened_at(path):
        raise SettingsError(key, f"unix:{path} is in use", "stop the program that listens there, or use another path")
    with contextlib.suppress(OSError):
        Path(path).unlink()


def _is_listened_at(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(FIND_OUT_SECONDS)
        try:
            asking.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:  # its queue is full, or it is not ours to ask: somebody's in any case
            return True
        return True
