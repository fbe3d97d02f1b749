"""What `sidecar config check` says of settings that can be used, besides `conflicts.notes`: what is not as it seems."""

import os
from collections.abc import Iterator, Mapping

from sidecar.config.credential import CredentialSource
from sidecar.config.route_rules import covers
from sidecar.config.settings import Settings
from sidecar.metering.override import Override


def remarks(settings: Settings, variables: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each price that can never count, and for each credential that is not there now.

    `variables` is the environment in which the sidecar would run.
    """
    book = settings.prices.book()
    for place, override in enumerate(book):
        earlier = next((at for at, one in enumerate(book[:place]) if is_shadowed(override, one)), None)
        if earlier is not None:
            yield (
                f"prices.overrides[{place}] never counts: all that '{override.model}' matches, '{book[earlier].model}' of "
                f"prices.overrides[{earlier}] matches first"
            )
    for name, upstream in settings.upstreams.items():
        missing = "" if upstream.credential is None else what_is_missing(upstream.credential, variables)
        if missing:
            yield f"upstreams.{name}.credential: {missing}; operations whose caller is gone can't be cancelled without it"


def is_shadowed(later: Override, earlier: Override) -> bool:
    """Whether all calls that one override speaks of, another one before it is known to speak of too."""
    if not covers(earlier.model, later.model):
        return False
    pairs = ((getattr(earlier, key), getattr(later, key)) for key in ("upstream", "method", "label"))
    return all(wider is None or (narrower is not None and covers(wider, narrower)) for wider, narrower in pairs)


def what_is_missing(source: CredentialSource, variables: Mapping[str, str]) -> str:
    """Why a credential can't be had here and now; empty where it can, or where only a cloud's library would know."""
    if source.env is not None and not variables.get(source.env):
        return f"the variable {source.env} is not set here"
    if source.file is not None and not os.path.isfile(source.file):  # noqa: PTH113  pathlib raises on a name that is too long
        return f"there is no file {source.file} here"
    return ""
