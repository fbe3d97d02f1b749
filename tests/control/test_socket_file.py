"""A socket in the file system: for its owner alone, and never in the place of what somebody else uses."""

import asyncio
import io
import os
import stat
from pathlib import Path

import pytest

from sidecar.clock import SystemClock
from sidecar.control.server import AppServer
from sidecar.control.socket_file import bind_file, file_of
from sidecar.errors import SettingsError
from sidecar.telemetry.log import open_log
from tests.control.test_server import hello

KEY = "control.listen"


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "x.sock")


def test_only_its_owner_may_connect(path: str):
    before = os.umask(0o000)
    try:
        bind_file(path, KEY).close()
    finally:
        assert os.umask(before) == 0o000
    assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600


def test_socket_that_was_left_behind_makes_way(path: str):
    bind_file(path, KEY).close()
    bind_file(path, KEY).close()


def test_socket_at_which_somebody_listens_stays(path: str):
    with bind_file(path, KEY), pytest.raises(SettingsError, match="is in use"):
        bind_file(path, KEY)
    assert Path(path).exists()


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_whatever_else_stands_there_stays(path: str, kind: str, tmp_path: Path):
    if kind == "file":
        Path(path).write_text("precious")
    elif kind == "directory":
        Path(path).mkdir()
    else:
        bind_file(str(tmp_path / "theirs.sock"), KEY).close()
        Path(path).symlink_to(tmp_path / "theirs.sock")
    with pytest.raises(SettingsError, match="is a file that is no socket"):
        bind_file(path, KEY)
    assert os.path.lexists(path)


def test_directory_that_is_not_there__error_that_names_the_setting(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"^control\.listen: unix:.*/none/x\.sock can't be bound"):
        bind_file(str(tmp_path / "none" / "x.sock"), KEY)


def test_own_file_is_removed_and_another_of_the_same_name_is_not(path: str):
    bind_file(path, KEY).close()
    ours = file_of(path)
    assert ours is not None
    with bind_file(path + "2", KEY):
        Path(path + "2").replace(path)
        ours.remove()
        assert Path(path).exists()
    theirs = file_of(path)
    assert theirs is not None
    theirs.remove()
    theirs.remove()
    assert file_of(path) is None


def test_application_is_served_at_a_path__which_is_gone_at_the_end(path: str):
    log = open_log(SystemClock(), file=io.BytesIO())

    async def run() -> bytes:
        server = AppServer(f"unix:{path}", 0, KEY, log.events)
        assert (server.url, server.host) == (f"unix:{path}", f"unix:{path}")
        await server.start(hello)
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        reply = await reader.read()
        writer.close()
        await server.stop()
        return reply

    assert asyncio.run(run()).endswith(b"hello")
    assert not Path(path).exists()
    log.close()


def test_two_sidecars_can_not_share_a_path(path: str):
    log = open_log(SystemClock(), file=io.BytesIO())

    async def run() -> None:
        first = AppServer(f"unix:{path}", 0, KEY, log.events)
        await first.start(hello)
        with pytest.raises(SettingsError, match="is in use"):
            AppServer(f"unix:{path}", 0, KEY, log.events)
        assert Path(path).exists()
        await first.stop()

    asyncio.run(run())
    log.close()
