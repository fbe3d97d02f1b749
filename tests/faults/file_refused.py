"""What a sidecar does not start on: it says why, in a sentence with what to do, and touches nothing."""

import os
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.cli import LEDGER
from sidecar.ledger.steps import NEWEST
from tests.faults.bare_sidecar import command, environment
from tests.faults.fault import Stage, Verdict
from tests.faults.file_damage import copied, made
from tests.faults.ledger_scene import enforcing

END_SECONDS: Final = 60.0
WITHOUT_PRIVILEGES: Final = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Root may write any file but for this (capabilities(7), CAP_DAC_OVERRIDE); of util-linux, which every Debian has."""


class Refused(NamedTuple):
    """Something that is no ledger for this sidecar."""

    strike: Callable[[Path], object]
    says: str


def make_newer(ledger: Path) -> None:
    """A sidecar of the future has been here."""
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("INSERT INTO schema_version VALUES (?, 'from the future', 0)", (NEWEST + 1,))


def make_anothers(ledger: Path) -> None:
    """Another program's file."""
    ledger.unlink()
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def make_a_directory(ledger: Path) -> None:
    """No file at all."""
    ledger.unlink()
    ledger.mkdir()


REFUSED: Final = (
    Refused(make_newer, "was written by a newer sidecar"),
    Refused(make_anothers, "is another program's SQLite file"),
    Refused(make_a_directory, "is a directory"),
    Refused(lambda ledger: ledger.chmod(0o400), "let the sidecar's user write the file and its directory"),
    Refused(lambda ledger: ledger.parent.chmod(0o500), "let the sidecar's user write the file and its directory"),
)
IN_THE_SHORT_FORM: Final = 3


def play_refused(stage: Stage) -> Verdict:
    """Start on each of them."""
    _, ended = made(stage.directory / "made")
    chosen, wrong = stage.some(REFUSED, IN_THE_SHORT_FORM), list[str]()
    for number, refused in enumerate(chosen):
        ledger = copied(ended, stage.directory / str(number))
        refused.strike(ledger)
        before = contents_of(ledger)
        status, said = started(stage.directory, ledger)
        ledger.parent.chmod(0o700)
        wrong += [] if status == LEDGER else [f"{refused.says}: the exit status was {status}"]
        wrong += [] if refused.says in said and "Traceback" not in said else [f"it said {said}, not: {refused.says}"]
        wrong += [] if contents_of(ledger) == before else [f"{refused.says}: the file was touched"]
    return Verdict(len(chosen), wrong=tuple(wrong))


def play_two_sidecars(stage: Stage) -> Verdict:
    """A second is refused by a first that writes the file, and the first goes on."""
    with enforcing(stage.directory) as scene:
        scene.callers.call()
        status, said = started(stage.directory, scene.ledger)
        wrong = [] if status == LEDGER else [f"the exit status was {status}"]
        told = f"is in use by another sidecar (process {scene.sidecar.process.pid})"
        wrong += [] if told in said else [f"it said {said}"]
        after = scene.callers.call()
        lost = [] if after.status == 200 and scene.sidecar.end() == 0 else ["the first did not go on"]
    return Verdict(1, tuple(lost), tuple(wrong))


def started(directory: Path, ledger: Path) -> tuple[int, str]:
    """The exit status of a sidecar, and what it said."""
    before: Sequence[str] = WITHOUT_PRIVILEGES if os.geteuid() == 0 else ()
    variables = environment(directory, {"LEDGER__URL": f"sqlite:///{ledger}"})
    ended = subprocess.run(command(*before), env=variables, capture_output=True, timeout=END_SECONDS, check=False)
    return ended.returncode, ended.stderr.decode().strip()


def contents_of(ledger: Path) -> bytes | None:
    """What the file holds; None for a directory."""
    return None if ledger.is_dir() else ledger.read_bytes()
