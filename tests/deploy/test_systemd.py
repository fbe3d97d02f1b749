"""deploy/systemd: systemd's own opinion on the unit, and what the unit and the program promise each other."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from sidecar.cli import USAGE
from sidecar.config.ending import Drain
from sidecar.config.quantities import parse_seconds
from tests.deploy.dockerfile import ROOT

UNIT = ROOT / "deploy/systemd/inference-sidecar.service"
INSTALLED = "/opt/inference-sidecar"
STATE = "/var/lib/inference-sidecar"
EXPOSURE_AT_MOST = 1.6
"""Of 10, as `systemd-analyze security` counts. What is left: TCP, netlink, and the machine's own root folder."""

systemd = pytest.mark.part("systemd-analyze")


def directives(text: str) -> dict[str, list[str]]:
    """Every assignment of a unit, whatever its section."""
    found = defaultdict(list)
    for line in text.splitlines():
        if not line.startswith(("#", "[")) and "=" in line:
            name, _, value = line.partition("=")
            found[name].append(value)
    return found


SET = directives(UNIT.read_text())


def value(name: str) -> str:
    """The only value of a directive."""
    (only,) = SET[name]
    return only


def unit_of_a_machine(folder: Path) -> Path:
    """The unit on a machine where something is installed."""
    program = folder / "bin/sidecar"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = folder / UNIT.name
    unit.write_text(UNIT.read_text().replace(INSTALLED, str(folder)))
    return unit


def analyzed(*words: str) -> tuple[int, str]:
    told = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True)
    return told.returncode, told.stdout + told.stderr


@systemd
def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    assert analyzed("verify", "--man=no", str(unit_of_a_machine(tmp_path))) == (0, "")


@systemd
@pytest.mark.parametrize(
    "changes",
    [
        "LoadCredential=gemini:/etc/inference-sidecar/keys/gemini",
        "DynamicUser=no\nUser=daemon",
    ],
)
def test_changes_that_its_comments_name_can_be_made(tmp_path: Path, changes: str) -> None:
    words = UNIT.read_text().replace("User=that-user", "User=daemon")
    assert all(change in words for change in changes.splitlines())
    unit = unit_of_a_machine(tmp_path)
    extended = tmp_path / f"{UNIT.name}.d/override.conf"
    extended.parent.mkdir()
    extended.write_text(f"[Service]\n{changes}\n")
    assert analyzed("verify", "--man=no", str(unit)) == (0, "")


@systemd
def test_systemd_calls_it_well_confined() -> None:
    code, told = analyzed("security", "--offline=true", f"--threshold={EXPOSURE_AT_MOST * 10:.0f}", str(UNIT))
    assert code == 0, told[-300:]


def test_settings_and_ledger_are_where_the_service_may_read_and_write() -> None:
    assert (value("WorkingDirectory"), value("ConfigurationDirectory")) == (
        "/etc/inference-sidecar",
        "inference-sidecar",
    )
    assert (value("StateDirectory"), value("StateDirectoryMode")) == ("inference-sidecar", "0700")
    assert f"SIDECAR_LEDGER__URL=sqlite:///{STATE}/ledger.db" in SET["Environment"]
    assert "ReadWritePaths" not in SET


def test_it_ends_by_itself_before_it_is_killed() -> None:
    assert value("KillSignal") == "SIGTERM"
    assert "ExecStop" not in SET
    assert parse_seconds(value("TimeoutStopSec")) > Drain().deadline_seconds + 5


def test_start_waits_until_calls_are_taken_and_gives_up_after_that() -> None:
    waited = re.fullmatch(rf"{INSTALLED}/bin/sidecar wait --for ready --timeout (\w+)", value("ExecStartPost"))
    assert waited
    assert parse_seconds(value("TimeoutStartSec")) > parse_seconds(waited[1])


def test_bad_settings_are_not_tried_again_and_a_second_sigterm_is_no_failure() -> None:
    assert value("RestartPreventExitStatus") == str(USAGE)
    assert value("SuccessExitStatus") == "143"


def test_kernel_can_be_asked_about_callers() -> None:
    assert "AF_NETLINK" in value("RestrictAddressFamilies").split()
    assert "PrivateNetwork" not in SET
    assert "PrivateUsers" not in SET


def test_no_secret_stands_in_the_unit() -> None:
    assert [name for name in SET["Environment"] if re.search(r"(?i)key|token|secret|password", name)] == []
