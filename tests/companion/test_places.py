from pathlib import Path

import pytest

from sidecar.clock import from_rfc3339
from sidecar.companion.places import LOGS_KEPT, Places, state_directory

NOW = from_rfc3339("2026-11-20T10:00:05Z")


def test_state_directory_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/people/me")
    assert state_directory({"XDG_STATE_HOME": "/var/me"}) == Path("/var/me/inference-sidecar")
    assert state_directory({}) == Path("/people/me/.local/state/inference-sidecar")
    assert state_directory({"XDG_STATE_HOME": "relative"}) == Path("/people/me/.local/state/inference-sidecar")


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "state"
    places = Places(directory, NOW)
    log = places.open_log()
    assert log.path.name.startswith("run-20261120T100005-")
    assert log.path.stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    assert places.ledger.parent == directory
    log.close(keeps=True)


def test_log_notices_trouble(tmp_path: Path) -> None:
    log = Places(tmp_path, NOW).open_log()
    log.write(memoryview(b'{"level":"info","event":"serving"}\n'))
    noticed = [log.has_trouble]
    log.write(memoryview(b'{"level":"error","event":"reaper_fault"}\n'))
    assert [*noticed, log.has_trouble] == [False, True]
    log.close(keeps=True)
    assert log.path.read_text().count("\n") == 2


def test_log_that_nobody_wants_is_taken_away(tmp_path: Path) -> None:
    log = Places(tmp_path, NOW).open_log()
    log.close(keeps=False)
    assert not log.path.exists()


def test_old_logs_make_room__and_ledgers_do_not(tmp_path: Path) -> None:
    for number in range(LOGS_KEPT + 5):
        (tmp_path / f"run-20250101T0000{number:02}-1.log").touch()
    (tmp_path / "run-20250101T000000-1.db").touch()
    Places(tmp_path, NOW).open_log().close(keeps=True)
    assert len(list(tmp_path.glob("run-*.log"))) == LOGS_KEPT
    assert len(list(tmp_path.glob("run-*.db"))) == 1
