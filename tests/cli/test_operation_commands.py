"""What can be typed about operations."""

import pytest

from sidecar.cli import OK, USAGE


def test_alone__says_what_there_is(sidecar):
    ran = sidecar("operations")
    assert ran.code == OK
    listed = ran.out.partition("Commands:")[2]
    assert {line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "} == {
        "list", "show", "renew", "cancel",
    }  # fmt: skip


@pytest.mark.parametrize(
    "flag", ["--since", "--until", "--upstream", "--model", "--caller", "--kind", "--state", "--limit"]
)
def test_list_has_the_filters(sidecar, flag: str):
    assert flag in sidecar("operations", "list", "--help").out


@pytest.mark.parametrize("command", ["show", "renew", "cancel"])
def test_without_an_id__usage_error(sidecar, command: str):
    assert sidecar("operations", command).code == USAGE


@pytest.mark.parametrize("command", ["renew", "cancel"])
def test_exit_codes_are_in_the_help(sidecar, command: str):
    assert "Exits with 1" in sidecar("operations", command, "--help").out
