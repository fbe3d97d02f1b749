"""The settings of this process: its flags, its environment, its working directory."""

import os
from collections.abc import Mapping

from sidecar.config.load import Loaded, load


def load_settings(config: str | None, flags: Mapping[str, str | None]) -> Loaded:
    """All settings; `config` is the value of `--config`, `flags` the text of the others, None where not given.

    Raises:
        BadSettings: names everything that is wrong.
    """
    return load(flags, os.environ, config)
