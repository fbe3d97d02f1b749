"""What can be typed, and how little it takes to say so."""

import subprocess
import sys

from sidecar.cli.versions import versions
from sidecar.config.layers import FLAGS
from tests.cli.conftest import REPOSITORY


def test_module_is_the_command(start):
    out, err = start("--version").communicate()
    assert (out, err) == (f"{versions()}\n".encode(), b"")


def test_help_imports_nothing_heavy():
    """That is what makes it quick; its milliseconds depend on who else uses the machine."""
    heavy = ("rich", "pydantic", "sqlalchemy", "asyncio", "yaml", "fastapi", "prometheus_client")
    program = (
        "import sys; from sidecar.cli.guard import run; run(['--help']); "
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run(
        (sys.executable, "-c", program), capture_output=True, cwd=REPOSITORY, check=True, text=True
    )  # fmt: skip
    assert ran.stderr == "[]\n"
    assert "Usage: sidecar" in ran.stdout


def test_commands_are_these(sidecar):
    listed, _, _ = sidecar("--help").out.partition("Commands:\n")[2].partition("\n\n")
    assert {line.split()[0] for line in listed.splitlines() if line[2] != " "} == {
        "serve", "demo", "calls", "operations", "report", "reprice", "prices", "config", "ca", "wait", "drain",
        "shutdown", "inject", "completion", "version", "run", "probe",
    }  # fmt: skip


def test_every_setting_with_a_flag_is_a_flag_of_serve(sidecar):
    said = sidecar("serve", "--help").out
    assert [flag for flag in FLAGS if flag not in said] == []
