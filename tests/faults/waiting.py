"""Waiting for what has to become true by itself."""

import time
from collections.abc import Callable
from typing import Final

from sidecar.errors import LedgerError

LOOK_SECONDS: Final = 0.1


def until(is_so: Callable[[], bool], patience_seconds: float) -> float | None:
    """How many seconds it took until it was so; None when it was not. A question that can't be answered yet is a no."""
    began = time.monotonic()
    while True:
        try:
            if is_so():
                return time.monotonic() - began
        except (OSError, LedgerError):  # nobody listens, or the file is not there
            pass
        if time.monotonic() - began > patience_seconds:
            return None
        time.sleep(LOOK_SECONDS)
