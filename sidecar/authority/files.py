"""The files of an authority and their modes: one that others may look into is refused."""

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from sidecar.errors import SettingsError

CERTIFICATE: Final = "ca.pem"
"""What programs trust that add it to the authorities they know."""
KEY: Final = "ca-key.pem"
BUNDLE: Final = "bundle.pem"
"""What programs trust that take it instead of those they know."""

DIRECTORY_MODE: Final = 0o700
MODES: Final[Mapping[str, int]] = {CERTIFICATE: 0o644, KEY: 0o600, BUNDLE: 0o644}
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
LARGEST: Final = 1 << 20
"""Bytes; a certificate has one thousand."""


class AuthorityError(SettingsError):
    """The local authority can't be used. `key` is what leads to it, as a rule `proxy.ca_directory`."""


def is_there(directory: Path) -> bool:
    """An authority, or a part of one, is kept in this directory."""
    return any(_is_there(directory / name) for name in (CERTIFICATE, KEY))


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass  # it can't be looked at, and whoever reads it will be told why
    return True


def read_authority(directory: Path, told_by: str) -> tuple[bytes, bytes]:
    """The certificate and the key that a directory keeps, as text.

    Raises:
        AuthorityError: they are not there, can't be read, or are open to others. `told_by` is its key.
    """
    try:
        _demand_mode(directory, directory, DIRECTORY_MODE, told_by)
        _demand_mode(directory / KEY, directory, MODES[KEY], told_by)
        return _read(directory / CERTIFICATE), _read(directory / KEY)
    except FileNotFoundError as missing:
        problem = f"{missing.filename} is not there" if is_there(directory) else f"there is no authority in {directory}"
        raise AuthorityError(told_by, problem, "make one: sidecar ca create") from None
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        raise AuthorityError(
            told_by, f"{error.filename} can't be read: {why}", "it has to be a directory of the sidecar's own user"
        ) from None


def write_authority(directory: Path, texts: Mapping[str, bytes], told_by: str) -> None:
    """Keep these texts, by file name, in a directory that is made if it is not there. What was there before is gone.

    All of them are written before the first takes its place, so that a full disk leaves the old ones whole.

    Raises:
        AuthorityError: it can't be, or the directory is open to others. `told_by` is its key.
    """
    new: dict[str, Path] = {}
    try:
        _make_directory(directory)
        _demand_mode(directory, directory, DIRECTORY_MODE, told_by)
        for name, text in texts.items():
            new[name] = directory / f".{name}-{secrets.token_hex(4)}"
            _write(new[name], text, MODES[name])
        for name, path in new.items():
            path.replace(directory / name)
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        advice = "name another directory: sidecar ca create --directory"
        raise AuthorityError(told_by, f"{directory} can't be written: {why}", advice) from None
    finally:
        for path in new.values():
            with suppress(OSError):
                path.unlink()


def _demand_mode(path: Path, directory: Path, mode: int, told_by: str) -> None:
    found = stat.S_IMODE(path.stat().st_mode)
    if found & OTHERS:
        problem = f"{path} is open to others (mode {found:04o})"
        if path == directory:
            advice = f"chmod {mode:04o} {path}, if nothing else is kept there: who can write in it decides whom programs trust"
        else:
            advice = (
                f"sidecar ca create --force makes a new one, as others may have read it; else chmod {mode:04o} {path}"
            )
        raise AuthorityError(told_by, problem, advice)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)


def _make_directory(directory: Path) -> None:
    """Each that is missing is made for its owner alone."""
    if not directory.is_dir():
        _make_directory(directory.parent)
        directory.mkdir(mode=DIRECTORY_MODE, exist_ok=True)


def _write(path: Path, text: bytes, mode: int) -> None:
    """A file that nobody else could have put there, with this mode from its first byte on; on the disk, not only on its way."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
