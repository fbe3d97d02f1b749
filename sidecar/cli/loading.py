"""The settings of this process: its flags, its environment, its working directory."""

import os
from collections.abc import Iterator, Mapping

from sidecar.config.load import Loaded, load
from sidecar.config.settings import Settings
from sidecar.config.socket_rules import Conflict, circle


def load_settings(config: str | None, flags: Mapping[str, str | None]) -> Loaded:
    """All settings; `config` is the value of `--config`, `flags` the text of the others, None where not given.

    Raises:
        BadSettings: names everything that is wrong.
    """
    return load(flags, os.environ, config)


def load_settings_to_serve(config: str | None, flags: Mapping[str, str | None]) -> Loaded:
    """The same, for a sidecar that is to be started here: what stands in its way alone is wrong too.

    Raises:
        BadSettings: names everything that is wrong.
    """
    return load(flags, os.environ, config, (circle, _authority_conflicts))


def _authority_conflicts(settings: Settings) -> Iterator[Conflict]:
    from sidecar.clock import SystemClock
    from sidecar.local_authority import authority_conflicts

    return authority_conflicts(settings, SystemClock(), os.environ)
