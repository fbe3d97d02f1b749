"""What is said of the files that settings are read from: who may write them decides where keys are sent.

Said and not refused: a mount may show every file as everybody's (Windows', some volumes), where nobody else is.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from sidecar.config.load import Loaded

ROOT_USER = 0


def file_notes(loaded: Loaded) -> Iterator[str]:
    """A sentence for each file that others than us may have written."""
    if loaded.file is not None:
        yield from _of(Path(loaded.file.path), is_found=not loaded.file.chosen_by)
    yield from _of(loaded.facts_file, is_found=False)


def _of(path: Path, *, is_found: bool) -> Iterator[str]:
    try:
        seen = path.stat()  # of the file behind a link: a ConfigMap's files are links
    except OSError:
        return
    if stat.S_ISREG(seen.st_mode) and seen.st_mode & stat.S_IWOTH:
        yield f"{path} may be written by everybody, and says where keys are sent: chmod o-w {path}"
    if is_found and seen.st_uid not in (ROOT_USER, os.geteuid()):
        yield (
            f"{path} belongs to another user (uid {seen.st_uid}), and says where keys are sent: it is read because it is here; "
            f"say --config {path} if that is meant"
        )
