"""The commands about prices take what they say they take."""

import pytest

from sidecar.cli import OK, USAGE


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        (("prices", "show"), ("--provider", "--upstream", "--tier", "--method", "--at", "--format", "--config")),
        (
            ("reprice",),
            ("--since", "--until", "--upstream", "--model", "--dry-run", "--format", "--config", "--ledger"),
        ),
    ],
)
def test_help_names_every_flag(sidecar, command, flags):
    ran = sidecar(*command, "--help")
    assert ran.code == OK
    assert all(flag in ran.out for flag in flags)


@pytest.mark.parametrize(
    "arguments",
    [
        ("prices", "show"),
        ("prices", "show", "gpt-4o", "--at", "soon"),
        ("prices", "show", "m", "--format", "csv"),
        ("reprice",),
    ],
)
def test_what_can_not_be_meant_is_refused(sidecar, arguments):
    assert sidecar(*arguments).code == USAGE


def test_prices_alone_says_what_there_is(sidecar):
    assert "show" in sidecar("prices").out
