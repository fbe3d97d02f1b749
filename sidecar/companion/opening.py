"""The sidecar of a run with its files: log and ledger, and what to do where the usual ledger can't be had."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sidecar.clock import SystemClock
from sidecar.companion.places import Places, RunLog, state_directory
from sidecar.companion.sidecar_of_run import SidecarOfRun, settings_of_run
from sidecar.companion.tally import Tally, TallyingLog
from sidecar.config.load import Loaded
from sidecar.config.settings import Settings
from sidecar.errors import LedgerError
from sidecar.telemetry.log import Log, open_log

if TYPE_CHECKING:
    from sidecar.authority.authority import Authority
    from sidecar.companion.interception import Interception

IN_USE: Final = "is in use by another sidecar"
"""What `ledger.lock` says of a file that is locked."""


class Opened:
    """A sidecar that has not been started, and what goes with it."""

    def __init__(
        self, sidecar: SidecarOfRun, settings: Settings, tally: Tally, log: RunLog | None, notice: str
    ) -> None:
        self.sidecar, self.settings, self.tally = sidecar, settings, tally
        self.log = log
        """Its log's file; None where none could be made."""
        self.notice = notice
        """What is to be said of the ledger; empty for nothing."""
        self.has_calls = False
        """The command has called somebody: set when that is known."""
        self.interception: Interception | None = None
        """What leads the command's https calls through us; None where they go their own ways."""


def open_sidecar(loaded: Loaded, variables: Mapping[str, str], *, intercepts: bool = False) -> Opened:
    """Make everything. Without a place for its files a run has no log, and no ledger but the usual one.

    Raises:
        SettingsError: a setting can't be used.
        LedgerError: the ledger can't be opened.
    """
    settings = settings_of_run(loaded.settings, intercepts=intercepts)
    if not intercepts:
        return _opened(loaded, settings, variables)
    from sidecar.companion.interception import Interception, with_egress  # what makes certificates takes long to import

    interception = Interception(settings, variables)
    try:
        opened = _opened(loaded, with_egress(settings, loaded.origins, variables), variables, interception.authority)
    except BaseException:
        interception.close()
        raise
    opened.interception = interception
    return opened


def _opened(
    loaded: Loaded, settings: Settings, variables: Mapping[str, str], authority: "Authority | None" = None
) -> Opened:
    clock = SystemClock()
    tally, notice = Tally(clock.now()), ""
    try:
        places: Places | None = Places(state_directory(variables), clock.now())
        file = None if places is None else places.open_log()
    except OSError:
        places = file = None
    log = _log(clock, settings, file, tally)
    try:
        sidecar = SidecarOfRun(settings, log, authority)
    except LedgerError as error:
        if places is None or not _may_be_elsewhere(error, loaded):
            log.close()
            raise
        notice = f"{error.where} {error.problem}: this run is kept in {places.ledger}"
        ledger = settings.ledger.model_copy(update={"url": f"sqlite:///{places.ledger}"})
        settings = settings.model_copy(update={"ledger": ledger})
        sidecar = SidecarOfRun(settings, log, authority)
    return Opened(sidecar, settings, tally, file, notice)


def _log(clock: SystemClock, settings: Settings, file: RunLog | None, tally: Tally) -> Log:
    return TallyingLog(open_log(clock, settings.log.level.value, "json", file or Nowhere()), tally)


def _may_be_elsewhere(error: LedgerError, loaded: Loaded) -> bool:
    """Another sidecar writes the usual file; or it can't be made where nobody has said that it should be."""
    return error.problem.startswith(IN_USE) or loaded.origins.get("ledger.url") == "default"


class Nowhere:
    """A `telemetry.lines.Sink` that keeps nothing."""

    def write(self, data: memoryview, /) -> int | None:
        """Take all of it."""
        return len(data)
