"""One writer for one file."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.lock import FileLock
from tests.ledger.given import FilePlace, open_call


def test_a_second_lock_is_refused_and_names_the_process(tmp_path: Path):
    held = FileLock.take(tmp_path / "a.db")
    with pytest.raises(
        LedgerError, match=rf"a\.db: is in use by another sidecar \(process {os.getpid()}\); stop that one"
    ):
        FileLock.take(tmp_path / "a.db")
    held.release()


def test_a_released_lock_can_be_taken(tmp_path: Path):
    held = FileLock.take(tmp_path / "a.db")
    held.release()
    held.release()
    FileLock.take(tmp_path / "a.db").release()


def test_the_lock_of_a_process_that_was_killed_can_be_taken(tmp_path: Path):
    code = "import sys; from pathlib import Path; from sidecar.ledger.lock import FileLock\n"
    code += "held = FileLock.take(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.db"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(LedgerError, match=f"process {child.pid}"):
            FileLock.take(tmp_path / "a.db")
        child.kill()
    FileLock.take(tmp_path / "a.db").release()


def test_a_second_ledger_on_the_same_file_is_refused__a_reader_is_not(file: FilePlace):
    file.open("first")
    with pytest.raises(LedgerError, match="is in use by another sidecar"):
        file.open("second")
    assert file.reader().call("c1") is None


def test_the_first_ledger_goes_on_after_a_second_was_refused(file: FilePlace):
    first = file.open("first")
    with pytest.raises(LedgerError):
        file.open("second")
    first.put(open_call())
    assert first.flush(30)


def test_the_lock_file_is_its_owners_alone(tmp_path: Path):
    FileLock.take(tmp_path / "a.db").release()
    assert stat.S_IMODE((tmp_path / "a.db.lock").stat().st_mode) == 0o600


def test_a_lock_knows_whether_it_is_the_one_that_others_ask_for(tmp_path: Path):
    held = FileLock.take(tmp_path / "a.db")
    assert held.is_in_place()
    (tmp_path / "a.db.lock").unlink()
    assert not held.is_in_place()
    another = FileLock.take(tmp_path / "a.db")
    assert (held.is_in_place(), another.is_in_place()) == (False, True)
    held.release()
    another.release()
    assert not another.is_in_place()


def test_a_lock_that_can_not_be_written_is_not_kept(tmp_path: Path):
    (tmp_path / "a.db.lock").symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"Invalid argument|No space left"):
        FileLock.take(tmp_path / "a.db")
