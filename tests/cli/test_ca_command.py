"""The commands about the local authority take what they say they take."""

import pytest

from sidecar.cli import OK, USAGE
from sidecar.cli.ca_command import parse_host


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("create", ("--directory", "--days", "--host", "--force", "--config")),
        ("show", ("--directory", "--format", "--config")),
    ],
)
def test_help_names_every_flag(sidecar, command, flags):
    ran = sidecar("ca", command, "--help")
    assert ran.code == OK
    assert all(flag in ran.out for flag in flags)


@pytest.mark.parametrize(
    "flags",
    [
        ("--days", "0"),
        ("--days", "5000"),
        ("--host", "*.example"),
        ("--host", "bücher.example"),
        ("--host", "10.0.0.7/8"),
    ],
)
def test_what_can_not_be_meant_is_refused_and_nothing_is_made(sidecar, empty_folder, flags):
    ran = sidecar("ca", "create", "--directory", "ca", *flags)
    assert (ran.code, ran.out) == (USAGE, "")
    assert list(empty_folder.iterdir()) == []


def test_host_that_is_none__says_what_to_write(sidecar):
    assert "'*.example' stands for many hosts; name each of them" in sidecar("ca", "create", "--host", "*.example").err


def test_host_address_or_block_is_taken_as_it_was_typed():
    assert [parse_host(text) for text in ("api.example", "10.0.0.7", "10.0.0.0/8")] == [
        "api.example",
        "10.0.0.7",
        "10.0.0.0/8",
    ]


def test_ca_alone_says_what_there_is(sidecar):
    said = sidecar("ca").out
    assert "create" in said
    assert "show" in said
