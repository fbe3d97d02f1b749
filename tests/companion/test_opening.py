from pathlib import Path

import pytest

from sidecar.companion.opening import open_sidecar
from sidecar.config.load import load
from sidecar.errors import LedgerError


@pytest.mark.anyio
async def test_log_and_ledger_are_where_they_should_be(tmp_path: Path) -> None:
    variables = {"XDG_STATE_HOME": str(tmp_path / "state"), "SIDECAR_LEDGER__URL": f"sqlite:///{tmp_path}/usual.db"}
    opened = open_sidecar(load({}, variables), variables)
    addresses = await opened.sidecar.start()
    assert all(address.startswith("http://127.0.0.1:") for address in addresses.values())
    await opened.sidecar.stop()
    assert opened.log is not None
    assert opened.log.path.parent == tmp_path / "state" / "inference-sidecar"
    assert b'"event":"serving"' in opened.log.path.read_bytes()
    assert (tmp_path / "usual.db").exists()
    assert not opened.notice
    opened.log.close(keeps=True)


@pytest.mark.anyio
async def test_ledger_is_in_use__then_this_run_has_one_of_its_own(tmp_path: Path) -> None:
    variables = {"XDG_STATE_HOME": str(tmp_path / "state"), "SIDECAR_LEDGER__URL": f"sqlite:///{tmp_path}/usual.db"}
    first, second = (open_sidecar(load({}, variables), variables) for _ in range(2))
    assert "is in use by another sidecar" in second.notice
    assert second.settings.ledger.url.startswith(f"sqlite:///{tmp_path}/state/inference-sidecar/run-")
    for opened in (first, second):
        await opened.sidecar.stop()


@pytest.mark.anyio
async def test_ledger_that_was_asked_for_cannot_be_had__then_nothing_is_begun(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path}/file/ledger.db"
    variables = {"XDG_STATE_HOME": str(tmp_path), "SIDECAR_LEDGER__URL": url}
    with pytest.raises(LedgerError):
        open_sidecar(load({}, variables), variables)


@pytest.mark.anyio
async def test_no_place_for_files__then_no_log(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    variables = {"XDG_STATE_HOME": str(tmp_path / "file"), "SIDECAR_LEDGER__URL": f"sqlite:///{tmp_path}/usual.db"}
    opened = open_sidecar(load({}, variables), variables)
    assert opened.log is None
    await opened.sidecar.stop()
