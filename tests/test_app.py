"""One sidecar, built and taken down in this process; what it does from outside is in end_to_end/."""

import asyncio
from pathlib import Path

import pytest

from sidecar.app import Application
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
        assert await application.shown.calls_in_flight() == []
        for address in addresses.values():
            _, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
            writer.close()
    finally:
        await application.stop()
    assert application.state().state is ProgramState.SETTLING


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
async def test_end_of_a_pod_is_announced__then_calls_are_taken_until_it_is_there(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path, drain={"callers_are_gone": True}))
    addresses = await application.start()
    try:
        application.start_drain()
        assert application.state().state is ProgramState.DRAINING
        _, writer = await asyncio.open_connection("127.0.0.1", int(addresses["proxy"].rpartition(":")[2]))
        writer.close()
    finally:
        await application.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", int(addresses["proxy"].rpartition(":")[2]))


@pytest.mark.anyio
@pytest.mark.parametrize("is_allowed", [True, False])
async def test_asked_to_quit__ends_only_where_that_is_allowed(tmp_path: Path, is_allowed: bool) -> None:
    application = Application(settings_for(tmp_path, control={**ANY_PORT, "allow_quit": is_allowed}))
    assert application.quit() is is_allowed
    assert application.asked_to_end.is_set() is is_allowed
    await application.stop()


@pytest.mark.anyio
async def test_all_rows_are_written_at_the_end(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path))
    await application.start()
    await application.stop()
    assert application.rows_unwritten() == 0


@pytest.mark.anyio
async def test_what_was_given_up_is_unwritten_as_what_waits(tmp_path: Path) -> None:
    application = Application(settings_for(tmp_path))
    await application.start()
    application._operating._rows.given_up = 2
    application._ledger._backlog.dropped = 3
    await application.stop()
    assert application.rows_unwritten() == 5


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
