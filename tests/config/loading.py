"""Settings read from a file in the working directory, and what is said of those that can't be."""

from pathlib import Path
from typing import Any

import pytest

from sidecar.config.load import Loaded, load
from sidecar.config.problems import BadSettings


def loaded(text: str = "", flags: Any = None, **variables: str) -> Loaded:
    """The settings of a file that holds this text."""
    Path("s.yaml").write_text(text)
    return load(flags or {}, variables, "s.yaml")


def refusal(text: str = "", flags: Any = None, **variables: str) -> str:
    """Why they are none."""
    with pytest.raises(BadSettings) as refused:
        loaded(text, flags, **variables)
    return str(refused.value)
