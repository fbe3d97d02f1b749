"""The environment that the command gets: as ours, and with the variables that lead its SDKs to us."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from sidecar.companion.leading import LOOPBACK, Led
from sidecar.injection.variables import SDK_VARIABLES

PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
"""Upper case counts as well."""


class Surroundings(NamedTuple):
    """An environment, and what it says of places to call that were there before."""

    variables: dict[str, str]
    elsewhere: tuple[str, ...]
    """Variables whose own value was kept: what calls by them is not seen here."""
    other_sidecar: str | None
    """Where the variables that were kept lead, if all of them lead to one sidecar on this machine: it sees those calls."""
    led: Led | None = None
    """What it says of us as its proxy; None where we are none."""


def surroundings(variables: Mapping[str, str], base: str, *, overrides: bool, led: Led | None = None) -> Surroundings:
    """The environment of a command whose calls are to come to `base`, a URL without a slash at its end.

    A value that is there already is somebody's will, and stays, unless it `overrides`. An empty one counts as not set. `led`
    leads its https calls through us as well, unless they go through the sidecar already that was there first.
    """
    wanted = {name: f"{base}/{route}" for name, route in SDK_VARIABLES.items()}
    kept = {} if overrides else {name: own for name in wanted if (own := variables.get(name)) and own != wanted[name]}
    given = {**variables, **wanted, **kept}
    other = _common_base(kept)
    if led is not None and other is not None and other in _proxies(variables):
        led = None
    given.update(_past_proxies(variables) if led is None else led.variables)
    return Surroundings(given, tuple(kept), other, led)


def _common_base(kept: Mapping[str, str]) -> str | None:
    bases = {own.removesuffix(f"/{SDK_VARIABLES[name]}") for name, own in kept.items()}
    base = bases.pop() if len(bases) == 1 else ""
    is_local = any(base.startswith(f"http://{host}:") for host in LOOPBACK)
    return base if is_local and base.count("/") == 2 and "@" not in base else None


def _past_proxies(variables: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What a proxy is set for must not come back to this machine through it: so both spellings of NO_PROXY name it."""
    if not any(_proxies(variables)):
        return
    spelled = [name for name in ("no_proxy", "NO_PROXY") if variables.get(name)] or ["no_proxy", "NO_PROXY"]
    for name in spelled:
        hosts = [host.strip() for host in variables.get(name, "").split(",") if host.strip()]
        if "*" not in hosts:
            yield name, ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])


def _proxies(variables: Mapping[str, str]) -> list[str]:
    """Where the proxies are that are set."""
    return [variables.get(name, "").removesuffix("/") for low in PROXIES for name in (low, low.upper())]
