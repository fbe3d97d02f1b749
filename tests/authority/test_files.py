"""The files of an authority: who may look into them, and what becomes of those before them."""

import os
import stat
from pathlib import Path

import pytest

from sidecar.authority.files import (
    BUNDLE,
    CERTIFICATE,
    KEY,
    MODES,
    AuthorityError,
    is_there,
    read_authority,
    write_authority,
)

TEXTS = {CERTIFICATE: b"certificate", KEY: b"key", BUNDLE: b"bundle"}
KEY_OF_IT = "proxy.ca_directory"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """An authority of ours."""
    made = tmp_path / "above" / "ca"
    write_authority(made, TEXTS, KEY_OF_IT)
    return made


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def refusal(directory: Path) -> str:
    with pytest.raises(AuthorityError) as refused:
        read_authority(directory, KEY_OF_IT)
    return str(refused.value)


def test_what_was_written_is_read(directory: Path) -> None:
    assert read_authority(directory, KEY_OF_IT) == (b"certificate", b"key")
    assert is_there(directory)


def test_key_and_directories_are_for_their_owner_alone(directory: Path) -> None:
    assert mode_of(directory) == mode_of(directory.parent) == 0o700
    assert {name: mode_of(directory / name) for name in TEXTS} == dict(MODES)
    assert mode_of(directory / KEY) == 0o600


def test_nothing_else_is_left_in_the_directory(directory: Path) -> None:
    assert {path.name for path in directory.iterdir()} == set(TEXTS)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_do_not_hang_on_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_authority(tmp_path / "ca", TEXTS, KEY_OF_IT)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "ca") == 0o700
    assert {name: mode_of(tmp_path / "ca" / name) for name in TEXTS} == dict(MODES)


def test_directory_without_any__says_how_to_make_one(tmp_path: Path) -> None:
    advice = "make one: sidecar ca create"
    assert refusal(tmp_path / "ca") == f"{KEY_OF_IT}: there is no authority in {tmp_path}/ca; {advice}"
    assert not is_there(tmp_path / "ca")


def test_half_of_one__says_what_is_missing(directory: Path) -> None:
    (directory / KEY).unlink()
    assert refusal(directory) == f"{KEY_OF_IT}: {directory}/ca-key.pem is not there; make one: sidecar ca create"
    assert is_there(directory)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_key_that_others_may_touch__refused(directory: Path, mode: int) -> None:
    (directory / KEY).chmod(mode)
    assert refusal(directory).startswith(f"{KEY_OF_IT}: {directory}/ca-key.pem is open to others (mode {mode:04o}); ")
    assert "sidecar ca create --force makes a new one" in refusal(directory)


@pytest.mark.parametrize("mode", [0o755, 0o701, 0o770, 0o720])
def test_directory_that_others_may_enter__refused(directory: Path, mode: int) -> None:
    directory.chmod(mode)
    said = f"{KEY_OF_IT}: {directory} is open to others (mode {mode:04o}); chmod 0700 {directory}"
    assert refusal(directory).startswith(said)
    with pytest.raises(AuthorityError, match="is open to others"):
        write_authority(directory, TEXTS, KEY_OF_IT)


def test_stricter_modes_are_fine(directory: Path) -> None:
    (directory / KEY).chmod(0o400)
    directory.chmod(0o500)
    assert read_authority(directory, KEY_OF_IT)[1] == b"key"
    directory.chmod(0o700)


def test_file_where_the_directory_should_be__a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("")
    (tmp_path / "ca").chmod(0o600)
    advice = "it has to be a directory of the sidecar's own user"
    assert refusal(tmp_path / "ca") == f"{KEY_OF_IT}: {tmp_path}/ca/ca-key.pem can't be read: not a directory; {advice}"
    with pytest.raises(AuthorityError, match="can't be written: "):
        write_authority(tmp_path / "ca", TEXTS, "--directory")


def test_old_files_are_replaced_whole(directory: Path) -> None:
    held = os.open(directory / KEY, os.O_RDONLY)
    write_authority(directory, TEXTS | {KEY: b"new"}, KEY_OF_IT)
    try:
        assert read_authority(directory, KEY_OF_IT)[1] == b"new"
        assert os.fstat(held).st_nlink == 0  # the old key has no name any more
    finally:
        os.close(held)


def test_files_that_can_not_all_be_written_leave_the_old_ones(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AuthorityError, match="can't be written: no space left on device"):
        write_authority(directory, TEXTS | {KEY: b"new"}, KEY_OF_IT)
    assert read_authority(directory, KEY_OF_IT) == (b"certificate", b"key")
    assert {path.name for path in directory.iterdir()} == set(TEXTS)
