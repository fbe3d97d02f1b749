"""Ways in which a ledger's disk takes nothing for a while: each is a block, and when it is left the disk is well again."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.ledger_scene import Scene
from tests.faults.strace import files_of, injected

SMALL_DISK: Final = "2m"
WRITING: Final = ("pwrite64", "write", "ftruncate")
SYNCING: Final = ("fdatasync", "fsync")

Outage = Callable[[Scene], AbstractContextManager[None]]


def can_mount() -> bool:
    """Whether we may make a small disk: as root."""
    return os.geteuid() == 0


@contextmanager
def small_disk(directory: Path, size: str = SMALL_DISK) -> Iterator[Path]:
    """A disk of a megabyte or two in that place; where we may not make one, the place as it is."""
    if not can_mount():
        yield directory
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(directory)], check=True)
    try:
        yield directory
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def fill(directory: Path) -> Path:
    """Put a file there that leaves not a page; removing it makes room."""
    filler = directory / "filler"
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


@contextmanager
def full(scene: Scene) -> Iterator[None]:
    """Not a page is left; told by a disk that is full, or by strace where we can't make one."""
    if not os.path.ismount(scene.ledger.parent):
        with failing(scene, WRITING, "ENOSPC"):
            yield
        return
    filler = fill(scene.ledger.parent)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def failing(scene: Scene, calls: tuple[str, ...], error: str) -> Iterator[None]:
    """These system calls fail on the ledger's files. A file system is not made read-only while a file is open for writing
    (EBUSY); one that makes itself so, because its disk fails, answers each write so."""
    directory = scene.ledger.parent
    with injected(scene.sidecar.process.pid, calls, f"error={error}", files_of(scene.ledger), directory / "strace"):
        yield


READ_ONLY: Final[Outage] = partial(failing, calls=(*WRITING, *SYNCING), error="EROFS")
NOTHING_SYNCED: Final[Outage] = partial(failing, calls=SYNCING, error="EIO")
NOTHING_READ_OR_WRITTEN: Final[Outage] = partial(failing, calls=(*WRITING, *SYNCING, "pread64"), error="EIO")
