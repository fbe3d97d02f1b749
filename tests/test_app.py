"""One sidecar, built and taken down in this process; what it does from outside is in end_to_end/."""

import asyncio
from pathlib import Path

import pytest

from sidecar.app import Application, limits_of
from sidecar.config.settings import Settings
from sidecar.errors import LedgerError, SettingsError
from sidecar.telemetry.program import ProgramState

ANY_PORT = {"listen": "127.0.0.1:0"}


def settings_for(directory: Path, **groups: object) -> Settings:
    """Settings whose sockets are free ones and whose ledger is in a directory."""
    values: dict[str, object] = {
        "proxy": ANY_PORT, "control": ANY_PORT, "observe": ANY_PORT, "log": {"level": "error"},
        "ledger": {"url": f"sqlite:///{directory}/ledger.db"}, **groups,
    }  # fmt: skip
    return Settings.model_validate(values)


@pytest.mark.anyio
async def test_starts_on_three_free_ports_and_says_which(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path))
    addresses = await application.start()
    try:
        assert set(addresses) == {"proxy", "control", "observe"}
        assert len(set(addresses.values())) == 3
        assert application.state().state is ProgramState.SERVING
        assert application.calls_in_flight() == []
        for address in addresses.values():
            _, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            writer.close()
    finally:
        await application.stop()
    assert application.state().state is ProgramState.DRAINING


@pytest.mark.anyio
async def test_drain_stops_accepting_and_may_be_asked_for_twice(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path))
    addresses = await application.start()
    try:
        application.start_drain()
        application.start_drain()
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", int(addresses["proxy"].rpartition(":")[2]))
    finally:
        await application.stop()


@pytest.mark.anyio
async def test_address_that_is_taken_is_named_by_its_setting(tmp_path: Path) -> None:
    first = Application(settings_for(tmp_path))
    addresses = await first.start()
    (tmp_path / "second").mkdir()
    taken = {"listen": addresses["proxy"].removeprefix("http://")}
    second = Application(settings_for(tmp_path / "second", proxy=taken))
    try:
        with pytest.raises(SettingsError, match=r"proxy\.listen"):
            await second.start()
    finally:
        await second.stop()
        await first.stop()


@pytest.mark.anyio
async def test_ledger_of_another_sidecar_is_refused(tmp_path: Path) -> None:
    first = Application(settings_for(tmp_path))
    try:
        with pytest.raises(LedgerError):
            Application(settings_for(tmp_path))
    finally:
        await first.stop()


def test_limits_are_the_settings(tmp_path: Path) -> None:
    settings = settings_for(
        tmp_path,
        limits={
            "request_line_bytes": 2048, "head_fields": 7, "body_bytes": 9, "max_calls": 11, "max_connections": 13,
            "request_head_seconds": 17, "request_progress_seconds": 19, "upstream_stall_seconds": 23,
        },
    )  # fmt: skip
    limits = limits_of(settings)
    for key in settings.limits.model_fields_set:
        assert getattr(limits, key) == getattr(settings.limits, key)


def test_limits_have_what_calls_say(tmp_path: Path) -> None:
    follow = {"max_calls": 3, "max_seconds": 4, "max_bytes": "5KiB"}
    limits = limits_of(
        settings_for(tmp_path, calls={"half_close": "wait", "follow": follow}, limits={"head_bytes": "8KiB"})
    )
    assert not limits.takes_fin_as_leaving
    assert limits.head_bytes == 8 * 1024
    assert (limits.follow.max_calls, limits.follow.max_seconds, limits.follow.max_bytes) == (3, 4, 5 * 1024)
