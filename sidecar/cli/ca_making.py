"""`sidecar ca create` and `sidecar ca show`."""

import os
from collections.abc import Sequence
from pathlib import Path

from sidecar.authority.authority import CA_DIRECTORY, Authority
from sidecar.authority.bundle import system_authorities
from sidecar.authority.names import NotAName
from sidecar.cli.ca_words import Described, explanation
from sidecar.cli.loading import load_settings
from sidecar.cli.output import say, standard_output
from sidecar.cli.rows import write_object
from sidecar.clock import SystemClock
from sidecar.config.settings import Settings
from sidecar.errors import SettingsError
from sidecar.local_authority import ca_directory, hosts_of

DIRECTORY_FLAG = "--directory"


def create_authority(
    directory: str | None, hosts: Sequence[str], config: str | None, *, days: int, replaces: bool
) -> None:
    """Make an authority for the hosts of the settings and for these, and say how it is used.

    Raises:
        SettingsError: there is one already, the directory can't be used, or a host can't stand in a certificate.
    """
    settings = load_settings(config, {}).settings
    place, told_by = _place(directory, settings)
    if not system_authorities(os.environ):
        say(
            "note: this system has no list of authorities: bundle.pem holds ours alone, and its readers trust no one else"
        )
    speaks_for = (*hosts_of(settings), *hosts)
    try:
        made = Authority.create(
            place, speaks_for, SystemClock(), days=days, replaces=replaces, variables=os.environ, told_by=told_by
        )
    except NotAName as why:
        raise SettingsError("the hosts of the settings", why.problem, why.advice) from None
    _print(f"a local authority was made in {place}\n\n", made, place, settings)


def show_authority(directory: str | None, config: str | None, *, as_json: bool) -> None:
    """Print what the authority is, and how a program trusts it.

    Raises:
        SettingsError: there is none, or it can't be used.
    """
    settings = load_settings(config, {}).settings
    place, told_by = _place(directory, settings)
    authority = Authority.load(place, SystemClock(), told_by)
    if not as_json:
        _print("", authority, place, settings)
        return
    with standard_output() as file:
        write_object(Described.of(authority, place).as_object(), file)


def _place(directory: str | None, settings: Settings) -> tuple[Path, str]:
    """The whole path, as other programs will be told it, and what has led there."""
    if directory is not None:
        return Path(directory).expanduser().absolute(), DIRECTORY_FLAG
    return ca_directory(settings, os.environ).absolute(), CA_DIRECTORY


def _print(before: str, authority: Authority, place: Path, settings: Settings) -> None:
    found_in = ca_directory(settings, os.environ).absolute()
    with standard_output() as file:
        file.write(before + explanation(Described.of(authority, place), settings, found_in, SystemClock().now()))
