"""Where the sockets of a running sidecar are: by name, else by the settings that it runs with.

All settings take 0.3 s to read, and can't be read where one of them was broken since the sidecar started. So what says where a
socket is, is looked at alone. Wherever more than a look is needed, the settings are read: they know every way to say it, and
what is wrong with it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from sidecar.config.addresses import UNIX, Address, Unusable, parse_address, parse_local_address
from sidecar.errors import SettingsError

FOUND_FILE: Final = "sidecar.yaml"
"""As in `config.sources`, which would bring all settings with it."""


class Place(NamedTuple):
    """One of a sidecar's sockets."""

    group: str
    """The group of settings whose `listen` says where it is."""
    flag: str
    """The flag that names it, as a URL."""
    usual: Address
    """Where it is when nothing says otherwise: the setting's default, written out for the same reason."""


CONTROL: Final = Place("control", "--control", Address("127.0.0.1", 8782))
TOKEN_VARIABLES: Final = frozenset(
    f"SIDECAR_CONTROL{below}" for below in ("", "__TOKEN", "__TOKEN__ENV", "__TOKEN__FILE")
)
OBSERVE: Final = Place("observe", "--observe", Address("127.0.0.1", 8781))


def find(place: Place, url: str | None, config: str | None) -> Address:
    """The address at which a program on this machine reaches a socket; `url` is its flag's value, `config` that of `--config`.

    Raises:
        BadSettings: the settings would have to say where it is, and are wrong.
        SettingsError: the address can't be used, or is another one at each start.
    """
    if url is not None:
        return _named(url, place)
    listen = _seen(place, config, os.environ) or _settled(place, config)
    if listen.port == 0 and listen.socket_path is None:
        advice = f"name the address by {place.flag}"
        raise SettingsError(f"{place.group}.listen", "port 0 is another one at each start", advice)
    return listen.reachable


def find_token(config: str | None) -> str | None:
    """The token that a control socket asks for, as far as the settings name one; `config` is the value of `--config`.

    Raises:
        BadSettings: the settings would have to say, and are wrong.
        SettingsError: there is none where they say.
    """
    variables = os.environ
    file = _file(config, variables)
    said = _group_in(file, CONTROL.group) if file is not None else {}
    if said is not None and "token" not in said and not any(variables.get(name) for name in TOKEN_VARIABLES):
        return None
    from sidecar.cli.loading import load_settings
    from sidecar.config.token_source import token_of

    return token_of(load_settings(config, {}).settings.control)


def _named(url: str, place: Place) -> Address:
    if place is CONTROL and url.startswith(UNIX) and (address := _address(url, place)) is not None:
        return address
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        host, port = "", 0
    if not host or not port or parts.scheme != "http" or parts.path not in ("", "/"):
        raise SettingsError(place.flag, f"'{url}' is no address of a sidecar", f"write http://{place.usual}")
    return Address(host, port)


def _seen(place: Place, config: str | None, variables: Mapping[str, str]) -> Address | None:
    """Where it is, if its own variable, its own key in the file, or nothing at all says so; None where that can't be seen."""
    group_variable = f"SIDECAR_{place.group.upper()}"
    if told := variables.get(f"{group_variable}__LISTEN"):
        return _address(told, place)
    if variables.get(group_variable):
        return None
    file = _file(config, variables)
    return place.usual if file is None else _address(_in_file(file, place), place)


def _file(config: str | None, variables: Mapping[str, str]) -> str | None:
    """The settings file, chosen as `config.sources.choose_file` does."""
    if config is not None:
        return config
    return variables.get("SIDECAR_CONFIG") or (FOUND_FILE if Path(FOUND_FILE).exists() else None)


def _in_file(file: str, place: Place) -> object:
    """What a file says of it, or where it is when the file does not say; None for whatever is odd about the file."""
    said = _group_in(file, place.group)
    return None if said is None else said.get("listen", str(place.usual))


def _group_in(file: str, group: str) -> Mapping[str, object] | None:
    """A group of settings as a file has it; None for whatever is odd about the file."""
    import yaml

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        tree = yaml.load(Path(file).read_bytes(), loader)  # noqa: S506  both are safe
        said = ({} if tree is None else tree).get(group, {})
    except Exception:  # PyYAML raises whatever it runs into, and what is no mapping has no `get`
        return None
    return said if isinstance(said, dict) else None


def _settled(place: Place, config: str | None) -> Address:
    """Where the settings say it is."""
    from sidecar.cli.loading import load_settings

    group = getattr(load_settings(config, {}).settings, place.group)
    return Address(*group.listen)


def _address(text: object, place: Place) -> Address | None:
    parse = parse_local_address if place is CONTROL else parse_address
    try:
        return parse(text) if isinstance(text, str) else None
    except Unusable:
        return None
