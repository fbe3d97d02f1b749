"""`sidecar wait`: ask the observe socket until the sidecar is there."""

from collections.abc import Callable
from threading import Event
from typing import Final

from sidecar.cli.asking import NotDone, ask
from sidecar.cli.finding import OBSERVE, find
from sidecar.cli.output import printable
from sidecar.cli.readiness import Readiness
from sidecar.clock import Clock, SystemClock
from sidecar.config.addresses import Address

PAUSE_SECONDS: Final = 0.1
"""Between two questions. A sidecar starts in about half a second, and an answer costs it half a millisecond."""
PATIENCE_SECONDS: Final = 2.0
"""For one answer, which is a few bytes from memory: later than this the sidecar is stuck."""
HTTP_OK: Final = 200

Pause = Callable[[float], object]


class NotYet(NotDone):
    """The time is over, and it has not come to that."""


def wait(readiness: Readiness, timeout_seconds: float, observe: str | None, config: str | None) -> None:
    """Return once the sidecar has come so far. It is asked at least once, and each answer may take `PATIENCE_SECONDS`.

    Raises:
        SettingsError: where it would be can't be said.
        NotYet: it has not come so far in time; says what stood in the way at last.
    """
    wait_at(find(OBSERVE, observe, config), readiness, timeout_seconds, SystemClock(), Event().wait)


def wait_at(address: Address, readiness: Readiness, timeout_seconds: float, clock: Clock, pause: Pause) -> None:
    """The same at an address, by this clock; `pause` takes seconds.

    Raises:
        NotYet: as above.
    """
    ends_at = clock.monotonic_ns() + round(timeout_seconds * 1e9)
    while obstacle := _obstacle(address, readiness.path):
        rest_seconds = (ends_at - clock.monotonic_ns()) / 1e9
        if rest_seconds <= 0:
            raise NotYet(f"{obstacle} (waited {timeout_seconds:g} s)" if timeout_seconds else obstacle)
        pause(min(PAUSE_SECONDS, rest_seconds))


def _obstacle(address: Address, path: str) -> str:
    """What stands in the way, in a sentence; empty when nothing does."""
    try:
        status, told = ask(address, "GET", path, PATIENCE_SECONDS)
    except NotDone as failed:
        return str(failed)
    if status == HTTP_OK:
        return ""
    if isinstance(state := told.get("state"), str):
        return f"the sidecar at http://{address} answers '{printable(state)}'"
    return f"what answers at http://{address} is no observe socket of a sidecar (HTTP {status} for {path})"
